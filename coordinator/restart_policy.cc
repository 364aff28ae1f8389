#include "coordinator/restart_policy.h"

#include <algorithm>

namespace millrace {
namespace {

absl::Duration OrDefault(int64_t millis, absl::Duration fallback) {
  return millis > 0 ? absl::Milliseconds(millis) : fallback;
}

}  // namespace

RestartPolicy::RestartPolicy(const v1::RestartSettings& settings)
    : initial_backoff_(OrDefault(settings.initial_backoff_ms(), absl::Milliseconds(200))),
      max_backoff_(OrDefault(settings.max_backoff_ms(), absl::Seconds(30))),
      reset_after_(OrDefault(settings.reset_after_ms(), absl::Minutes(1))),
      max_restarts_(settings.max_restarts() > 0 ? settings.max_restarts() : 20) {}

std::optional<absl::Duration> RestartPolicy::OnFailure(absl::Duration now) {
  if (running_since_ && now - *running_since_ >= reset_after_) restarts_ = 0;
  running_since_.reset();
  if (restarts_ >= max_restarts_) return std::nullopt;
  absl::Duration backoff = initial_backoff_;
  for (uint32_t i = 0; i < restarts_ && backoff < max_backoff_; ++i) backoff *= 2;
  ++restarts_;
  return std::min(backoff, max_backoff_);
}

void RestartPolicy::Reset() {
  running_since_.reset();
  restarts_ = 0;
}

}  // namespace millrace
