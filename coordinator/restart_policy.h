#pragma once

#include <optional>

#include "absl/time/time.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// How soon and how often a pipeline restarts. Pure; `now` is monotonic time.
class RestartPolicy {
 public:
  // Zero fields get their documented defaults.
  explicit RestartPolicy(const v1::RestartSettings& settings);
  void OnRunning(absl::Duration now) { running_since_ = now; }
  // How long to wait before the next start; nullopt: it failed too often.
  std::optional<absl::Duration> OnFailure(absl::Duration now);
  // Forgets the past: a user has started it.
  void Reset();
  uint32_t max_restarts() const { return max_restarts_; }

 private:
  const absl::Duration initial_backoff_;
  const absl::Duration max_backoff_;
  const absl::Duration reset_after_;
  const uint32_t max_restarts_;
  std::optional<absl::Duration> running_since_;
  uint32_t restarts_ = 0;
};

}  // namespace millrace
