#include "connectors/kafka/fetch_waker.h"

#include <algorithm>

namespace millrace {

void FetchWaker::OnQueueLength(size_t length) {
  peak_ = std::max(peak_, length);
  if (io_pool_ == nullptr || peak_ < kLeastPeak || length > peak_ / 2) return;
  if (asking_->under_way.exchange(true)) return;
  peak_ = length;
  io_pool_->Run([asking = asking_] {
    asking->ask();
    asking->under_way = false;
  });
}

}  // namespace millrace
