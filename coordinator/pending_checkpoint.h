#pragma once

#include <map>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "millrace/internal/v1/control.pb.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace {

enum class AckResult { kAccepted, kComplete, kDuplicate, kUnknownSubtask };

// One checkpoint on its way: who has answered, and what. Pure.
class PendingCheckpoint {
 public:
  PendingCheckpoint(Epoch epoch, internal::v1::CheckpointKind kind, std::set<SubtaskId> expected)
      : epoch_(epoch), kind_(kind), expected_(std::move(expected)) {}
  // A subtask's first answer counts; a duplicate changes nothing.
  AckResult Ack(SubtaskId subtask, internal::v1::CheckpointAck ack);
  // Merges the answers. Committables sealed at or before `last_completed` are dropped: a completed checkpoint carried
  // them. `assigned`: the splits that must be there. Internal: a split is missing or was read twice, or two subtasks of
  // an operator differ in the layout of their state.
  absl::StatusOr<storage::v1::Manifest> Merge(Epoch last_completed, const std::vector<storage::v1::SourceState>& assigned) const;

  Epoch epoch() const { return epoch_; }
  internal::v1::CheckpointKind kind() const { return kind_; }
  uint64_t state_bytes() const;
  uint64_t uploaded_bytes() const;
  // Who has not answered.
  std::set<SubtaskId> Missing() const;

 private:
  const Epoch epoch_;
  const internal::v1::CheckpointKind kind_;
  const std::set<SubtaskId> expected_;
  std::map<SubtaskId, internal::v1::CheckpointAck> acks_;
};

}  // namespace millrace
