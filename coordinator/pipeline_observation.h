#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/time/time.h"
#include "base/ids.h"
#include "millrace/internal/v1/control.pb.h"

namespace millrace {

// What a pipeline tells probes and logs. Nothing else depends on it.
namespace observed {

enum class CheckpointResult { kCompleted, kFailed, kExpired, kAborted };
enum class RestartReason { kWorkerLost, kSubtask, kCheckpoint, kOther };

struct CheckpointEnded {
  Epoch epoch;
  CheckpointResult result = CheckpointResult::kCompleted;
  std::string cause = {};  // of a failure
  // Completed ones: trigger to last answer; state, and what of it was uploaded for this checkpoint.
  absl::Duration took = {};
  uint64_t state_bytes = 0;
  uint64_t uploaded_bytes = 0;
};
// A worker's answer to an appointment that still stood.
struct SinkAnswered {
  internal::v1::CommitResult result;
  // Since the oldest row of the epoch can have been read. Unknown for an epoch of an earlier deployment.
  std::optional<absl::Duration> oldest_row_waited;
};
// Every sink has committed.
struct EpochCommitted {
  Epoch epoch;
  absl::Duration took;  // since the checkpoint was complete
  // Lowest watermark of the sources at the barrier; everything up to it is committed.
  std::optional<int64_t> watermark_micros;
};
// It goes on from an older checkpoint: the record says so. `cause`: what is damaged in later ones; empty: a user asked.
struct Rewound {
  Epoch to;
  Epoch from;
  Epoch fence;  // everything above `to` up to here is abandoned
  std::string cause;
  int num_ahead = 0;  // epochs that are in a table all the same
};
struct Restarting {
  RestartReason reason = RestartReason::kOther;
};

}  // namespace observed

using PipelineObservation =
    std::variant<observed::CheckpointEnded, observed::SinkAnswered, observed::EpochCommitted, observed::Restarting,
                 observed::Rewound>;

}  // namespace millrace
