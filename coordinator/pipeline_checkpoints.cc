// The checkpoints of a running deployment: the part of PipelineMachine that pipeline_machine.h calls so.
#include <algorithm>

#include "base/error.h"
#include "base/key_group.h"
#include "base/planted_bug.h"
#include "state/checkpoint_paths.h"
#include "coordinator/pipeline_machine.h"
#include "coordinator/split_assignment.h"

namespace millrace {

using internal::v1::CheckpointKind;
using internal::v1::CoordinatorMessage;

namespace {

// Of the splits that hold watermarks back.
std::optional<int64_t> LowestWatermark(const storage::v1::Manifest& manifest) {
  std::optional<int64_t> lowest;
  for (const auto& source : manifest.sources()) {
    for (const auto& split : source.splits()) {
      if (split.idle() || !split.has_watermark_micros()) continue;
      lowest = std::min(lowest.value_or(split.watermark_micros()), split.watermark_micros());
    }
  }
  return lowest;
}

// A checkpoint is worth something only together with the tables that its epochs went to.
void NameTables(const storage::v1::PipelineRecord& record, storage::v1::Manifest& manifest) {
  for (const storage::v1::SinkState& table : record.tables()) {
    auto sink = std::find_if(manifest.mutable_sinks()->begin(), manifest.mutable_sinks()->end(),
                             [&](const auto& other) { return other.uid() == table.uid(); });
    if (sink != manifest.mutable_sinks()->end()) {
      sink->set_table_id(table.table_id());
    } else {
      storage::v1::SinkState& named = *manifest.add_sinks();
      named = table;
      named.clear_committed_epoch();
    }
  }
}

}  // namespace

bool PipelineMachine::AdvanceRun() {
  AddFoundSplits();
  if (checkpoint_) {
    switch (checkpoint_->stage) {
      case Stage::kCollect:
      case Stage::kStore: {
        if (!schedule_.TimedOut(now_)) return false;
        std::set<SubtaskId> missing = checkpoint_->pending.Missing();
        AbortCheckpoint(Cat("it took longer than ", absl::FormatDuration(schedule_.timeout()), "; ", missing.size(),
                            " subtasks have not answered", missing.empty() ? "" : ", the first is ",
                            missing.empty() ? "" : missing.begin()->ToString()),
                        false, observed::CheckpointResult::kExpired);
        return true;
      }
      case Stage::kComplete:
        if (durable_.completed_epoch() != checkpoint_->pending.epoch().value()) return false;
        OnCompleted();
        return true;
      case Stage::kCommit:
        if (!commits_->done()) return false;
        OnCommitted();
        return true;
    }
  }
  CheckpointKind kind = DueCheckpoint();
  if (kind == internal::v1::CHECKPOINT_KIND_UNSPECIFIED) return false;
  if (next_epoch_ > durable_.highest_epoch()) {
    if (next_epoch_ > record_.highest_epoch()) {
      record_.set_highest_epoch(record_.highest_epoch() + epoch_block_);
      dirty_ = true;
    }
    return false;
  }
  Trigger(kind);
  return true;
}

CheckpointKind PipelineMachine::DueCheckpoint() const {
  if (record_.desired() == storage::v1::DESIRED_STATE_STOPPING) return internal::v1::CHECKPOINT_KIND_STOP;
  if (record_.desired() == storage::v1::DESIRED_STATE_DRAINING || AllAre(drained_)) return internal::v1::CHECKPOINT_KIND_DRAIN;
  bool host_leaves = std::any_of(workers_.begin(), workers_.end(),
                                 [&](const auto& worker) { return worker.leaving && hosts_.contains(worker.id); });
  if (host_leaves) return internal::v1::CHECKPOINT_KIND_STOP;
  return schedule_.Due(now_) ? internal::v1::CHECKPOINT_KIND_PERIODIC : internal::v1::CHECKPOINT_KIND_UNSPECIFIED;
}

void PipelineMachine::Trigger(CheckpointKind kind) {
  Epoch epoch(next_epoch_++);
  checkpoint_.emplace(Checkpoint{.pending = PendingCheckpoint(epoch, kind, expected_),
                                 .started = now_,
                                 .assigned = assigned_,
                                 .rows_since = rows_since_});
  schedule_.OnStarted(now_);
  CoordinatorMessage message;
  internal::v1::TriggerCheckpoint& trigger = *message.mutable_trigger_checkpoint();
  trigger.set_pipeline(durable_.name());
  trigger.set_generation(durable_.generation());
  trigger.set_epoch(epoch.value());
  trigger.set_kind(kind);
  SendToHosts(message);
}

void PipelineMachine::AbortCheckpoint(std::string cause, bool permanent, observed::CheckpointResult result) {
  Epoch epoch = checkpoint_->pending.epoch();
  CheckpointKind kind = checkpoint_->pending.kind();
  CoordinatorMessage message;
  message.mutable_abort_checkpoint()->set_pipeline(durable_.name());
  message.mutable_abort_checkpoint()->set_generation(durable_.generation());
  message.mutable_abort_checkpoint()->set_epoch(epoch.value());
  SendToHosts(message);
  checkpoint_.reset();
  Observe(observed::CheckpointEnded{.epoch = epoch, .result = result, .cause = cause});
  cause = Cat("checkpoint ", epoch.value(), ": ", cause);
  // After a last barrier the sources read no more, so there is nothing to go on with.
  bool was_last = kind != internal::v1::CHECKPOINT_KIND_PERIODIC;
  if (schedule_.OnFailed() || was_last || permanent) {
    return Fail(std::move(cause), permanent, observed::RestartReason::kCheckpoint);
  }
  SetState(state_, std::move(cause));
}

void PipelineMachine::OnMessage(const std::string&, const internal::v1::CheckpointAck& ack) {
  bool is_ours = checkpoint_ && IsCurrent(ack.subtask().generation()) && ack.epoch() == checkpoint_->pending.epoch().value();
  if (!checkpoint_ || checkpoint_->stage != Stage::kCollect || (!is_ours && !MILLRACE_PLANTED(acks_of_others_counted))) {
    return;
  }
  if (checkpoint_->pending.Ack({ack.subtask().stage(), ack.subtask().index()}, ack) == AckResult::kComplete) StoreManifest();
}

void PipelineMachine::OnMessage(const std::string&, const internal::v1::CheckpointDecline& decline) {
  if (!IsCurrent(decline.subtask().generation()) || !checkpoint_ || checkpoint_->stage != Stage::kCollect ||
      decline.epoch() != checkpoint_->pending.epoch().value()) {
    return;
  }
  SubtaskId id{decline.subtask().stage(), decline.subtask().index()};
  AbortCheckpoint(Cat("subtask ", id.ToString(), ": ", decline.error().message()), decline.error().permanent());
}

void PipelineMachine::StoreManifest() {
  absl::StatusOr<storage::v1::Manifest> merged =
      checkpoint_->pending.Merge(Epoch(durable_.completed_epoch()), checkpoint_->assigned);
  if (!merged.ok()) return AbortCheckpoint(std::string(StdView(merged.status().message())), false);
  merged->set_pipeline(durable_.name());
  merged->set_lineage(durable_.lineage());
  merged->set_generation(durable_.generation());
  merged->set_num_key_groups(kNumKeyGroups);
  merged->set_parallelism(physical_->parallelism());
  merged->set_plan(durable_.plan());
  NameTables(durable_, *merged);
  checkpoint_->manifest = *std::move(merged);
  checkpoint_->stage = Stage::kStore;
  checkpoint_->acknowledged = now_;
  checkpoint_->ticket = ++ticket_;
  checkpoint_->name = ManifestName(durable_.name(), durable_.lineage(), checkpoint_->pending.epoch(), Generation(durable_.generation()));
  actions_.push_back(action::PutManifest{checkpoint_->ticket, checkpoint_->name, checkpoint_->manifest});
}

void PipelineMachine::On(const event::ManifestStored& event) {
  if (!checkpoint_ || checkpoint_->stage != Stage::kStore || event.ticket != checkpoint_->ticket) return;
  if (!event.status.ok() && !MILLRACE_PLANTED(lost_manifest_named)) return AbortCheckpoint(std::string(StdView(event.status.message())), false);
  record_.set_completed_epoch(checkpoint_->pending.epoch().value());
  auto& retained = *record_.mutable_retained_manifests();
  if (retained.empty() && !record_.completed_manifest().empty()) *retained.Add() = record_.completed_manifest();
  *retained.Add() = checkpoint_->name;
  if (int num_old = retained.size() - schedule_.num_retained(); num_old > 0) retained.DeleteSubrange(0, num_old);
  record_.set_completed_manifest(checkpoint_->name);
  if (record_.highest_epoch() < next_epoch_ + epoch_block_ / 2) record_.set_highest_epoch(record_.highest_epoch() + epoch_block_);
  dirty_ = true;
  manifest_ = std::move(checkpoint_->manifest);
  last_state_bytes_ = checkpoint_->pending.state_bytes();
  checkpoint_->stage = Stage::kComplete;
}

void PipelineMachine::OnCompleted() {
  CoordinatorMessage message;
  message.mutable_checkpoint_completed()->set_pipeline(durable_.name());
  message.mutable_checkpoint_completed()->set_generation(durable_.generation());
  message.mutable_checkpoint_completed()->set_epoch(durable_.completed_epoch());
  SendToHosts(message);
  schedule_.OnCompleted();
  commits_.emplace(*manifest_);
  commit_epoch_ = manifest_->epoch();
  fencing_ = false;
  checkpoint_->stage = Stage::kCommit;
  checkpoint_->completed = now_;
  rows_since_ = checkpoint_->started;
  Observe(observed::CheckpointEnded{.epoch = checkpoint_->pending.epoch(),
                                    .result = observed::CheckpointResult::kCompleted,
                                    .cause = "",
                                    .took = checkpoint_->acknowledged - checkpoint_->started,
                                    .state_bytes = checkpoint_->pending.state_bytes(),
                                    .uploaded_bytes = checkpoint_->pending.uploaded_bytes()});
  actions_.push_back(action::Changed{});
}

void PipelineMachine::OnCommitted() {
  CheckpointKind kind = checkpoint_->pending.kind();
  last_checkpoint_duration_ = now_ - checkpoint_->started;
  Observe(observed::EpochCommitted{checkpoint_->pending.epoch(), now_ - checkpoint_->completed, LowestWatermark(*manifest_)});
  NoteCommitted();
  record_.set_committed_epoch(checkpoint_->pending.epoch().value());
  checkpoint_.reset();
  commits_.reset();
  collection_due_ = true;
  actions_.push_back(action::Changed{});
  SetState(state_, "");
  if (kind == internal::v1::CHECKPOINT_KIND_PERIODIC) return;
  bool ended_by_itself = AllAre(drained_);
  Teardown();
  if (kind == internal::v1::CHECKPOINT_KIND_DRAIN) {
    record_.set_finished(ended_by_itself);
    Finish(storage::v1::DESIRED_STATE_FINISHED);
  } else if (record_.desired() == storage::v1::DESIRED_STATE_STOPPING) {
    Finish(storage::v1::DESIRED_STATE_STOPPED);
  } else {
    SetState(v1::PIPELINE_STATE_RESTARTING, "its worker leaves");
    Enter(Phase::kRaise);
  }
}

void PipelineMachine::OnMessage(const std::string& worker_id, const internal::v1::CommitResult& result) {
  if (!commits_ || !IsCurrent(result.generation()) || result.epoch() != commit_epoch_) return;
  std::string failure = Cat(fencing_ ? "fence" : "commit", " epoch ", result.epoch(), " of ", result.sink_uid(), ": ",
                            result.error().message());
  CommitProgress::Answer answer = commits_->OnResult(worker_id, result, now_);
  // Rows that a rewind finds in place were counted when they came.
  const bool again = fencing_ || commit_epoch_ <= durable_.committed_epoch();
  if (answer != CommitProgress::Answer::kIgnored && (!again || result.has_error())) {
    observed::SinkAnswered answered{result, std::nullopt};
    if (checkpoint_) answered.oldest_row_waited = now_ - checkpoint_->rows_since;
    Observe(std::move(answered));
  }
  switch (answer) {
    case CommitProgress::Answer::kPermanent:
      return Fail(std::move(failure), true);
    case CommitProgress::Answer::kRetry:
      return SetState(state_, std::move(failure));
    default:
      return;
  }
}

std::vector<std::string> PipelineMachine::Committers() const {
  std::vector<std::string> staying, all;
  for (const auto& worker : workers_) {
    all.push_back(worker.id);
    if (!worker.leaving) staying.push_back(worker.id);
  }
  return staying.empty() ? all : staying;
}

void PipelineMachine::PumpCommits() {
  if (!commits_) return;
  for (const CommitProgress::Appointment& appointed : commits_->Appoint(now_, Committers())) {
    CoordinatorMessage message;
    internal::v1::CommitEpoch& commit = *message.mutable_commit_epoch();
    commit.set_pipeline(durable_.name());
    commit.set_lineage(durable_.lineage());
    commit.set_generation(durable_.generation());
    commit.set_epoch(commit_epoch_);
    commit.set_sink_uid(appointed.sink_uid);
    for (const auto& stage : physical_->stages()) {
      for (const auto& node : stage.nodes()) {
        if (node.uid() == appointed.sink_uid) *commit.mutable_sink() = node;
      }
    }
    if (fencing_) {
      commit.set_fence(true);
      for (const auto& table : record_.tables()) {
        if (table.uid() == appointed.sink_uid) commit.set_table_id(table.table_id());
      }
      SendTo(appointed.worker_id, std::move(message));
      continue;
    }
    for (const auto& sink : manifest_->sinks()) {
      if (sink.uid() != appointed.sink_uid) continue;
      *commit.mutable_committables() = sink.committables();
      commit.set_table_id(sink.table_id());
    }
    *commit.mutable_positions() = manifest_->sources();
    commit.set_verify(phase_ == Phase::kRedrive);
    SendTo(appointed.worker_id, std::move(message));
  }
}

void PipelineMachine::On(const event::SplitsFound& event) {
  if (phase_ == Phase::kIdle || phase_ == Phase::kFinish) return;  // the next start looks for itself
  for (auto& source : *record_.mutable_start_positions()) {
    if (source.uid() != event.source.uid()) continue;
    for (const auto& split : event.source.splits()) {
      bool known = std::any_of(source.splits().begin(), source.splits().end(),
                               [&](const auto& other) { return other.id() == split.id(); });
      if (known) continue;
      *source.add_splits() = split;
      dirty_ = true;
    }
  }
}

void PipelineMachine::AddFoundSplits() {
  // A subtask that stands behind its last barrier reads no more.
  if (checkpoint_ && checkpoint_->pending.kind() != internal::v1::CHECKPOINT_KIND_PERIODIC) return;
  for (storage::v1::SourceState& assigned : assigned_) {
    storage::v1::SourceState found;
    found.set_uid(assigned.uid());
    found.set_system_id(assigned.system_id());
    for (const auto& start : durable_.start_positions()) {
      if (start.uid() != assigned.uid()) continue;
      for (const auto& split : start.splits()) {
        bool known = std::any_of(assigned.splits().begin(), assigned.splits().end(),
                                 [&](const auto& other) { return other.id() == split.id(); });
        if (!known) *found.add_splits() = split;
      }
    }
    if (found.splits().empty()) continue;
    for (auto& assignment :
         AssignNewSplits(found, static_cast<uint32_t>(assigned.splits_size()), physical_->parallelism())) {
      CoordinatorMessage message;
      message.mutable_add_splits()->set_pipeline(durable_.name());
      message.mutable_add_splits()->set_generation(durable_.generation());
      *message.mutable_add_splits()->mutable_assignment() = std::move(assignment);
      SendToHosts(message);
    }
    assigned.mutable_splits()->MergeFrom(found.splits());
  }
}

}  // namespace millrace
