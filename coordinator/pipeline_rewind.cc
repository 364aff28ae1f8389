// Starts from older checkpoints: the part of PipelineMachine that pipeline_machine.h calls so.
#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/error.h"
#include "coordinator/pipeline_machine.h"
#include "state/checkpoint_paths.h"

namespace millrace {
namespace {

constexpr absl::Duration kAskAgain = absl::Milliseconds(500);

std::vector<std::string> RetainedManifests(const storage::v1::PipelineRecord& record) {
  std::vector<std::string> names(record.retained_manifests().begin(), record.retained_manifests().end());
  if (names.empty() && record.completed_epoch() > 0) names.push_back(record.completed_manifest());
  return names;
}

uint64_t EpochOf(const storage::v1::PipelineRecord& record, const std::string& manifest) {
  auto blob = ParseCheckpointBlob(record.name(), record.lineage(), manifest);
  return blob && blob->kind == CheckpointBlob::Kind::kManifest ? blob->epoch.value() : 0;
}

// "7 (version 9), 8 (version 11)", by table.
std::map<std::string, std::string> EpochsByTable(const std::vector<storage::v1::CommittedEpoch>& ahead) {
  std::map<std::string, std::string> text;
  for (const storage::v1::CommittedEpoch& epoch : ahead) {
    std::string& line = text[Cat("table ", epoch.table(), " of sink ", epoch.sink_uid())];
    std::string where = epoch.table_version() > 0 ? Cat("version ", epoch.table_version())
                                                  : "at least its marker: the log that would tell more was cleaned up";
    line += Cat(line.empty() ? "" : ", ", epoch.epoch(), " (", where, ")");
  }
  return text;
}

}  // namespace

std::vector<uint64_t> PipelineMachine::Retained() const {
  std::vector<uint64_t> epochs;
  for (const std::string& name : RetainedManifests(record_)) epochs.push_back(EpochOf(record_, name));
  return epochs;
}

void PipelineMachine::AskRewind(uint64_t to_epoch, storage::v1::SinkAheadPolicy policy) {
  storage::v1::Rewind rewind;
  for (const std::string& name : RetainedManifests(record_)) {
    if (EpochOf(record_, name) == to_epoch) rewind.set_manifest(name);
  }
  Check(!rewind.manifest().empty(), "a rewind to a checkpoint that is not retained");
  rewind.set_to_epoch(to_epoch);
  rewind.set_sink_ahead(policy);
  rewind.set_from_epoch(record_.completed_epoch());
  // What an earlier one, which this one takes the place of, may have put into tables is there for good.
  rewind.set_fence_epoch(record_.rewind().fence_epoch());
  *record_.mutable_rewind() = std::move(rewind);
  dirty_ = true;
}

void PipelineMachine::FallBack(uint64_t epoch, const std::string& damage) {
  if (rewinding() && record_.rewind().cause().empty()) {
    // Somebody chose this checkpoint: the choice of another one is theirs.
    std::string others;
    for (uint64_t other : Retained()) {
      if (other != epoch) others += Cat(others.empty() ? "" : ", ", other);
    }
    return Fail(Cat("start from checkpoint ", epoch, ": ", damage, ". Retained besides: ", others.empty() ? "none" : others), true);
  }
  const std::string cause = Cat(record_.rewind().cause(), record_.has_rewind() ? "; " : "", "checkpoint ", epoch, ": ", damage);
  uint64_t older = 0;
  for (uint64_t other : Retained()) {
    if (other < epoch) older = other;
  }
  if (older == 0) {
    return Fail(Cat("restore: ", cause, ". No older checkpoint is retained. Put the damaged blob back, or create the ",
                    "pipeline anew with other tables"),
                true);
  }
  Teardown();
  AskRewind(older, storage::v1::SINK_AHEAD_POLICY_FAIL);
  record_.mutable_rewind()->set_cause(cause);
  SetState(state_, Cat("restore: ", cause, "; going back to checkpoint ", older));
  Begin();
}

void PipelineMachine::StartFence() {
  std::vector<std::string> sinks;
  for (const auto& stage : physical_->stages()) {
    for (const auto& node : stage.nodes()) {
      if (node.has_sink()) sinks.push_back(node.uid());
    }
  }
  commits_.emplace(sinks);
  commit_epoch_ = durable_.rewind().fence_epoch();
  fencing_ = true;
}

bool PipelineMachine::AdvanceRewind() {
  switch (phase_) {
    case Phase::kRedrive:
      if (record_.rewind().fence_epoch() == 0) {
        // Every epoch that was ever issued is below the first one of this generation, which issues none before the
        // rewind is settled.
        record_.mutable_rewind()->set_fence_epoch(first_epoch_ - 1);
        dirty_ = true;
      }
      Enter(Phase::kMark);
      return true;
    case Phase::kMark:
      if (!synced()) return false;
      Enter(Phase::kFence);
      return true;
    case Phase::kFence:
      if (!commits_->done()) return false;
      commits_.reset();
      Enter(Phase::kJudge);
      return true;
    case Phase::kSettle:
      if (!synced()) return false;
      collection_due_ = true;
      Observe(observed::Rewound{Epoch(durable_.last_rewind().to_epoch()), Epoch(durable_.last_rewind().from_epoch()),
                                Epoch(durable_.last_rewind().fence_epoch()), durable_.last_rewind().cause(),
                                durable_.last_rewind().ahead_size()});
      Enter(Phase::kPlace);
      return true;
    default:
      return false;
  }
}

void PipelineMachine::On(const event::SinksExamined& event) {
  if ((phase_ != Phase::kSurvey && phase_ != Phase::kJudge) || event.ticket != ticket_) return;
  if (!event.ahead.ok()) {
    std::string why(StdView(event.ahead.status().message()));
    if (IsPermanent(event.ahead.status())) return Fail(why, true);
    SetState(state_, Cat("waiting for storage: ", why));
    waiting_ = true;
    wake_at_ = now_ + kAskAgain;
    return;
  }
  if (!event.ahead->empty() && !accepts_duplicates()) return Fail(Refusal(*event.ahead), true);
  if (phase_ == Phase::kSurvey) return Enter(Phase::kRaise);
  Settle(*event.ahead);
}

std::string PipelineMachine::Refusal(const std::vector<storage::v1::CommittedEpoch>& ahead) const {
  const storage::v1::Rewind& rewind = record_.rewind();
  std::string tables;
  uint64_t newest = 0;
  for (const auto& [table, epochs] : EpochsByTable(ahead)) tables += Cat(tables.empty() ? "" : "; ", table, " holds epochs ", epochs);
  for (const storage::v1::CommittedEpoch& epoch : ahead) newest = std::max(newest, epoch.epoch());
  std::string other;
  for (uint64_t retained : Retained()) {
    if (retained >= newest && other.empty() && rewind.cause().empty()) {
      other = Cat("Start from checkpoint ", retained, ", which has them all; or accept");
    }
  }
  std::string what = rewind.cause().empty() ? Cat("start from checkpoint ", rewind.to_epoch())
                                            : Cat("restore: ", rewind.cause(), ". Go back to checkpoint ", rewind.to_epoch());
  return Cat(what, ": ", tables, ", whose rows would be written again. ",
             !other.empty()           ? other
             : rewind.cause().empty() ? "Accept"
                                      : "Put the damaged blob back and start again; or accept",
             " rows that are there twice: `millrace start ", record_.name(), " --from-checkpoint ", rewind.to_epoch(),
             " --sink-ahead accept-duplicates`");
}

void PipelineMachine::Settle(const std::vector<storage::v1::CommittedEpoch>& ahead) {
  storage::v1::Rewind rewind = record_.rewind();
  *rewind.mutable_ahead() = {ahead.begin(), ahead.end()};
  record_.set_completed_epoch(rewind.to_epoch());
  record_.set_completed_manifest(rewind.manifest());
  record_.set_committed_epoch(rewind.to_epoch());
  auto& retained = *record_.mutable_retained_manifests();
  int kept = 0;
  while (kept < retained.size() && EpochOf(record_, retained[kept]) <= rewind.to_epoch()) ++kept;
  retained.DeleteSubrange(kept, retained.size() - kept);
  for (auto& table : *record_.mutable_tables()) table.set_committed_epoch(rewind.fence_epoch());
  *record_.mutable_last_rewind() = std::move(rewind);
  record_.clear_rewind();
  dirty_ = true;
  Enter(Phase::kSettle);
  actions_.push_back(action::Changed{});
}

void PipelineMachine::NoteCommitted() {
  for (const auto& sink : manifest_->sinks()) {
    if (sink.committables().empty()) continue;
    for (auto& table : *record_.mutable_tables()) {
      if (table.uid() == sink.uid()) table.set_committed_epoch(std::max(table.committed_epoch(), commit_epoch_));
    }
  }
}

}  // namespace millrace
