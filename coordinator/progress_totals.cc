#include "coordinator/progress_totals.h"

#include <algorithm>
#include <limits>

namespace millrace {
namespace {

void AddTotals(const v1::Progress& from, v1::Progress& into) {
  into.set_records_in(into.records_in() + from.records_in());
  into.set_late_records(into.late_records() + from.late_records());
  into.set_dead_letters(into.dead_letters() + from.dead_letters());
  into.set_shuffle_bytes(into.shuffle_bytes() + from.shuffle_bytes());
}

}  // namespace

void ProgressTotals::OnReport(const std::string& worker, uint64_t generation, const v1::Progress& progress) {
  if (generation <= ended_generation_ || generation < generation_) return;
  if (generation > generation_) Fold();
  generation_ = generation;
  by_worker_[worker] = progress;
}

void ProgressTotals::OnEnded(uint64_t generation) {
  if (generation <= ended_generation_) return;
  ended_generation_ = generation;
  if (generation_ <= generation) Fold();
}

void ProgressTotals::Fold() {
  if (by_worker_.empty()) return;
  ended_ = view();
  ended_.set_records_per_second(0);
  by_worker_.clear();
}

v1::Progress ProgressTotals::view() const {
  v1::Progress sum;
  AddTotals(ended_, sum);
  if (by_worker_.empty()) {
    sum.set_lag_records(generation_ == 0 ? -1 : ended_.lag_records());
    if (ended_.has_watermark_ms()) sum.set_watermark_ms(ended_.watermark_ms());
    return sum;
  }
  bool lag_known = true;
  int64_t lag = 0;
  for (const auto& [worker, progress] : by_worker_) {
    AddTotals(progress, sum);
    sum.set_records_per_second(sum.records_per_second() + progress.records_per_second());
    lag_known = lag_known && progress.lag_records() >= 0;
    if (lag_known) lag += std::min(progress.lag_records(), std::numeric_limits<int64_t>::max() - lag);
    if (!progress.has_watermark_ms()) continue;
    sum.set_watermark_ms(sum.has_watermark_ms() ? std::min(sum.watermark_ms(), progress.watermark_ms())
                                                : progress.watermark_ms());
  }
  sum.set_lag_records(lag_known ? lag : -1);
  return sum;
}

}  // namespace millrace
