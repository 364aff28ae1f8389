#include "coordinator/pending_checkpoint.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/error.h"
#include "base/macros.h"
#include "base/planted_bug.h"

namespace millrace {
namespace {

using storage::v1::Committable;
using storage::v1::OperatorState;
using storage::v1::SourceState;
using storage::v1::SplitState;

template <typename State>
State& ByUid(std::map<std::string, State>& states, const State& state) {
  State& merged = states[state.uid()];
  merged.set_uid(state.uid());
  return merged;
}

absl::Status MergeOperator(const OperatorState& from, bool first, OperatorState& into) {
  if (first) into.set_schema_fingerprint(from.schema_fingerprint());
  if (into.schema_fingerprint() != from.schema_fingerprint()) {
    return Internal("merge state of ", from.uid(), ": subtasks differ in its layout: ", into.schema_fingerprint(), " and ",
                    from.schema_fingerprint());
  }
  into.mutable_handles()->MergeFrom(from.handles());
  if (from.has_watermark_micros() && (!into.has_watermark_micros() || from.watermark_micros() > into.watermark_micros())) {
    into.set_watermark_micros(from.watermark_micros());
  }
  return absl::OkStatus();
}

absl::Status CheckSplits(const std::map<std::string, SourceState>& sources, const std::vector<SourceState>& assigned) {
  std::map<std::string, std::set<std::string>> seen;
  for (const auto& [uid, source] : sources) {
    for (const SplitState& split : source.splits()) {
      if (!seen[uid].insert(split.id()).second) return Internal("merge source ", uid, ": two subtasks read split ", split.id());
    }
  }
  for (const SourceState& source : assigned) {
    for (const SplitState& split : source.splits()) {
      if (!seen[source.uid()].contains(split.id())) {
        return Internal("merge source ", source.uid(), ": no subtask reported split ", split.id());
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

AckResult PendingCheckpoint::Ack(SubtaskId subtask, internal::v1::CheckpointAck ack) {
  if (!expected_.contains(subtask)) return AckResult::kUnknownSubtask;
  if (!acks_.try_emplace(subtask, std::move(ack)).second) return AckResult::kDuplicate;
  if (MILLRACE_PLANTED(one_ack_too_few) && acks_.size() + 1 == expected_.size()) return AckResult::kComplete;
  return acks_.size() == expected_.size() ? AckResult::kComplete : AckResult::kAccepted;
}

absl::StatusOr<storage::v1::Manifest> PendingCheckpoint::Merge(Epoch last_completed,
                                                               const std::vector<SourceState>& assigned) const {
  std::map<std::string, SourceState> sources;
  std::map<std::string, OperatorState> operators;
  // By uid, then by the epoch that sealed them; of one epoch, in the order of subtasks.
  std::map<std::string, std::multimap<uint64_t, Committable>> sinks;
  for (const auto& [subtask, ack] : acks_) {
    for (const SourceState& source : ack.sources()) {
      SourceState& merged = ByUid(sources, source);
      if (merged.system_id().empty()) merged.set_system_id(source.system_id());
      merged.mutable_splits()->MergeFrom(source.splits());
    }
    for (const OperatorState& state : ack.operators()) {
      bool first = !operators.contains(state.uid());
      RETURN_IF_ERROR(MergeOperator(state, first, ByUid(operators, state)));
    }
    for (const storage::v1::SinkState& sink : ack.sinks()) {
      std::multimap<uint64_t, Committable>& merged = sinks[sink.uid()];
      for (const Committable& committable : sink.committables()) {
        bool is_new = committable.sealed_epoch() > last_completed.value() || MILLRACE_PLANTED(committables_sent_again);
        if (is_new && !committable.bytes().empty()) merged.emplace(committable.sealed_epoch(), committable);
      }
    }
  }
  RETURN_IF_ERROR(CheckSplits(sources, assigned));

  storage::v1::Manifest manifest;
  manifest.set_format_version(1);
  manifest.set_epoch(epoch_.value());
  manifest.set_final(kind_ == internal::v1::CHECKPOINT_KIND_DRAIN);
  for (auto& [uid, source] : sources) {
    std::sort(source.mutable_splits()->begin(), source.mutable_splits()->end(),
              [](const SplitState& a, const SplitState& b) { return a.id() < b.id(); });
    *manifest.add_sources() = std::move(source);
  }
  for (auto& [uid, state] : operators) *manifest.add_operators() = std::move(state);
  for (auto& [uid, committables] : sinks) {
    storage::v1::SinkState& sink = *manifest.add_sinks();
    sink.set_uid(uid);
    for (auto& [sealed_epoch, committable] : committables) *sink.add_committables() = std::move(committable);
  }
  return manifest;
}

uint64_t PendingCheckpoint::state_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [subtask, ack] : acks_) bytes += ack.state_bytes();
  return bytes;
}

uint64_t PendingCheckpoint::uploaded_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [subtask, ack] : acks_) bytes += ack.uploaded_bytes();
  return bytes;
}

std::set<SubtaskId> PendingCheckpoint::Missing() const {
  std::set<SubtaskId> missing;
  for (SubtaskId subtask : expected_) {
    if (!acks_.contains(subtask)) missing.insert(subtask);
  }
  return missing;
}

}  // namespace millrace
