#include "coordinator/checkpoint_schedule.h"

#include <algorithm>

namespace millrace {
namespace {

// A collection reads every manifest that is kept.
constexpr uint32_t kMostRetained = 1000;

}  // namespace

CheckpointSchedule::CheckpointSchedule(const v1::CheckpointSettings& settings)
    : interval_(settings.interval_ms() > 0 ? absl::Milliseconds(settings.interval_ms()) : absl::Seconds(10)),
      timeout_(settings.timeout_ms() > 0 ? absl::Milliseconds(settings.timeout_ms()) : absl::Minutes(2)),
      tolerable_failures_(settings.tolerable_failures() > 0 ? settings.tolerable_failures() - 1 : 2),
      num_retained_(settings.retained() > 0 ? static_cast<int>(std::min(settings.retained(), kMostRetained)) : 3) {}

void CheckpointSchedule::OnRunning(absl::Duration now) {
  started_ = now;
  failures_ = 0;
}

}  // namespace millrace
