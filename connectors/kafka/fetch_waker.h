#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>

#include "base/executor.h"

namespace millrace {

// Sees to it that fetching goes on when a full queue has been drained.
//
// librdkafka stops asking brokers for more once its queue holds 'queued.min.messages' or
// 'queued.max.messages.kbytes'. Before 2.2 nothing wakes its broker threads when the queue has room again: they look
// up to a second later, so that a fast reader idles most of the time. Any request to a broker wakes its thread; `ask`
// makes a small one to every broker that is read from.
//
// Owns:    `ask`, together with a call of it that is under way.
// Thread:  OnQueueLength on the source's; `ask` on the IoPool, one call at a time; it may outlive the waker.
class FetchWaker {
 public:
  // Below so many messages the queue was never full.
  static constexpr size_t kLeastPeak = 1024;

  FetchWaker(IoPool* io_pool, std::function<void()> ask)
      : io_pool_(io_pool), asking_(std::make_shared<Asking>()) {
    asking_->ask = std::move(ask);
  }
  // `length`: messages left in the queue after some were taken. Asks when half of the most that was there is gone.
  void OnQueueLength(size_t length);

 private:
  struct Asking {
    std::function<void()> ask;
    std::atomic<bool> under_way = false;
  };

  IoPool* const io_pool_;
  const std::shared_ptr<Asking> asking_;
  size_t peak_ = 0;
};

}  // namespace millrace
