// The pipeline machine against a model of the world: workers that read, seal, acknowledge, die and commit late; a
// metadata store that fails and loses answers; users who start, stop, cancel and rescale; coordinators that crash and
// leave writes behind them. Old checkpoints are collected late, and by coordinators that are dead or lead no more.
// The oracle: every record of every split is in both tables exactly once, and no record is there twice at any time;
// what a restore needs is there, and at rest nothing else is.
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "base/random.h"
#include "state/checkpoint_gc.h"
#include "state/checkpoint_paths.h"
#include "coordinator/pipeline_machine.h"
#include "coordinator/pipeline_state.h"
#include "coordinator/placement.h"
#include "coordinator/record_codec.h"
#include "coordinator/record_writer.h"
#include "faulty_metadata_store.h"

namespace millrace {
namespace {

using internal::v1::CoordinatorMessage;

constexpr char kRecord[] = "pipelines/p";
constexpr int kNumSplits = 3;

v1::Plan PlanOfTest() {
  v1::Plan plan;
  plan.set_name("p");
  plan.mutable_checkpoint()->set_interval_ms(100);
  plan.mutable_checkpoint()->set_timeout_ms(400);
  plan.mutable_restart()->set_initial_backoff_ms(10);
  plan.mutable_restart()->set_max_backoff_ms(100);
  plan.mutable_restart()->set_max_restarts(10);
  return plan;
}

absl::StatusOr<internal::v1::PhysicalPlan> PhysicalOfTest(const v1::Plan& plan, uint32_t parallelism) {
  internal::v1::PhysicalPlan physical;
  *physical.mutable_plan() = plan;
  physical.set_parallelism(parallelism);
  auto* sources = physical.add_stages();
  sources->add_nodes()->set_uid("in");
  auto* sinks = physical.add_stages();
  sinks->set_id(1);
  for (const char* uid : {"a", "b"}) {
    auto* sink = sinks->add_nodes();
    sink->set_uid(uid);
    sink->mutable_sink()->set_connector("table");
  }
  auto* counts = sinks->add_nodes();
  counts->set_uid("op");
  counts->set_state_fingerprint("counts/1");
  return physical;
}

// A source subtask and the sink subtask that it feeds.
struct Lane {
  std::map<std::string, storage::v1::SplitState> splits;
  std::map<std::string, int64_t> sealed_up_to;
  std::vector<storage::v1::Committable> unclaimed;
  std::set<std::string> files;  // of its state, as the last snapshot named them
  bool ended = false;
  bool drained = false;
};

struct Worker {
  std::string id;
  bool connected = true;
  bool leaving = false;
  uint64_t generation = 0;
  std::map<uint32_t, Lane> lanes;
  absl::Duration last_up, last_down;
};

// Rows of a table: split → [from, to) ranges that were committed, but for epochs whose rows are known to come again.
struct Table {
  uint64_t last_epoch = 0;
  uint64_t fence = 0;
  std::set<uint64_t> applied;
  std::map<uint64_t, std::vector<std::tuple<std::string, int64_t, int64_t>>> rows;
  std::map<std::string, std::map<int64_t, int64_t>> ranges;
};

class World {
 public:
  explicit World(uint64_t seed) : random_(seed), store_(seed + 1), bounded_(random_.Chance(0.3)) {
    storage::v1::PipelineRecord record;
    record.set_format_version(1);
    record.set_name("p");
    record.set_lineage("l");
    record.set_desired(storage::v1::DESIRED_STATE_CREATED);
    record.set_parallelism(2);
    EXPECT_TRUE(store_.CompareAndSet(kRecord, 0, EncodeRecord(record)).ok());
    for (int i = 0; i < 3; ++i) AddWorker();
    StartCoordinator();
  }

  void Run() {
    SetFaults(true);
    for (int step = 0; step < 400 && !::testing::Test::HasFailure(); ++step) {
      UserActs();
      Disaster();
      Pass(absl::Milliseconds(random_.Below(60)));
    }
    Settle();
  }
  uint64_t num_commits() const { return num_commits_; }
  uint64_t num_restarts() const { return num_restarts_; }
  uint64_t num_collected() const { return num_collected_; }
  uint64_t num_stragglers() const { return num_stragglers_; }
  uint64_t num_rewinds() const { return num_rewinds_; }
  uint64_t num_duplicated() const { return num_duplicated_; }

 private:
  // ---- time
  void At(absl::Duration when, std::function<void()> what) { agenda_.emplace(when, std::move(what)); }
  void Pass(absl::Duration span) {
    absl::Duration end = now_ + span;
    while (!agenda_.empty() && agenda_.begin()->first <= end && !::testing::Test::HasFailure()) {
      auto next = agenda_.extract(agenda_.begin());
      now_ = std::max(now_, next.key());
      next.mapped()();
    }
    now_ = end;
    Read();
    Feed(event::Tick{});
  }
  absl::Duration Delay() {
    return absl::Milliseconds(random_.Chance(0.1) ? random_.Below(300) : random_.Below(15));
  }
  void SetFaults(bool on) {
    faults_ = on;
    store_.set_failure_probability(on ? 0.1 : 0);
  }
  bool Fault(double probability) { return faults_ && random_.Chance(probability); }

  // ---- the coordinator
  void StartCoordinator() {
    absl::StatusOr<VersionedRecord> stored = store_.Stored(kRecord);
    PipelineMachine::Options options;
    EXPECT_TRUE(options.record.ParseFromString(stored->bytes));
    version_ = stored->version;
    options.plan = PlanOfTest();
    options.term = Term(++term_);
    options.plan_physical = PhysicalOfTest;
    options.epoch_block = 4;
    machine_ = std::make_unique<PipelineMachine>(std::move(options));
    used_.clear();
    Feed(event::TakeUp{});
    // Workers come back one by one.
    for (Worker& worker : workers_) worker.connected = true;
    FeedWorkers("");
  }
  void FeedWorkers(std::string cause) {
    event::WorkersChanged changed;
    changed.cause = std::move(cause);
    for (Worker& worker : workers_) {
      if (worker.connected) changed.workers.push_back({worker.id, worker.leaving});
    }
    Feed(changed);
  }
  void Feed(PipelineEvent event) {
    inbox_.push_back(std::move(event));
    if (feeding_) return;
    feeding_ = true;
    while (!inbox_.empty() && !::testing::Test::HasFailure()) {
      PipelineEvent next = std::move(inbox_.front());
      inbox_.pop_front();
      for (const PipelineAction& todo : machine_->Step(now_, next)) {
        std::visit([this](const auto& a) { Do(a); }, todo);
      }
      if (fenced_) {
        fenced_ = false;
        inbox_.clear();
        feeding_ = false;
        return StartCoordinator();
      }
    }
    feeding_ = false;
  }
  // Answers reach only the coordinator that asked.
  void Answer(uint64_t term, PipelineEvent event) {
    if (term == term_) Feed(std::move(event));
  }
  void Do(const action::Changed&) {}
  void Do(const action::Observed&) {}
  void Do(const action::Fenced&) { fenced_ = true; }
  void Do(const action::ReleaseSlots&) { used_.clear(); }
  void Do(const action::WriteRecord& write) {
    // One write at a time; it may reach the store after its coordinator has died.
    At(now_ + Delay(), [this, write, term = term_, version = version_] {
      absl::StatusOr<uint64_t> written = WriteRecord(store_, kRecord, version, write.bytes);
      if (written.ok() && term == term_) version_ = *written;
      NoteRecord();
      absl::Status status = written.status();
      At(now_ + Delay(), [=, this] { Answer(term, event::RecordWritten{status}); });
    });
  }
  void NoteRecord() {
    storage::v1::PipelineRecord record = Record();
    if (record.completed_epoch() > 0) completed_.insert(record.completed_epoch());
    EXPECT_GE(record.highest_epoch(), record.completed_epoch());
    EXPECT_GE(record.completed_epoch(), record.committed_epoch());
    EXPECT_GE(record.generation(), last_record_.generation());
    EXPECT_GE(record.highest_epoch(), last_record_.highest_epoch());
    if (record.last_rewind().fence_epoch() > last_record_.last_rewind().fence_epoch()) {
      Rewound(record.last_rewind());
    } else {
      EXPECT_GE(record.completed_epoch(), last_record_.completed_epoch());
    }
    last_record_ = record;
  }
  // From now on nothing that is abandoned may come; what was accepted to be there twice makes room for its replay.
  void Rewound(const storage::v1::Rewind& rewind) {
    ++num_rewinds_;
    EXPECT_GE(rewind.fence_epoch(), last_record_.completed_epoch());
    std::map<std::string, std::set<uint64_t>> told;
    for (const auto& ahead : rewind.ahead()) told[ahead.sink_uid()].insert(ahead.epoch());
    for (const char* uid : {"a", "b"}) {
      Table& table = tables_[uid];
      EXPECT_GE(table.last_epoch, rewind.fence_epoch()) << "no fence in " << uid;
      std::set<uint64_t> there;
      for (auto it = table.rows.upper_bound(rewind.to_epoch()); it != table.rows.end(); it = table.rows.erase(it)) {
        there.insert(it->first);
        for (const auto& [split, from, to] : it->second) table.ranges[split].erase(from);
        ++num_duplicated_;
      }
      EXPECT_EQ(told[uid], there) << "what is there twice in " << uid;
    }
    last_commit_sent_ = 0;
  }
  storage::v1::PipelineRecord Record() {
    storage::v1::PipelineRecord record;
    EXPECT_TRUE(record.ParseFromString(store_.Stored(kRecord)->bytes));
    return record;
  }
  void Do(const action::Prepare& prepare) {
    storage::v1::SourceState source;
    source.set_uid("in");
    for (int i = 0; i < kNumSplits - 1; ++i) {  // the last one is found later
      auto* split = source.add_splits();
      split->set_id(Cat("t/", i));
      split->set_end_position(bounded_ ? 500 + 100 * i : -1);
    }
    event::Prepared prepared{prepare.ticket, PreparedConnectors{{source}, {}}};
    if (Fault(0.1)) prepared.connectors = Unavailable("broker away");
    At(now_ + Delay(), [this, prepared, term = term_] { Answer(term, prepared); });
  }
  void Do(const action::ExamineSinks& examine) {
    event::SinksExamined answer{examine.ticket, Unavailable("tables away")};
    const bool fails = Fault(0.2);
    At(now_ + Delay(), [this, answer, fails, after = examine.after.value(), term = term_]() mutable {
      std::vector<storage::v1::CommittedEpoch> ahead;
      for (const char* uid : {"a", "b"}) {
        for (auto it = tables_[uid].rows.upper_bound(after); it != tables_[uid].rows.end(); ++it) {
          storage::v1::CommittedEpoch& epoch = ahead.emplace_back();
          epoch.set_sink_uid(uid);
          epoch.set_epoch(it->first);
        }
      }
      if (!fails) answer.ahead = std::move(ahead);
      At(now_ + Delay(), [=, this] { Answer(term, answer); });
    });
  }
  void Do(const action::ReadManifest& read) {
    event::ManifestRead answer{read.ticket, Unavailable("storage away")};
    if (!Fault(0.2)) {
      ASSERT_TRUE(blobs_.contains(read.name)) << read.name;
      answer.manifest = blobs_[read.name];
    }
    At(now_ + Delay(), [this, answer, term = term_] { Answer(term, answer); });
  }
  void Do(const action::PutManifest& put) {
    At(now_ + Delay(), [this, put, term = term_] {
      bool fails = Fault(0.1);
      if (!fails || random_.Chance(0.5)) blobs_[put.name] = put.manifest;
      absl::Status status = fails ? Unavailable("storage away") : absl::OkStatus();
      At(now_ + Delay(), [=, this] { Answer(term, event::ManifestStored{put.ticket, status}); });
    });
  }
  void Do(const action::CollectCheckpoints& collect) {
    ASSERT_TRUE(collecting_.insert(term_).second) << "two collections at once";
    storage::v1::PipelineRecord record = Record();
    ASSERT_LE(collect.order.first_open.value(), record.highest_epoch() + 1);
    // Without a fence: an order that was right once stays harmless.
    absl::Duration late = random_.Chance(0.1) ? absl::Seconds(3) : Delay();
    At(now_ + late, [this, order = collect.order, term = term_] {
      absl::Status status = Fault(0.1) ? Unavailable("storage away") : Collect(order, term);
      At(now_ + Delay(), [=, this] {
        collecting_.erase(term);
        Answer(term, event::CheckpointsCollected{status});
      });
    });
  }
  absl::Status Collect(const CollectionOrder& order, uint64_t term) {
    std::vector<storage::v1::Manifest> retained;
    for (const std::string& name : order.retained) {
      auto found = blobs_.find(name);
      if (found == blobs_.end()) {
        EXPECT_LT(term, term_) << "a leader's own checkpoint is gone: " << name;
        return Aborted("a younger leader has collected");
      }
      retained.push_back(found->second);
    }
    std::vector<std::string> names(state_blobs_.begin(), state_blobs_.end());
    for (const auto& [name, manifest] : blobs_) names.push_back(name);
    GarbagePlan plan = PlanGarbage("p", "l", retained, names, order.first_open);
    EXPECT_EQ(plan.missing, std::vector<std::string>());
    for (const std::string& name : plan.garbage) {
      if (Fault(0.02)) return Unavailable("storage away");
      num_collected_ += state_blobs_.erase(name) + blobs_.erase(name);
    }
    return absl::OkStatus();
  }
  void Do(const action::PlaceSubtasks& place) {
    std::vector<WorkerSlots> slots;
    for (const Worker& worker : workers_) {
      if (worker.connected && !worker.leaving) slots.push_back({worker.id, "host:1", 2, used_[worker.id]});
    }
    auto placements = Place("p", place.stages, place.parallelism, slots);
    if (placements.ok()) {
      for (const auto& placement : *placements) used_[placement.worker_id()].insert(placement.slot());
    }
    inbox_.push_back(event::Placed{place.ticket, placements});
  }
  void Do(const action::Send& send) {
    Worker* worker = Find(send.worker_id);
    ASSERT_NE(worker, nullptr) << "message to a dead worker";
    if (send.message.has_trigger_checkpoint()) {
      const auto& trigger = send.message.trigger_checkpoint();
      auto [at, first] = triggered_.try_emplace(trigger.epoch(), trigger.generation(), now_);
      ASSERT_EQ(at->second, std::pair(trigger.generation(), now_)) << "epoch " << trigger.epoch() << " was triggered twice";
      ASSERT_LE(trigger.epoch(), Record().highest_epoch()) << "epoch is not durable";
    }
    if (send.message.has_deploy()) {
      uint64_t generation = send.message.deploy().generation();
      ASSERT_LE(generation, Record().generation());
      auto [at, first] = deployed_.try_emplace(generation, now_);
      ASSERT_EQ(at->second, now_) << "generation " << generation << " was deployed twice";
      ASSERT_EQ(deployed_.rbegin()->first, generation) << "an old generation was deployed";
    }
    if (send.message.has_commit_epoch()) {
      const internal::v1::CommitEpoch& commit = send.message.commit_epoch();
      if (!commit.fence()) {
        ASSERT_TRUE(completed_.contains(commit.epoch())) << "commit of an epoch that is not complete";
        if (!machine_->record().has_rewind()) {
          ASSERT_GE(commit.epoch(), last_commit_sent_);
        }
        last_commit_sent_ = commit.epoch();
      }
    }
    worker->last_down = std::max(worker->last_down, now_ + Delay());
    At(worker->last_down, [this, id = worker->id, message = send.message] {
      if (Worker* to = Find(id)) OnMessage(*to, message);
    });
  }

  // ---- workers
  void AddWorker() {
    Worker& worker = workers_.emplace_back();
    worker.id = Cat("w", ++num_workers_);
  }
  Worker* Find(const std::string& id) {
    for (Worker& worker : workers_) {
      if (worker.id == id) return &worker;
    }
    return nullptr;
  }
  void Up(Worker& worker, decltype(event::FromWorker::message) message) {
    worker.last_up = std::max(worker.last_up, now_ + Delay());
    At(worker.last_up, [this, id = worker.id, message, term = term_] {
      if (Find(id) != nullptr) Answer(term, event::FromWorker{id, message});
    });
  }
  internal::v1::SubtaskRef Ref(const Worker& worker, uint32_t stage, uint32_t index) {
    internal::v1::SubtaskRef ref;
    ref.set_generation(worker.generation);
    ref.set_stage(stage);
    ref.set_index(index);
    return ref;
  }
  void Status(Worker& worker, uint32_t index, internal::v1::SubtaskPhase phase, bool permanent = false) {
    for (uint32_t stage : {0, 1}) {
      internal::v1::SubtaskStatus status;
      *status.mutable_subtask() = Ref(worker, stage, index);
      status.set_phase(phase);
      if (phase == internal::v1::SUBTASK_PHASE_FAILED) status.mutable_error()->set_permanent(permanent);
      Up(worker, status);
    }
  }
  void OnMessage(Worker& worker, const CoordinatorMessage& message) {
    if (message.has_undeploy() && message.undeploy().generation() >= worker.generation) worker.lanes.clear();
    if (message.has_deploy() && message.deploy().generation() > worker.generation) OnDeploy(worker, message.deploy());
    if (message.has_add_splits() && message.add_splits().generation() == worker.generation) {
      const auto& assignment = message.add_splits().assignment();
      if (auto lane = worker.lanes.find(assignment.index()); lane != worker.lanes.end()) Give(lane->second, assignment);
    }
    if (message.has_trigger_checkpoint() && message.trigger_checkpoint().generation() == worker.generation) {
      for (auto& [index, lane] : worker.lanes) OnBarrier(worker, index, lane, message.trigger_checkpoint());
    }
    if (message.has_checkpoint_completed() && message.checkpoint_completed().generation() == worker.generation) {
      for (auto& [index, lane] : worker.lanes) {
        if (Fault(0.2)) continue;  // it looks at the message only after the next barrier
        std::erase_if(lane.unclaimed, [&](const auto& c) { return c.sealed_epoch() <= message.checkpoint_completed().epoch(); });
      }
    }
    if (message.has_commit_epoch()) OnCommit(worker, message.commit_epoch());
  }
  static void Give(Lane& lane, const internal::v1::SplitAssignment& assignment) {
    for (const auto& split : assignment.splits()) {
      ASSERT_FALSE(lane.splits.contains(split.id()));
      lane.splits[split.id()] = split;
      lane.sealed_up_to[split.id()] = split.position();
    }
  }
  void OnDeploy(Worker& worker, const internal::v1::Deploy& deploy) {
    worker.generation = deploy.generation();
    worker.lanes.clear();
    for (const auto& placement : deploy.placements()) {
      if (placement.worker_id() == worker.id) worker.lanes[placement.index()];
    }
    for (const auto& assignment : deploy.splits()) {
      if (worker.lanes.contains(assignment.index())) Give(worker.lanes[assignment.index()], assignment);
    }
    for (const auto& state : deploy.restore().operators()) {
      for (const auto& handle : state.handles()) {
        for (const auto& file : handle.files()) {
          ASSERT_TRUE(state_blobs_.contains(file.blob())) << "restored state is gone: " << file.blob();
          // At another parallelism several subtasks take parts of one file.
          for (auto& [index, lane] : worker.lanes) lane.files.insert(file.blob());
        }
      }
    }
    for (auto& [index, lane] : worker.lanes) Status(worker, index, internal::v1::SUBTASK_PHASE_RUNNING);
  }
  void Read() {
    for (Worker& worker : workers_) {
      for (auto& [index, lane] : worker.lanes) {
        if (lane.ended) continue;
        bool all_finished = bounded_;
        for (auto& [id, split] : lane.splits) {
          int64_t next = split.position() + static_cast<int64_t>(random_.Below(9));
          if (split.end_position() >= 0) next = std::min(next, split.end_position());
          split.set_position(next);
          split.set_finished(next == split.end_position());
          all_finished = all_finished && split.finished();
        }
        if (all_finished && !lane.drained) {
          lane.drained = true;
          Status(worker, index, internal::v1::SUBTASK_PHASE_DRAINED);
        }
        if (Fault(0.002)) Status(worker, index, internal::v1::SUBTASK_PHASE_FAILED, random_.Chance(0.1));
      }
    }
  }
  void OnBarrier(Worker& worker, uint32_t index, Lane& lane, const internal::v1::TriggerCheckpoint& trigger) {
    ASSERT_FALSE(lane.ended) << "a barrier behind the last one";
    lane.ended = trigger.kind() != internal::v1::CHECKPOINT_KIND_PERIODIC;
    internal::v1::CheckpointAck source_ack, sink_ack;
    auto* source = source_ack.add_sources();
    source->set_uid("in");
    storage::v1::Committable sealed;
    sealed.set_sealed_epoch(trigger.epoch());
    for (auto& [id, split] : lane.splits) {
      *source->add_splits() = split;
      if (split.position() > lane.sealed_up_to[id]) {
        sealed.set_bytes(Cat(sealed.bytes(), id, " ", lane.sealed_up_to[id], " ", split.position(), "\n"));
      }
      lane.sealed_up_to[id] = split.position();
    }
    if (!sealed.bytes().empty()) lane.unclaimed.push_back(sealed);
    for (const char* uid : {"a", "b"}) {
      auto* sink = sink_ack.add_sinks();
      sink->set_uid(uid);
      for (const auto& committable : lane.unclaimed) *sink->add_committables() = committable;
    }
    std::erase_if(lane.files, [&](const std::string&) { return random_.Chance(0.3); });
    lane.files.insert(Cat(StatePrefix("p", "l", "op", Epoch(trigger.epoch())), "/", index));
    state_blobs_.insert(lane.files.begin(), lane.files.end());
    auto* state = sink_ack.add_operators();
    state->set_uid("op");
    state->set_schema_fingerprint("counts/1");
    auto* handle = state->add_handles();
    for (const std::string& file : lane.files) handle->add_files()->set_blob(file);
    *source_ack.mutable_subtask() = Ref(worker, 0, index);
    *sink_ack.mutable_subtask() = Ref(worker, 1, index);
    source_ack.set_epoch(trigger.epoch());
    sink_ack.set_epoch(trigger.epoch());
    Up(worker, source_ack);
    if (Fault(0.05)) {
      internal::v1::CheckpointDecline decline;
      *decline.mutable_subtask() = Ref(worker, 1, index);
      decline.set_epoch(trigger.epoch());
      return Up(worker, decline);
    }
    if (Fault(0.02)) return;  // it hangs: the checkpoint times out
    Up(worker, sink_ack);
    if (Fault(0.05)) Up(worker, sink_ack);
  }
  void OnCommit(Worker& worker, const internal::v1::CommitEpoch& commit) {
    internal::v1::CommitResult result;
    result.set_generation(commit.generation());
    result.set_epoch(commit.epoch());
    result.set_sink_uid(commit.sink_uid());
    bool fails = Fault(0.15);
    if (fails) result.mutable_error()->set_code(static_cast<int>(absl::StatusCode::kUnavailable));
    bool lands = !fails || random_.Chance(0.5);
    // What is on its way lands even if the worker dies meanwhile.
    At(now_ + Delay(), [this, commit, lands, result, id = worker.id]() mutable {
      if (lands && !Apply(commit)) result.mutable_error()->set_code(static_cast<int>(absl::StatusCode::kAborted));
      if (Worker* alive = Find(id)) Up(*alive, result);
    });
  }
  // False: a fence keeps it out.
  bool Apply(const internal::v1::CommitEpoch& commit) {
    Table& table = tables_[commit.sink_uid()];
    if (commit.fence()) {
      table.last_epoch = std::max(table.last_epoch, commit.epoch());
      table.fence = std::max(table.fence, commit.epoch());
      return true;
    }
    if (commit.epoch() <= table.last_epoch) {
      if (table.applied.contains(commit.epoch())) return true;
      EXPECT_LE(commit.epoch(), table.fence) << "epoch " << commit.epoch() << " comes too late";
      return false;
    }
    table.last_epoch = commit.epoch();
    table.applied.insert(commit.epoch());
    ++num_commits_;
    for (const auto& committable : commit.committables()) {
      std::istringstream lines(committable.bytes());
      std::string split;
      int64_t from, to;
      while (lines >> split >> from >> to) {
        table.rows[commit.epoch()].emplace_back(split, from, to);
        EXPECT_TRUE(table.ranges[split].emplace(from, to).second)
            << "rows of " << split << " from " << from << " are there twice: epoch " << commit.epoch();
      }
    }
    return true;
  }

  // ---- users and disasters
  void UserActs() {
    switch (random_.Below(30)) {
      case 0:
      case 1:
      case 2:
        if (MayStart("p", machine_->state()).ok()) {
          event::StartRequested start{static_cast<uint32_t>(random_.Below(4))};
          const std::vector<uint64_t> retained = machine_->Retained();
          if (!retained.empty() && random_.Chance(0.4)) {
            start.from_epoch = retained[random_.Below(retained.size())];
            if (random_.Chance(0.7)) start.sink_ahead = storage::v1::SINK_AHEAD_POLICY_ACCEPT_DUPLICATES;
          }
          Feed(start);
        }
        break;
      case 3:
        if (MayStop("p", machine_->state()).ok()) Feed(event::StopRequested{random_.Chance(0.1)});
        break;
      case 4:
        if (random_.Chance(0.3) && MayCancel("p", machine_->state()).ok()) Feed(event::CancelRequested{});
        break;
      case 5: {
        storage::v1::SourceState found;
        found.set_uid("in");
        found.add_splits()->set_id(Cat("t/", kNumSplits - 1));
        found.mutable_splits(0)->set_end_position(-1);
        if (!bounded_) Feed(event::SplitsFound{found});
        break;
      }
      default:
        break;
    }
  }
  void Disaster() {
    if (Fault(0.02) && workers_.size() > 1) {
      std::string id = workers_[random_.Below(workers_.size())].id;
      std::erase_if(workers_, [&](const Worker& worker) { return worker.id == id; });
      FeedWorkers("connection reset");
    }
    if (workers_.size() < 3 && random_.Chance(0.1)) {
      AddWorker();
      FeedWorkers("");
    }
    if (Fault(0.005)) {
      workers_[random_.Below(workers_.size())].leaving = true;
      FeedWorkers("");
    }
    if (Fault(0.01)) {
      ++num_restarts_;
      inbox_.clear();
      StartCoordinator();
    }
  }

  // The world heals; the pipeline must run, complete a checkpoint and stop, and the tables must hold what was read.
  void Settle() {
    SetFaults(false);
    std::erase_if(workers_, [](const Worker& worker) { return worker.leaving; });
    while (workers_.size() < 3) AddWorker();
    FeedWorkers("went away");
    auto wait_for = [&](const char* what, auto holds) {
      for (int i = 0; i < 4000 && !::testing::Test::HasFailure(); ++i) {
        if (holds()) return true;
        Pass(absl::Milliseconds(20));
      }
      ADD_FAILURE() << "never came: " << what << "; state " << StateName(machine_->state()) << ": " << machine_->reason();
      return false;
    };
    auto state = [&] { return machine_->state(); };
    auto at_rest = [&] {
      return machine_->synced() && (MayStart("p", state()).ok() || state() == v1::PIPELINE_STATE_FINISHED);
    };
    uint64_t before = machine_->record().completed_epoch();
    if (!wait_for("a checkpoint", [&] {
          // What users and workers have said before may still stop it.
          if (machine_->synced() && MayStart("p", state()).ok()) {
            event::StartRequested start{3};
            // A rewind that was refused behind its fence: the user gives way.
            if (machine_->record().has_rewind()) {
              start.from_epoch = machine_->Retained().front();
              start.sink_ahead = storage::v1::SINK_AHEAD_POLICY_ACCEPT_DUPLICATES;
            }
            Feed(start);
          }
          return machine_->record().committed_epoch() > before || state() == v1::PIPELINE_STATE_FINISHED;
        })) {
      return;
    }
    if (MayStop("p", state()).ok()) Feed(event::StopRequested{false});
    if (!wait_for("the end", at_rest)) return;

    storage::v1::PipelineRecord record = Record();
    EXPECT_EQ(record.completed_epoch(), record.committed_epoch());
    ASSERT_TRUE(blobs_.contains(record.completed_manifest()));
    // What a dead coordinator's put brings to storage after the last collection waits for the next leader.
    ASSERT_LE(record.retained_manifests_size(), 3);
    std::set<std::string> kept(record.retained_manifests().begin(), record.retained_manifests().end());
    std::set<std::string> needed;
    for (const std::string& name : kept) {
      for (const auto& state : blobs_[name].operators()) {
        for (const auto& handle : state.handles()) {
          for (const auto& file : handle.files()) needed.insert(file.blob());
        }
      }
    }
    auto clean = [&] { return state_blobs_ == needed && blobs_.size() == kept.size(); };
    for (int i = 0; i < 300 && !clean(); ++i) Pass(absl::Milliseconds(20));
    if (!clean()) {
      ++num_stragglers_;
      StartCoordinator();
      if (!wait_for("the collection", clean)) return;
    }
    const storage::v1::Manifest& manifest = blobs_[record.completed_manifest()];
    for (const char* uid : {"a", "b"}) {
      for (const auto& split : manifest.sources(0).splits()) {
        int64_t next = 0;
        for (auto [from, to] : tables_[uid].ranges[split.id()]) {
          ASSERT_EQ(from, next) << "rows of " << split.id() << " are missing or there twice in " << uid;
          next = to;
        }
        EXPECT_EQ(next, split.position()) << split.id() << " in " << uid;
      }
    }
  }

  Random random_;
  FaultyMetadataStore store_;
  const bool bounded_;
  bool faults_ = false;
  absl::Duration now_;
  std::multimap<absl::Duration, std::function<void()>> agenda_;
  std::deque<PipelineEvent> inbox_;
  bool feeding_ = false;
  bool fenced_ = false;
  std::unique_ptr<PipelineMachine> machine_;
  uint64_t term_ = 0;
  uint64_t version_ = 0;
  std::vector<Worker> workers_;
  int num_workers_ = 0;
  std::map<std::string, std::set<uint32_t>> used_;
  std::map<std::string, storage::v1::Manifest> blobs_;
  std::set<std::string> state_blobs_;
  std::set<uint64_t> collecting_;  // terms
  uint64_t num_collected_ = 0;
  uint64_t num_stragglers_ = 0;
  std::map<std::string, Table> tables_;
  std::map<uint64_t, std::pair<uint64_t, absl::Duration>> triggered_;
  std::map<uint64_t, absl::Duration> deployed_;
  std::set<uint64_t> completed_;
  uint64_t last_commit_sent_ = 0;
  storage::v1::PipelineRecord last_record_;
  uint64_t num_commits_ = 0;
  uint64_t num_restarts_ = 0;
  uint64_t num_rewinds_ = 0;
  uint64_t num_duplicated_ = 0;
};

TEST(PipelineMachine, EveryRecordIsCommittedExactlyOnceWhateverHappens) {
  const char* only = std::getenv("MILLRACE_SEED");
  uint64_t first = only ? std::strtoull(only, nullptr, 10) : 1;
  uint64_t last = only ? first : 2000;
  uint64_t num_commits = 0;
  uint64_t num_restarts = 0;
  uint64_t num_collected = 0;
  uint64_t num_stragglers = 0;
  uint64_t num_rewinds = 0;
  uint64_t num_duplicated = 0;
  for (uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE(Cat("MILLRACE_SEED=", seed));
    World world(seed);
    world.Run();
    num_commits += world.num_commits();
    num_restarts += world.num_restarts();
    num_collected += world.num_collected();
    num_stragglers += world.num_stragglers();
    num_rewinds += world.num_rewinds();
    num_duplicated += world.num_duplicated();
    if (HasFailure()) {
      FAIL() << "seed " << seed;
    }
  }
  // The model would prove nothing if it did nothing.
  if (!only) {
    EXPECT_GT(num_commits, 20'000u);
    EXPECT_GT(num_restarts, 2'000u);
    EXPECT_GT(num_collected, 20'000u);
    EXPECT_GT(num_rewinds, 500u);
    EXPECT_GT(num_duplicated, 100u);
    EXPECT_LT(num_stragglers, last / 20);
  }
}

}  // namespace
}  // namespace millrace
