#pragma once

#include "base/clock.h"

namespace millrace {

// Time that passes when the test says so.
class StepClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'700'000'000) + now_; }
  absl::Duration Monotonic() const override { return now_; }
  void Pass(absl::Duration time) { now_ += time; }

 private:
  absl::Duration now_ = absl::Seconds(100);
};

}  // namespace millrace
