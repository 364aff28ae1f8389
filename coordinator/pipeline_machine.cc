#include "coordinator/pipeline_machine.h"

#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/error.h"
#include "base/planted_bug.h"
#include "coordinator/pipeline_state.h"
#include "coordinator/split_assignment.h"
#include "state/checkpoint_manifest.h"

namespace millrace {
namespace {

using internal::v1::CoordinatorMessage;

constexpr absl::Duration kPlaceAgain = absl::Milliseconds(200);
constexpr absl::Duration kReadAgain = absl::Milliseconds(500);

// How long a start that a user asked for tries to prepare its connectors. The user waits for the answer, and can
// correct what is wrong; a restart has nobody who does, and is as patient as its policy.
absl::Duration PatienceWith(const absl::Status& status) {
  if (IsPermanent(status)) return absl::ZeroDuration();
  // A topic or table that was created a moment ago may not be seen yet.
  if (absl::IsNotFound(status)) return absl::Seconds(2);
  return absl::Seconds(15);
}

v1::PipelineState StateAtRest(storage::v1::DesiredState desired) {
  switch (desired) {
    case storage::v1::DESIRED_STATE_RUNNING:
      return v1::PIPELINE_STATE_RESTARTING;
    case storage::v1::DESIRED_STATE_STOPPING:
    case storage::v1::DESIRED_STATE_DRAINING:
      return v1::PIPELINE_STATE_STOPPING;
    case storage::v1::DESIRED_STATE_STOPPED:
      return v1::PIPELINE_STATE_STOPPED;
    case storage::v1::DESIRED_STATE_CANCELLED:
      return v1::PIPELINE_STATE_CANCELLED;
    case storage::v1::DESIRED_STATE_FAILED:
      return v1::PIPELINE_STATE_FAILED;
    case storage::v1::DESIRED_STATE_FINISHED:
      return v1::PIPELINE_STATE_FINISHED;
    default:
      return v1::PIPELINE_STATE_CREATED;
  }
}

std::map<std::string, std::string> FingerprintsOf(const internal::v1::PhysicalPlan& physical) {
  std::map<std::string, std::string> fingerprints;
  for (const auto& stage : physical.stages()) {
    for (const auto& node : stage.nodes()) {
      if (!node.state_fingerprint().empty()) fingerprints[node.uid()] = node.state_fingerprint();
    }
  }
  return fingerprints;
}

}  // namespace

PipelineMachine::PipelineMachine(Options options)
    : term_(options.term),
      plan_(std::move(options.plan)),
      plan_physical_(std::move(options.plan_physical)),
      checkpoint_root_(std::move(options.checkpoint_root)),
      epoch_block_(options.epoch_block),
      record_(options.record),
      durable_(std::move(options.record)),
      state_(StateAtRest(durable_.desired())),
      reason_(durable_.failure()),
      schedule_(plan_.checkpoint()),
      restart_policy_(plan_.restart()) {}

std::vector<PipelineAction> PipelineMachine::Step(absl::Duration now, const PipelineEvent& event) {
  now_ = now;
  if (phase_ != Phase::kFenced) std::visit([this](const auto& e) { On(e); }, event);
  while (phase_ != Phase::kFenced && Advance()) {
  }
  if (phase_ != Phase::kFenced) {
    PumpCommits();
    PumpWrite();
    PumpCollection();
  }
  return std::exchange(actions_, {});
}

void PipelineMachine::On(const event::TakeUp&) {
  switch (record_.desired()) {
    case storage::v1::DESIRED_STATE_RUNNING:
    case storage::v1::DESIRED_STATE_DRAINING:
      reason_ = "the coordinator has restarted";
      stop_only_ = false;
      return Begin();
    case storage::v1::DESIRED_STATE_STOPPING:
      stop_only_ = true;
      return Begin();
    default:
      // Its last leader may have died before it had collected.
      collection_due_ = durable_.generation() > 0;
      return;
  }
}

void PipelineMachine::On(const event::StartRequested& event) {
  if (phase_ != Phase::kIdle) return;
  if (event.parallelism > 0) record_.set_parallelism(event.parallelism);
  if (event.from_epoch > 0) AskRewind(event.from_epoch, event.sink_ahead);
  record_.set_desired(storage::v1::DESIRED_STATE_RUNNING);
  record_.clear_failure();
  dirty_ = true;
  restart_policy_.Reset();
  prepared_ = false;
  asked_at_ = now_;
  stop_only_ = false;
  SetState(v1::PIPELINE_STATE_STARTING, "");
  Begin();
}

void PipelineMachine::On(const event::StopRequested& event) {
  if (phase_ == Phase::kIdle || phase_ == Phase::kFinish) return;
  record_.set_desired(event.drain ? storage::v1::DESIRED_STATE_DRAINING : storage::v1::DESIRED_STATE_STOPPING);
  dirty_ = true;
  SetState(v1::PIPELINE_STATE_STOPPING, "");
  if (phase_ == Phase::kRun || event.drain) return;  // it runs until its last checkpoint
  // Nothing that the last completed checkpoint does not hold is worth starting for.
  Teardown();
  stop_only_ = true;
  Begin();
}

void PipelineMachine::On(const event::CancelRequested&) {
  bool ended = record_.desired() == storage::v1::DESIRED_STATE_FAILED || record_.desired() == storage::v1::DESIRED_STATE_FINISHED;
  if (phase_ == Phase::kFinish && ended) return;
  Teardown();
  Finish(storage::v1::DESIRED_STATE_CANCELLED);
}

void PipelineMachine::On(const event::WorkersChanged& event) {
  std::set<std::string> alive;
  for (const auto& worker : event.workers) alive.insert(worker.id);
  std::string lost;
  for (const auto& worker : workers_) {
    if (alive.contains(worker.id)) continue;
    if (commits_) commits_->OnWorkerLost(worker.id);
    if (hosts_.contains(worker.id)) lost = worker.id;
  }
  workers_ = event.workers;
  if (!lost.empty()) Fail(Cat("worker ", lost, " is lost: ", event.cause), false, observed::RestartReason::kWorkerLost);
}

void PipelineMachine::On(const event::Prepared& event) {
  if (phase_ != Phase::kPrepare || event.ticket != ticket_) return;
  if (!event.connectors.ok()) {
    const absl::Status& status = event.connectors.status();
    bool hopeless = IsPermanent(status) || (asked_at_ && now_ - *asked_at_ >= PatienceWith(status));
    return Fail(std::string(StdView(status.message())), hopeless);
  }
  asked_at_.reset();
  for (const storage::v1::SourceState& source : event.connectors->positions) {
    bool known = std::any_of(record_.start_positions().begin(), record_.start_positions().end(),
                             [&](const auto& other) { return other.uid() == source.uid(); });
    if (!known) *record_.add_start_positions() = source;
  }
  *record_.mutable_tables() = {event.connectors->tables.begin(), event.connectors->tables.end()};
  prepared_ = true;
  Enter(rewinding() ? Phase::kSurvey : Phase::kRaise);
}

void PipelineMachine::On(const event::ManifestRead& event) {
  if ((phase_ != Phase::kLoad && phase_ != Phase::kVerify) || event.ticket != ticket_) return;
  if (phase_ == Phase::kVerify && event.manifest.ok()) return Fail(deploy_failure_, true, observed::RestartReason::kSubtask);
  if (event.manifest.ok()) {
    if (absl::Status fits = CheckFingerprints(*event.manifest, FingerprintsOf(*physical_)); !fits.ok()) {
      return Fail(std::string(StdView(fits.message())), true);
    }
    manifest_ = *event.manifest;
    Enter(Phase::kRedrive);
  } else if (absl::IsDataLoss(event.manifest.status()) && !stop_only_) {
    FallBack(rewinding() ? record_.rewind().to_epoch() : durable_.completed_epoch(),
             std::string(StdView(event.manifest.status().message())));
  } else if (IsPermanent(event.manifest.status())) {
    Fail(Cat("restore: ", event.manifest.status().message()), true);
  } else {
    SetState(state_, Cat("waiting for storage: ", event.manifest.status().message()));
    waiting_ = true;
    wake_at_ = now_ + kReadAgain;
  }
}

void PipelineMachine::On(const event::Placed& event) {
  if (phase_ != Phase::kPlace || event.ticket != ticket_) return;
  if (event.placements.ok()) return Deploy(*event.placements);
  SetState(state_, std::string(StdView(event.placements.status().message())));
  waiting_ = true;
  wake_at_ = now_ + kPlaceAgain;
}

void PipelineMachine::On(const event::FromWorker& event) {
  std::visit([&](const auto& message) { OnMessage(event.worker_id, message); }, event.message);
}

void PipelineMachine::OnMessage(const std::string&, const internal::v1::SubtaskStatus& status) {
  SubtaskId id{status.subtask().stage(), status.subtask().index()};
  if (!IsCurrent(status.subtask().generation()) || !expected_.contains(id)) return;
  switch (status.phase()) {
    case internal::v1::SUBTASK_PHASE_RUNNING:
      running_.insert(id);
      break;
    case internal::v1::SUBTASK_PHASE_DRAINED:
      running_.insert(id);
      drained_.insert(id);
      break;
    case internal::v1::SUBTASK_PHASE_FAILED:
      if (phase_ == Phase::kDeploy && manifest_ && status.error().code() == static_cast<int>(absl::StatusCode::kDataLoss)) {
        deploy_failure_ = Cat("subtask ", id.ToString(), ": ", status.error().message());
        Teardown();
        Enter(Phase::kVerify);
        break;
      }
      Fail(Cat("subtask ", id.ToString(), ": ", status.error().message()), status.error().permanent(),
           observed::RestartReason::kSubtask);
      break;
    default:
      break;
  }
}

void PipelineMachine::Begin() {
  absl::StatusOr<internal::v1::PhysicalPlan> physical = plan_physical_(plan_, std::max(record_.parallelism(), 1u));
  if (!physical.ok()) return Fail(Cat("plan: ", physical.status().message()), true);
  physical_ = *std::move(physical);
  Enter(!prepared_ && !stop_only_ ? Phase::kPrepare : rewinding() ? Phase::kSurvey : Phase::kRaise);
}

void PipelineMachine::Enter(Phase phase) {
  phase_ = phase;
  waiting_ = false;
  switch (phase) {
    case Phase::kPrepare: {
      action::Prepare prepare{++ticket_, {}};
      for (const auto& source : record_.start_positions()) prepare.resolved.push_back(source.uid());
      actions_.push_back(std::move(prepare));
      break;
    }
    case Phase::kRaise:
      record_.set_term(term_.value());
      record_.set_generation(record_.generation() + 1);
      first_epoch_ = next_epoch_ = record_.highest_epoch() + 1;
      record_.set_highest_epoch(record_.highest_epoch() + epoch_block_);
      dirty_ = true;
      break;
    case Phase::kSurvey:
    case Phase::kJudge:
      actions_.push_back(action::ExamineSinks{++ticket_, Epoch(record_.rewind().to_epoch())});
      break;
    case Phase::kFence:
      StartFence();
      break;
    case Phase::kVerify:
      actions_.push_back(action::ReadManifest{++ticket_, durable_.completed_manifest(), /*with_state=*/true});
      break;
    case Phase::kLoad:
      if (rewinding()) {
        // Whole, before anything is abandoned for it.
        actions_.push_back(action::ReadManifest{++ticket_, record_.rewind().manifest(), /*with_state=*/true});
      } else if (durable_.completed_epoch() == 0) {
        manifest_.reset();
        Enter(Phase::kRedrive);
      } else if (manifest_ && manifest_->epoch() == durable_.completed_epoch()) {
        Enter(Phase::kRedrive);
      } else {
        actions_.push_back(action::ReadManifest{++ticket_, durable_.completed_manifest()});
      }
      break;
    case Phase::kRedrive:
      if (MILLRACE_PLANTED(redrive_forgotten)) break;
      if (!rewinding() && record_.committed_epoch() >= durable_.completed_epoch()) break;
      commits_.emplace(*manifest_);
      commit_epoch_ = manifest_->epoch();
      fencing_ = false;
      break;
    case Phase::kPlace: {
      action::PlaceSubtasks place{++ticket_, {}, physical_->parallelism()};
      for (const auto& stage : physical_->stages()) place.stages.push_back(stage.id());
      actions_.push_back(std::move(place));
      break;
    }
    case Phase::kRun:
      schedule_.OnRunning(now_);
      rows_since_ = now_;
      restart_policy_.OnRunning(now_);
      if (record_.desired() == storage::v1::DESIRED_STATE_DRAINING) {
        SetState(v1::PIPELINE_STATE_STOPPING, "");
      } else if (record_.desired() == storage::v1::DESIRED_STATE_RUNNING) {
        SetState(v1::PIPELINE_STATE_RUNNING, "");
      }
      break;
    default:
      break;
  }
}

void PipelineMachine::Deploy(const std::vector<internal::v1::SubtaskPlacement>& placements) {
  Enter(Phase::kDeploy);
  assigned_ = PositionsAtStart(durable_, manifest_ ? &*manifest_ : nullptr);
  CoordinatorMessage message;
  internal::v1::Deploy& deploy = *message.mutable_deploy();
  deploy.set_pipeline(durable_.name());
  deploy.set_lineage(durable_.lineage());
  deploy.set_generation(durable_.generation());
  *deploy.mutable_plan() = *physical_;
  deploy.set_blob_root(checkpoint_root_);
  if (manifest_) {
    *deploy.mutable_restore() = *manifest_;
    deploy.mutable_restore()->clear_sinks();  // they are committed
    deploy.mutable_restore()->clear_plan();
  }
  for (const internal::v1::SubtaskPlacement& placement : placements) {
    *deploy.add_placements() = placement;
    hosts_.insert(placement.worker_id());
    expected_.insert(SubtaskId{placement.stage(), placement.index()});
  }
  for (auto& assignment : AssignSplits(assigned_, physical_->parallelism())) *deploy.add_splits() = std::move(assignment);
  std::set<std::string> alive;
  for (const auto& worker : workers_) alive.insert(worker.id);
  SendToHosts(message);
  if (!std::includes(alive.begin(), alive.end(), hosts_.begin(), hosts_.end())) {
    Fail("a worker was lost while the pipeline was placed", false, observed::RestartReason::kWorkerLost);
  }
}

void PipelineMachine::Teardown() {
  if (!hosts_.empty()) {
    CoordinatorMessage message;
    message.mutable_undeploy()->set_pipeline(durable_.name());
    message.mutable_undeploy()->set_generation(durable_.generation());
    SendToHosts(message);
    actions_.push_back(action::ReleaseSlots{durable_.generation()});
  }
  if (checkpoint_ && checkpoint_->stage != Stage::kCommit) {
    Observe(observed::CheckpointEnded{.epoch = checkpoint_->pending.epoch(),
                                      .result = observed::CheckpointResult::kAborted,
                                      .cause = "the deployment ended"});
  }
  ++ticket_;  // answers that are on their way are no longer ours
  hosts_.clear();
  expected_.clear();
  running_.clear();
  drained_.clear();
  assigned_.clear();
  checkpoint_.reset();
  commits_.reset();
}

void PipelineMachine::Finish(storage::v1::DesiredState end) {
  record_.set_desired(end);
  record_.set_term(term_.value());
  dirty_ = true;
  Enter(Phase::kFinish);
}

void PipelineMachine::Fail(std::string cause, bool permanent, observed::RestartReason reason) {
  Teardown();
  std::optional<absl::Duration> backoff;
  if (!permanent && record_.desired() == storage::v1::DESIRED_STATE_STOPPING) {
    // What the newest completed checkpoint holds is all that a stop owes.
    stop_only_ = true;
    return Begin();
  }
  if (!permanent && !(backoff = restart_policy_.OnFailure(now_))) {
    cause = Cat("gave up after ", restart_policy_.max_restarts(), " restarts: ", cause);
  }
  if (!backoff) {
    // A rewind that has done nothing yet is over. One that may have fenced a table must be gone on with.
    if (record_.rewind().fence_epoch() == 0) record_.clear_rewind();
    record_.set_failure(cause);
    return Finish(storage::v1::DESIRED_STATE_FAILED);
  }
  ++restarts_;
  Observe(observed::Restarting{reason});
  SetState(v1::PIPELINE_STATE_RESTARTING, std::move(cause));
  Enter(Phase::kBackoff);
  wake_at_ = now_ + *backoff;
}

bool PipelineMachine::Advance() {
  Phase before = phase_;
  switch (phase_) {
    case Phase::kRaise:
      if (!synced()) break;
      if (stop_only_ && durable_.has_rewind()) {
        // The next start goes on with it.
        Finish(storage::v1::DESIRED_STATE_STOPPED);
      } else {
        Enter(Phase::kLoad);
      }
      break;
    case Phase::kMark:
    case Phase::kFence:
    case Phase::kSettle:
      return AdvanceRewind();
    case Phase::kSurvey:
    case Phase::kJudge:
    case Phase::kVerify:
    case Phase::kLoad:
    case Phase::kPlace:
      if (waiting_ && now_ >= wake_at_) Enter(phase_);
      break;
    case Phase::kRedrive:
      if (commits_ && !commits_->done()) break;
      if (commits_) NoteCommitted();
      commits_.reset();
      if (rewinding()) return AdvanceRewind();
      record_.set_committed_epoch(durable_.completed_epoch());
      collection_due_ = true;
      if (stop_only_) {
        Finish(storage::v1::DESIRED_STATE_STOPPED);
      } else {
        Enter(Phase::kPlace);
      }
      break;
    case Phase::kDeploy:
      if (AllAre(running_)) Enter(Phase::kRun);
      break;
    case Phase::kRun:
      return AdvanceRun();
    case Phase::kBackoff:
      if (now_ >= wake_at_) Begin();
      break;
    case Phase::kFinish:
      if (!synced()) break;
      Enter(Phase::kIdle);
      collection_due_ = durable_.generation() > 0;
      SetState(StateAtRest(durable_.desired()), durable_.failure());
      break;
    default:
      break;
  }
  return phase_ != before;
}

void PipelineMachine::SetState(v1::PipelineState state, std::string reason) {
  if (state == state_ && reason == reason_) return;
  Check(state == state_ || MayFollow(state_, state), Cat(StateName(state), " does not follow ", StateName(state_)));
  state_ = state;
  reason_ = std::move(reason);
  actions_.push_back(action::Changed{});
}

void PipelineMachine::SendTo(const std::string& worker_id, CoordinatorMessage message) {
  actions_.push_back(action::Send{worker_id, std::move(message)});
}

void PipelineMachine::SendToHosts(const CoordinatorMessage& message) {
  for (const auto& worker : workers_) {
    if (hosts_.contains(worker.id)) SendTo(worker.id, message);
  }
}

}  // namespace millrace
