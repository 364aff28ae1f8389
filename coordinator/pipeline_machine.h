#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "base/ids.h"
#include "coordinator/checkpoint_schedule.h"
#include "coordinator/commit_progress.h"
#include "coordinator/pending_checkpoint.h"
#include "coordinator/pipeline_events.h"
#include "coordinator/restart_policy.h"
#include "millrace/v1/pipeline_service.pb.h"

namespace millrace {

// One pipeline's life, from the record in the metadata store. Pure: Step takes what happened and answers with what to
// do; time, storage and workers are the caller's.
//
//   phase     what is under way                                     goes on when
//   Idle      nothing is deployed                                   start
//   Prepare   positions are resolved, tables prepared               Prepared
//   Raise     generation and a block of epochs are made durable     the record is written
//   Load      the newest completed manifest is read                 ManifestRead
//   Redrive   its committables are committed (again)                every sink has answered
//   Place     slots are looked for                                  Placed; else tried again
//   Deploy    subtasks restore                                      all run
//   Run       checkpoints                                           stop, drain, end: Finish; failure: Backoff, Finish
//   Backoff   the pipeline waits before it restarts                 time: Raise
//   Finish    the end state is made durable                         the record is written: Idle
//
// A rewind, that is, a start from an older checkpoint, is in the record before anything is done, and every start goes
// on with it until it is carried out or refused. Prepare → Survey → Raise → Load (that checkpoint) → Redrive (its own
// epochs) → Mark → Fence → Judge → Settle → Place. The order is what makes it exact: fenced before Redrive, the
// restored epochs would pass for committed; judged before Fence, a late commit could still land behind the judgement.
//
//   Survey    tables are asked for rows of later epochs: spares a   none, or duplicates are accepted: Raise
//             pipeline that will be refused the fence
//   Mark      the epoch of the fence is made durable                the record is written
//   Fence     a marker at that epoch goes into every table          every sink has answered
//   Judge     tables are asked again: nothing can follow now        none, or accepted: Settle; else FAILED
//   Settle    the older checkpoint becomes the newest one           the record is written: Place
//   Verify    a deployment says that its checkpoint is damaged      it is: back to an older one, if no table holds
//                                                                   rows of a later epoch; else FAILED
//
// A checkpoint: Collect answers → Store the manifest → Complete by compare-and-set → Commit per sink. One at a time, so
// that epoch e is in every table before e + 1 can complete. An epoch is triggered only when a record with highest_epoch
// ≥ it is durable; a generation is deployed only when it is. Intentions are made in record_ and acted on when they are
// in durable_; every write carries all intentions so far, and a write whose outcome is unknown is repeated with the
// same bytes before another one is made.
//
// Old checkpoints are collected after every commit, before a deployment, and at rest: always from what is in durable_,
// so that an order which is carried out late, or by a process that leads no more, deletes nothing that anybody needs.
//
// Thread:  one at a time.
class PipelineMachine {
 public:
  using Physical = std::function<absl::StatusOr<internal::v1::PhysicalPlan>(const v1::Plan&, uint32_t parallelism)>;
  struct Options {
    storage::v1::PipelineRecord record;  // as stored
    v1::Plan plan;                       // record.plan, parsed
    Term term;
    Physical plan_physical;
    std::string checkpoint_root;
    // Epochs reserved per write: what a restart may burn.
    uint64_t epoch_block = 16;
  };

  explicit PipelineMachine(Options options);
  std::vector<PipelineAction> Step(absl::Duration now, const PipelineEvent& event);

  v1::PipelineState state() const { return state_; }
  const std::string& reason() const { return reason_; }
  // With intentions that are not durable yet unless synced().
  const storage::v1::PipelineRecord& record() const { return record_; }
  bool synced() const { return !dirty_ && !writing_; }
  // Epochs of the checkpoints that a start can go back to, ascending.
  std::vector<uint64_t> Retained() const;
  const v1::Plan& plan() const { return plan_; }
  // Nothing is deployed or under way until the next start.
  bool at_rest() const { return phase_ == Phase::kIdle && synced(); }
  uint64_t restarts() const { return restarts_; }
  uint64_t last_state_bytes() const { return last_state_bytes_; }
  bool checkpoint_in_progress() const { return checkpoint_.has_value(); }
  absl::Duration checkpoint_interval() const { return schedule_.interval(); }
  absl::Duration last_checkpoint_duration() const { return last_checkpoint_duration_; }
  const std::optional<internal::v1::PhysicalPlan>& physical() const { return physical_; }

 private:
  enum class Phase {
    kIdle, kPrepare, kSurvey, kRaise, kLoad, kRedrive, kMark, kFence, kJudge, kSettle, kVerify, kPlace, kDeploy, kRun,
    kBackoff, kFinish, kFenced
  };
  enum class Stage { kCollect, kStore, kComplete, kCommit };
  struct Checkpoint {
    PendingCheckpoint pending;
    Stage stage = Stage::kCollect;
    absl::Duration started;
    std::vector<storage::v1::SourceState> assigned;  // when it was triggered: later splits need not be in it
    uint64_t ticket = 0;
    std::string name = {};
    storage::v1::Manifest manifest = {};
    absl::Duration rows_since = {};  // no row of it was read before
    absl::Duration acknowledged = {};
    absl::Duration completed = {};
  };

  void On(const event::TakeUp&);
  void On(const event::StartRequested& event);
  void On(const event::StopRequested& event);
  void On(const event::CancelRequested&);
  void On(const event::WorkersChanged& event);
  void On(const event::Prepared& event);
  void On(const event::SinksExamined& event);
  void On(const event::RecordWritten& event);
  void On(const event::ManifestRead& event);
  void On(const event::ManifestStored& event);
  void On(const event::CheckpointsCollected& event);
  void On(const event::Placed& event);
  void On(const event::FromWorker& event);
  void On(const event::SplitsFound& event);
  void On(const event::Tick&) {}
  void OnMessage(const std::string& worker_id, const internal::v1::SubtaskStatus& status);
  void OnMessage(const std::string& worker_id, const internal::v1::CheckpointAck& ack);
  void OnMessage(const std::string& worker_id, const internal::v1::CheckpointDecline& decline);
  void OnMessage(const std::string& worker_id, const internal::v1::CommitResult& result);

  // Start and end of a deployment (pipeline_machine.cc).
  void Begin();
  void Enter(Phase phase);
  void Deploy(const std::vector<internal::v1::SubtaskPlacement>& placements);
  void Teardown();
  void Finish(storage::v1::DesiredState end);
  // Restarts, or ends as FAILED.
  void Fail(std::string cause, bool permanent, observed::RestartReason reason = observed::RestartReason::kOther);
  // Does what has become possible; true: something changed, look again.
  bool Advance();
  bool AdvanceRun();
  void PumpCommits();

  // Back to older checkpoints (pipeline_rewind.cc).
  bool rewinding() const { return record_.has_rewind() && !stop_only_; }
  bool accepts_duplicates() const {
    return record_.rewind().sink_ahead() == storage::v1::SINK_AHEAD_POLICY_ACCEPT_DUPLICATES;
  }
  void AskRewind(uint64_t to_epoch, storage::v1::SinkAheadPolicy policy);
  // The checkpoint `epoch` cannot be restored: goes back to the one before it, if that is exact.
  void FallBack(uint64_t epoch, const std::string& damage);
  bool AdvanceRewind();
  void StartFence();
  void Settle(const std::vector<storage::v1::CommittedEpoch>& ahead);
  std::string Refusal(const std::vector<storage::v1::CommittedEpoch>& ahead) const;
  // The epoch that is being committed is in every table.
  void NoteCommitted();

  // The record (pipeline_record.cc).
  void PumpWrite();

  // Checkpoints of a running deployment (pipeline_checkpoints.cc).
  internal::v1::CheckpointKind DueCheckpoint() const;
  void Trigger(internal::v1::CheckpointKind kind);
  void AbortCheckpoint(std::string cause, bool permanent,
                       observed::CheckpointResult result = observed::CheckpointResult::kFailed);
  void StoreManifest();
  void OnCompleted();
  void OnCommitted();
  void AddFoundSplits();

  // Old checkpoints (pipeline_collection.cc). The lowest epoch whose blobs may still be named; nothing: not known now.
  std::optional<Epoch> FirstOpenEpoch() const;
  void PumpCollection();

  bool AllAre(const std::set<SubtaskId>& subtasks) const { return subtasks.size() == expected_.size(); }
  bool IsCurrent(uint64_t generation) const { return generation == durable_.generation(); }
  void Observe(PipelineObservation what) { actions_.push_back(action::Observed{std::move(what)}); }
  void SetState(v1::PipelineState state, std::string reason);
  void SendTo(const std::string& worker_id, internal::v1::CoordinatorMessage message);
  void SendToHosts(const internal::v1::CoordinatorMessage& message);
  std::vector<std::string> Committers() const;

  // Constant after construction.
  const Term term_;
  const v1::Plan plan_;
  const Physical plan_physical_;
  const std::string checkpoint_root_;
  const uint64_t epoch_block_;

  // The record.
  storage::v1::PipelineRecord record_;   // what we want stored
  storage::v1::PipelineRecord durable_;  // what is stored
  storage::v1::PipelineRecord writing_record_;
  bool dirty_ = false;
  bool writing_ = false;        // an answer is awaited or the same write is to be repeated
  bool repeat_write_ = false;
  absl::Duration repeat_at_;
  absl::Duration write_backoff_;

  v1::PipelineState state_;
  std::string reason_;
  Phase phase_ = Phase::kIdle;
  bool stop_only_ = false;  // Redrive leads to STOPPED, not to a deployment
  bool prepared_ = false;
  // When a user asked for the start whose connectors are not prepared yet.
  std::optional<absl::Duration> asked_at_;
  uint64_t ticket_ = 0;
  bool waiting_ = false;  // for a second try of the phase, at wake_at_
  absl::Duration wake_at_;
  absl::Duration now_;
  std::vector<PipelineAction> actions_;
  std::vector<event::WorkersChanged::Worker> workers_;

  // The deployment.
  std::optional<internal::v1::PhysicalPlan> physical_;
  std::set<std::string> hosts_;
  std::set<SubtaskId> expected_, running_, drained_;
  std::vector<storage::v1::SourceState> assigned_;
  uint64_t first_epoch_ = 0;  // of this deployment
  uint64_t next_epoch_ = 0;
  std::optional<Checkpoint> checkpoint_;
  std::optional<CommitProgress> commits_;
  uint64_t commit_epoch_ = 0;  // of commits_
  bool fencing_ = false;       // commits_ are fences
  std::string deploy_failure_;  // why Verify looks
  // The newest completed one, durable or about to be.
  std::optional<storage::v1::Manifest> manifest_;
  bool collection_due_ = false;
  bool collecting_ = false;
  absl::Duration collect_at_;
  absl::Duration collect_backoff_;
  CheckpointSchedule schedule_;
  RestartPolicy restart_policy_;
  uint64_t restarts_ = 0;
  uint64_t last_state_bytes_ = 0;
  absl::Duration last_checkpoint_duration_;
  absl::Duration rows_since_;  // the trigger of the newest completed checkpoint, or when the deployment began to run
};

}  // namespace millrace
