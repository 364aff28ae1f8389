#pragma once

#include "absl/time/time.h"

namespace millrace {

// What time it is. The only source of time: the simulator has one of its own.
//
// Thread:  any.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall time, for people and for event-time delays. May jump.
  virtual absl::Time Now() const = 0;
  // Time since an arbitrary start. Never goes back; for time-outs and durations.
  virtual absl::Duration Monotonic() const = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override;
  absl::Duration Monotonic() const override;
};

}  // namespace millrace
