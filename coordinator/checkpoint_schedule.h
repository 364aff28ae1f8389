#pragma once

#include <optional>

#include "absl/time/time.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// When the next checkpoint may start, when one has taken too long, and how many are kept. Pure; `now` is monotonic
// time.
class CheckpointSchedule {
 public:
  // Zero fields get their documented defaults.
  explicit CheckpointSchedule(const v1::CheckpointSettings& settings);
  // A deployment runs: the first checkpoint is due one interval later, and past failures are forgotten.
  void OnRunning(absl::Duration now);
  void OnStarted(absl::Duration now) { started_ = now; }
  void OnCompleted() { failures_ = 0; }
  // True: too many in a row have failed; restart the pipeline.
  bool OnFailed() { return ++failures_ > tolerable_failures_; }
  bool Due(absl::Duration now) const { return now - started_ >= interval_; }
  bool TimedOut(absl::Duration now) const { return now - started_ > timeout_; }
  absl::Duration interval() const { return interval_; }
  absl::Duration timeout() const { return timeout_; }
  int num_retained() const { return num_retained_; }

 private:
  const absl::Duration interval_;
  const absl::Duration timeout_;
  const uint32_t tolerable_failures_;
  const int num_retained_;
  absl::Duration started_;
  uint32_t failures_ = 0;
};

}  // namespace millrace
