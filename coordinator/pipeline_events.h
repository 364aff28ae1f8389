#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/checkpoint_collector.h"
#include "coordinator/pipeline_observation.h"
#include "millrace/internal/v1/control.pb.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace {

// What is known once every source and every table has been asked.
struct PreparedConnectors {
  std::vector<storage::v1::SourceState> positions;  // of sources that were not resolved before
  std::vector<storage::v1::SinkState> tables;       // all, with their identities
};

// What happens to a pipeline. Answers carry the ticket of the action they answer; an answer to an older one is ignored.
namespace event {
// The leader has read the record: take up where it stands. First, and once.
struct TakeUp {};
// The caller has asked MayStart, MayStop, MayCancel.
struct StartRequested {
  uint32_t parallelism = 0;  // 0: as before
  // A retained checkpoint to go back to: see PipelineMachine::Retained. 0: the newest.
  uint64_t from_epoch = 0;
  storage::v1::SinkAheadPolicy sink_ahead = storage::v1::SINK_AHEAD_POLICY_FAIL;
};
struct StopRequested {
  bool drain = false;
};
struct CancelRequested {};
// All that are alive now. `cause` says why one is gone.
struct WorkersChanged {
  struct Worker {
    std::string id;
    bool leaving = false;
  };
  std::vector<Worker> workers;
  std::string cause;
};
struct Prepared {
  uint64_t ticket = 0;
  absl::StatusOr<PreparedConnectors> connectors;
};
// OK · Aborted: another leader's record is stored · Unavailable: unknown.
struct RecordWritten {
  absl::Status status;
};
struct ManifestRead {
  uint64_t ticket = 0;
  absl::StatusOr<storage::v1::Manifest> manifest;
};
// Nothing: no table holds rows of such an epoch.
struct SinksExamined {
  uint64_t ticket = 0;
  absl::StatusOr<std::vector<storage::v1::CommittedEpoch>> ahead;
};
struct ManifestStored {
  uint64_t ticket = 0;
  absl::Status status;
};
// Aborted: another leader's business now.
struct CheckpointsCollected {
  absl::Status status;
};
struct Placed {
  uint64_t ticket = 0;
  absl::StatusOr<std::vector<internal::v1::SubtaskPlacement>> placements;
};
// What a worker says about this pipeline.
struct FromWorker {
  std::string worker_id;
  std::variant<internal::v1::SubtaskStatus, internal::v1::CheckpointAck, internal::v1::CheckpointDecline,
               internal::v1::CommitResult>
      message;
};
// Splits that the source did not have before, with the positions to read them from.
struct SplitsFound {
  storage::v1::SourceState source;
};
struct Tick {};
}  // namespace event

using PipelineEvent =
    std::variant<event::TakeUp, event::StartRequested, event::StopRequested, event::CancelRequested, event::WorkersChanged,
                 event::Prepared, event::SinksExamined, event::RecordWritten, event::ManifestRead, event::ManifestStored,
                 event::CheckpointsCollected, event::Placed, event::FromWorker, event::SplitsFound, event::Tick>;

// What a pipeline wants done.
namespace action {
// Compare-and-set of the pipeline's record on the version of the last write that was OK. Answer: RecordWritten.
struct WriteRecord {
  std::string bytes;
};
// Resolve start positions of the sources that `resolved` does not name, prepare the tables. Answer: Prepared.
struct Prepare {
  uint64_t ticket = 0;
  std::vector<std::string> resolved;
};
// Which tables hold rows of epochs above `after`? Answer: SinksExamined.
struct ExamineSinks {
  uint64_t ticket = 0;
  Epoch after;
};
// Answer: ManifestRead.
struct ReadManifest {
  uint64_t ticket = 0;
  std::string name;
  // Reads the state that it names too; damage to it is DataLoss.
  bool with_state = false;
};
// Answer: ManifestStored.
struct PutManifest {
  uint64_t ticket = 0;
  std::string name;
  storage::v1::Manifest manifest;
};
// One at a time. Answer: CheckpointsCollected.
struct CollectCheckpoints {
  CollectionOrder order;
};
// Answer: Placed.
struct PlaceSubtasks {
  uint64_t ticket = 0;
  std::vector<uint32_t> stages;
  uint32_t parallelism = 0;
};
// The slots of Placed are free again: the deployment has ended.
struct ReleaseSlots {
  uint64_t generation = 0;
};
struct Send {
  std::string worker_id;
  internal::v1::CoordinatorMessage message;
};
// state() or reason() is another, or an epoch was completed or committed.
struct Changed {};
// For probes and logs.
struct Observed {
  PipelineObservation what;
};
// Another leader owns the pipeline: this process must stop leading.
struct Fenced {};
}  // namespace action

using PipelineAction = std::variant<action::WriteRecord, action::Prepare, action::ExamineSinks, action::ReadManifest, action::PutManifest,
                                    action::CollectCheckpoints, action::PlaceSubtasks, action::ReleaseSlots,
                                    action::Send, action::Changed, action::Observed, action::Fenced>;

}  // namespace millrace
