#include "coordinator/coordinator.h"

#include <gtest/gtest.h>

#include "base/memory_blob_store.h"
#include "coordinator/file_metadata_store.h"
#include "fake_connectors.h"
#include "fake_transport.h"
#include "scripted_worker.h"
#include "virtual_time.h"

namespace millrace {
namespace {

class OneStore final : public BlobStoreFactory {
 public:
  absl::StatusOr<std::shared_ptr<BlobStore>> Open(std::string_view) override { return store; }
  const std::shared_ptr<MemoryBlobStore> store = std::make_shared<MemoryBlobStore>();
};

class CountingLeadership final : public Leadership {
 public:
  absl::StatusOr<Term> Acquire() override {
    Term term(++terms);
    if (overtaken) ++terms;
    return term;
  }
  absl::Status Confirm(Term term) override { return terms > term.value() ? Aborted("another leads") : absl::OkStatus(); }
  uint64_t terms = 0;
  bool overtaken = false;  // by another, as soon as it has acquired
};

absl::StatusOr<internal::v1::PhysicalPlan> PhysicalOfTest(const v1::Plan& plan, uint32_t parallelism) {
  if (parallelism > 720) return InvalidArgument("parallelism ", parallelism, ": at most 720");
  internal::v1::PhysicalPlan physical;
  *physical.mutable_plan() = plan;
  physical.set_parallelism(parallelism);
  auto* stage = physical.add_stages();
  auto* source = stage->add_nodes();
  source->set_uid("in");
  source->mutable_source()->set_connector("fake");
  auto* sink = stage->add_nodes();
  sink->set_uid("out");
  sink->mutable_sink()->set_connector("fake");
  auto* column = sink->add_input_schemas()->add_columns();
  column->set_name("a");
  column->set_type("BIGINT");
  return physical;
}

class CoordinatorTest : public ::testing::Test {
 protected:
  CoordinatorTest() {
    connectors_.AddSource("fake", std::make_unique<FakeSourceConnector>(&outside_));
    connectors_.AddSink("fake", std::make_unique<FakeSinkConnector>(&outside_));
    StartCoordinator();
  }
  Coordinator::Options OptionsOfTest() {
    Coordinator::Options options;
    options.clock = &time_;
    options.executor = &time_;
    options.io_pool = &time_;
    options.transport = &transport_;
    options.metadata = &metadata_;
    options.leadership = &leadership_;
    options.blob_stores = &blobs_;
    options.connectors = &connectors_;
    options.metrics = &metrics_;
    options.checkpoint_root = "memory";
    options.validate = [](const v1::Plan& plan) {
      std::vector<v1::Diagnostic> diagnostics;
      if (plan.name().empty()) {
        diagnostics.emplace_back().set_field("name");
        diagnostics.back().set_message("give it one");
      }
      return diagnostics;
    };
    options.plan_physical = [this](const v1::Plan& plan, uint32_t parallelism) {
      absl::StatusOr<internal::v1::PhysicalPlan> physical = PhysicalOfTest(plan, parallelism);
      if (physical.ok()) physical->mutable_stages(0)->mutable_nodes(0)->set_state_fingerprint(fingerprint_);
      return physical;
    };
    options.on_fenced = [this](absl::Status why) { fenced_ = why; };
    return options;
  }
  void StartCoordinator() {
    coordinator_.reset();
    coordinator_ = std::make_unique<Coordinator>(OptionsOfTest());
    coordinator_->Run();
    time_.Pass(absl::Milliseconds(50));
  }
  ScriptedWorker& AddWorker(std::string id) {
    workers_.push_back(std::make_unique<ScriptedWorker>(id, &transport_, &time_));
    return *workers_.back();
  }
  static v1::Plan PlanOfTest() {
    v1::Plan plan;
    plan.set_name("p");
    plan.mutable_checkpoint()->set_interval_ms(1000);
    return plan;
  }
  absl::StatusOr<v1::Pipeline> Await(const std::function<void(Coordinator::Done)>& call) {
    auto result = std::make_shared<std::optional<absl::StatusOr<v1::Pipeline>>>();
    call([result](absl::StatusOr<v1::Pipeline> answer) { *result = std::move(answer); });
    if (!time_.PassUntil([&] { return result->has_value(); })) return absl::DeadlineExceededError("no answer");
    return **result;
  }
  absl::StatusOr<v1::Pipeline> Create(v1::Plan plan, std::string request_id = "r1") {
    return Await([&](Coordinator::Done done) { coordinator_->Create(plan, request_id, std::move(done)); });
  }
  absl::StatusOr<v1::Pipeline> Start(uint32_t parallelism = 0) {
    return Await([&](Coordinator::Done done) { coordinator_->Start("p", parallelism, std::move(done)); });
  }
  absl::StatusOr<v1::Pipeline> Stop() {
    return Await([&](Coordinator::Done done) { coordinator_->Stop("p", false, std::move(done)); });
  }
  v1::Pipeline Get() {
    return *Await([&](Coordinator::Done done) { coordinator_->Get("p", std::move(done)); });
  }
  bool AwaitState(v1::PipelineState state) {
    return time_.PassUntil([&] { return Get().state() == state; });
  }

  std::string fingerprint_;  // of the state of operator "in"; empty: it has none
  VirtualTime time_;
  FakeTransport transport_;
  FakeOutside outside_;
  ConnectorRegistry connectors_;
  OneStore blobs_;
  MemoryBlobStore records_;
  FileMetadataStore metadata_{&records_};
  CountingLeadership leadership_;
  Metrics metrics_;
  absl::Status fenced_;
  std::vector<std::unique_ptr<ScriptedWorker>> workers_;
  std::unique_ptr<Coordinator> coordinator_;
};

// Found by the simulation: the old leader, cut off for a while, had no pipeline that ran, so it never wrote, and kept
// the workers that had connected to it for ever.
TEST_F(CoordinatorTest, ALeaderThatHasNothingToWriteLearnsThatAnotherLeads) {
  ScriptedWorker& worker = AddWorker("w");
  time_.Pass(absl::Seconds(3));
  EXPECT_TRUE(fenced_.ok());
  ++leadership_.terms;
  time_.Pass(absl::Seconds(3));
  EXPECT_TRUE(absl::IsUnavailable(fenced_)) << fenced_;
  EXPECT_FALSE(worker.closed.ok());
}

// Found by the simulation: a leader that slept between taking its term and reading the records took the pipelines from
// its successor, whose next write then lost.
TEST_F(CoordinatorTest, ALeaderThatFindsRecordsOfALaterTermLeavesThemAlone) {
  leadership_.terms = 17;
  StartCoordinator();
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  leadership_.terms = 16;
  leadership_.overtaken = true;
  StartCoordinator();
  EXPECT_TRUE(absl::IsUnavailable(fenced_)) << fenced_;
  EXPECT_NE(fenced_.message().find("its term is 18, ours is 17"), std::string::npos) << fenced_;
  EXPECT_TRUE(absl::IsUnavailable(Start().status()));
}

// Found by the simulation: a leader that woke up beside its successor stored a pipeline, said so, and was fenced; its
// successor had read the records before, and never ran it.
TEST_F(CoordinatorTest, WhatAnOldLeaderStoresIsNotAnsweredAsStored) {
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  AddWorker("w");
  time_.Pass(absl::Milliseconds(50));
  ++leadership_.terms;
  EXPECT_TRUE(absl::IsUnavailable(Start().status()));
  EXPECT_TRUE(absl::IsUnavailable(fenced_)) << fenced_;
}

TEST_F(CoordinatorTest, WhatAnOldLeaderCreatesIsNotAnsweredAsCreated) {
  ++leadership_.terms;
  EXPECT_TRUE(absl::IsUnavailable(Create(PlanOfTest()).status()));
  EXPECT_TRUE(absl::IsUnavailable(fenced_)) << fenced_;
}

TEST_F(CoordinatorTest, APipelineRunsFromCreateToStopped) {
  ScriptedWorker& worker = AddWorker("w1");
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  EXPECT_EQ(Get().state(), v1::PIPELINE_STATE_CREATED);
  absl::StatusOr<v1::Pipeline> started = Start(2);
  ASSERT_TRUE(started.ok())  << started.status();
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  EXPECT_EQ(worker.term, 1u);
  ASSERT_EQ(worker.deploys.size(), 1u);
  EXPECT_EQ(worker.deploys[0].placements_size(), 2);
  EXPECT_EQ(worker.deploys[0].splits(0).splits_size(), 2);  // t/0 and t/2
  EXPECT_EQ(worker.deploys[0].splits(0).splits(0).position(), 100);
  ASSERT_TRUE(time_.PassUntil([&] { return worker.commits.size() == 2; }));
  EXPECT_EQ(worker.commits[0].committables_size(), 2);
  EXPECT_LT(worker.commits[0].epoch(), worker.commits[1].epoch());

  ASSERT_TRUE(Stop().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_STOPPED));
  EXPECT_EQ(worker.triggers.back().kind(), internal::v1::CHECKPOINT_KIND_STOP);
  EXPECT_EQ(worker.undeploys.back().generation(), worker.deploys[0].generation());
  v1::Pipeline view = Get();
  EXPECT_EQ(view.last_committed_epoch(), view.last_completed_epoch());
  EXPECT_EQ(view.progress().records_committed(), 30u);
}

TEST_F(CoordinatorTest, OldCheckpointsAreCollectedWhileItRunsAndAtRest) {
  ScriptedWorker& worker = AddWorker("w1");
  v1::Plan plan = PlanOfTest();
  plan.mutable_checkpoint()->set_retained(2);
  ASSERT_TRUE(Create(plan).ok());
  ASSERT_TRUE(Start().ok());
  size_t most = 0;
  ASSERT_TRUE(time_.PassUntil([&] {
    most = std::max(most, blobs_.store->List("p/")->size());
    return worker.commits.size() == 8;
  }));
  EXPECT_LE(most, 3u);  // two kept, one on its way
  ASSERT_TRUE(Stop().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_STOPPED));
  time_.Pass(absl::Milliseconds(100));
  std::vector<std::string> kept = *blobs_.store->List("p/");
  EXPECT_EQ(kept.size(), 2u);
  // What a dead coordinator's put brings later goes with the next leader.
  const std::string orphan = kept.back().substr(0, kept.back().rfind('/')) + "/00000000000000000001-00000000000000000001.pb";
  ASSERT_TRUE(blobs_.store->Put(orphan, "x").ok());
  StartCoordinator();
  time_.Pass(absl::Milliseconds(100));
  EXPECT_EQ(*blobs_.store->List("p/"), kept);
  // And it can be started again.
  AddWorker("w2");
  ASSERT_TRUE(Start().ok());
  EXPECT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
}

TEST_F(CoordinatorTest, ATableIsKnownAgainByItsIdentity) {
  ScriptedWorker& worker = AddWorker("w1");
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(time_.PassUntil([&] { return worker.commits.size() == 2; }));
  EXPECT_EQ(outside_.expected_table_id, "");
  EXPECT_EQ(worker.commits[0].table_id(), "table-1");
  StartCoordinator();
  ScriptedWorker& again = AddWorker("w2");
  ASSERT_TRUE(time_.PassUntil([&] { return again.commits.size() == 2; }));
  EXPECT_EQ(outside_.expected_table_id, "table-1");
  EXPECT_EQ(again.commits[0].table_id(), "table-1");
}

TEST_F(CoordinatorTest, StateThatDoesNotFitThePlanIsRefusedByOperator) {
  AddWorker("w1");
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  ASSERT_TRUE(Stop().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_STOPPED));
  // A release that gives the operator state.
  fingerprint_ = "counts/2";
  StartCoordinator();
  ScriptedWorker& worker = AddWorker("w2");
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_FAILED));
  EXPECT_NE(Get().reason().find("the checkpoint has no state of operator in"), std::string::npos) << Get().reason();
  EXPECT_TRUE(worker.deploys.empty());
}

TEST_F(CoordinatorTest, ARescaleRestoresEverySplitWhereItStood) {
  ScriptedWorker& worker = AddWorker("w1");
  AddWorker("w2");
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  ASSERT_TRUE(Start(1).ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  ASSERT_TRUE(Stop().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_STOPPED));
  ASSERT_TRUE(Start(3).ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  const internal::v1::Deploy& deploy = worker.deploys.back();
  EXPECT_EQ(deploy.placements_size(), 3);
  ASSERT_EQ(deploy.splits_size(), 3);
  for (const auto& assignment : deploy.splits()) {
    ASSERT_EQ(assignment.splits_size(), 1);
    EXPECT_EQ(assignment.splits(0).position(), 105);
  }
  EXPECT_EQ(deploy.restore().epoch(), Get().last_completed_epoch());
}

TEST_F(CoordinatorTest, AHungWorkersPipelineMovesToAnother) {
  ScriptedWorker& first = AddWorker("w1");
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  ScriptedWorker& second = AddWorker("w2");
  first.beats = false;
  first.acknowledges = false;
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RESTARTING));
  EXPECT_NE(Get().reason().find("worker w1 is lost: it was silent"), std::string::npos) << Get().reason();
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  EXPECT_FALSE(first.closed.ok());
  ASSERT_EQ(second.deploys.size(), 1u);
  EXPECT_GT(second.deploys[0].generation(), first.deploys[0].generation());
  EXPECT_EQ(Get().restarts(), 1u);
}

TEST_F(CoordinatorTest, AWorkerThatSaysHelloAgainUnderAnotherNameIsGoneUnderBoth) {
  ScriptedWorker& worker = AddWorker("w1");
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  internal::v1::WorkerMessage message;
  message.mutable_hello()->set_worker_id("w2");
  message.mutable_hello()->set_num_slots(2);
  message.mutable_hello()->set_shuffle_address("w2:2");
  worker.Send(message);
  time_.Pass(absl::Milliseconds(50));
  EXPECT_EQ(worker.closed.message(), "a worker says hello once");
  absl::Status refused = Start().status();
  EXPECT_NE(refused.message().find("no worker is connected"), absl::string_view::npos) << refused;
}

TEST_F(CoordinatorTest, ASaidGoodbyeMovesThePipelineBehindACheckpoint) {
  ScriptedWorker& first = AddWorker("w1");
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  ScriptedWorker& second = AddWorker("w2");
  internal::v1::WorkerMessage goodbye;
  goodbye.mutable_goodbye();
  first.Send(goodbye);
  ASSERT_TRUE(time_.PassUntil([&] { return !second.deploys.empty(); }));
  EXPECT_EQ(first.triggers.back().kind(), internal::v1::CHECKPOINT_KIND_STOP);
  EXPECT_EQ(second.deploys[0].restore().epoch(), first.triggers.back().epoch());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  EXPECT_EQ(Get().restarts(), 0u);
}

TEST_F(CoordinatorTest, ARestartedCoordinatorTakesARunningPipelineUp) {
  AddWorker("w1");
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  ASSERT_TRUE(Start(2).ok());
  ASSERT_TRUE(time_.PassUntil([&] { return Get().last_committed_epoch() > 0; }));
  v1::Pipeline before = Get();
  StartCoordinator();
  EXPECT_EQ(Get().state(), v1::PIPELINE_STATE_RESTARTING);
  ScriptedWorker& worker = AddWorker("w2");
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  EXPECT_EQ(worker.term, 2u);
  v1::Pipeline after = Get();
  EXPECT_EQ(after.lineage(), before.lineage());
  EXPECT_GT(after.generation(), before.generation());
  EXPECT_NE(after.version(), before.version());
  EXPECT_EQ(worker.deploys[0].restore().epoch(), before.last_completed_epoch());
  ASSERT_TRUE(time_.PassUntil([&] { return !worker.triggers.empty(); }));
  EXPECT_GT(worker.triggers[0].epoch(), before.last_completed_epoch());
}

TEST_F(CoordinatorTest, APermanentErrorFailsThePipelineByName) {
  ScriptedWorker& worker = AddWorker("w1");
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  worker.Fail("offset 7 is gone", true);
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_FAILED));
  EXPECT_EQ(Get().reason(), "subtask 0.0: offset 7 is gone");
  time_.Pass(absl::Seconds(10));
  EXPECT_EQ(worker.deploys.size(), 1u);
}

TEST_F(CoordinatorTest, ATableThatDoesNotFitFailsTheStart) {
  AddWorker("w1");
  outside_.table = InvalidArgument("column b is missing");
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_FAILED));
  EXPECT_EQ(Get().reason(), "prepare sink out: column b is missing");
}

TEST_F(CoordinatorTest, AStartWithoutSlotsIsRefusedAndSaysWhatToDo) {
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(Start().status()));
  AddWorker("w1");
  time_.Pass(absl::Milliseconds(100));
  absl::Status refused = Start(3).status();
  EXPECT_TRUE(absl::IsResourceExhausted(refused));
  EXPECT_NE(refused.message().find("it needs 3 slots, and 2 of the 2 that 1 worker has are free"), std::string::npos) << refused;
  EXPECT_EQ(Get().state(), v1::PIPELINE_STATE_CREATED);
  AddWorker("w2");
  time_.Pass(absl::Milliseconds(100));
  ASSERT_TRUE(Start(3).ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
}

TEST_F(CoordinatorTest, ARestartWithoutSlotsSaysWhatItWaitsFor) {
  ScriptedWorker& worker = AddWorker("w1");
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  time_.Pass(absl::Milliseconds(100));
  ASSERT_TRUE(Start(2).ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  worker.beats = false;
  worker.acknowledges = false;
  time_.Pass(absl::Seconds(7));
  EXPECT_EQ(Get().state(), v1::PIPELINE_STATE_RESTARTING);
  EXPECT_NE(Get().reason().find("it needs 2 slots, and no worker is connected"), std::string::npos) << Get().reason();
  AddWorker("w2");
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
}

TEST_F(CoordinatorTest, AStartWithoutItsTopicFailsSoonAndOneWithoutABrokerLater) {
  AddWorker("w1");
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  time_.Pass(absl::Milliseconds(100));
  outside_.topic = NotFound("there is no topic t");
  ASSERT_TRUE(Start().ok());
  time_.Pass(absl::Seconds(4));
  EXPECT_EQ(Get().state(), v1::PIPELINE_STATE_FAILED);
  EXPECT_EQ(Get().reason(), "prepare source in: there is no topic t");
  EXPECT_GE(outside_.num_opened, 2) << "a topic that has just been made may be seen a moment later";
  outside_.topic = Unavailable("no broker");
  ASSERT_TRUE(Start().ok());
  time_.Pass(absl::Seconds(10));
  EXPECT_EQ(Get().state(), v1::PIPELINE_STATE_RESTARTING);
  EXPECT_EQ(Get().reason(), "prepare source in: no broker");
  time_.Pass(absl::Seconds(30));
  EXPECT_EQ(Get().state(), v1::PIPELINE_STATE_FAILED);
  outside_.topic = absl::OkStatus();
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
}

TEST_F(CoordinatorTest, APlanMayBeCorrectedUntilItHasWrittenSomething) {
  AddWorker("w1");
  absl::StatusOr<v1::Pipeline> first = Create(PlanOfTest(), "r1");
  ASSERT_TRUE(first.ok());
  time_.Pass(absl::Milliseconds(100));
  outside_.table = InvalidArgument("column b is missing");
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_FAILED));
  v1::Plan corrected = PlanOfTest();
  corrected.mutable_checkpoint()->set_interval_ms(2000);
  absl::StatusOr<v1::Pipeline> second = Create(corrected, "r2");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_NE(second->lineage(), first->lineage());
  EXPECT_GT(second->version(), first->version());
  EXPECT_EQ(second->state(), v1::PIPELINE_STATE_CREATED);
  StartCoordinator();
  EXPECT_EQ(Get().lineage(), second->lineage()) << "the correction is what is stored";
  EXPECT_TRUE(absl::IsAlreadyExists(Create(corrected, "r3").status())) << "the same plan is no correction";
  AddWorker("w2");
  time_.Pass(absl::Milliseconds(100));
  outside_.table = absl::OkStatus();
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  EXPECT_TRUE(absl::IsAlreadyExists(Create(PlanOfTest(), "r4").status())) << "it runs";
  ASSERT_TRUE(time_.PassUntil([&] { return Get().last_completed_epoch() > 0; }));
  ASSERT_TRUE(Stop().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_STOPPED));
  EXPECT_TRUE(absl::IsAlreadyExists(Create(PlanOfTest(), "r5").status())) << "it has written something";
}

TEST_F(CoordinatorTest, ACorrectedPlanTakesNoAnswerThatWasMeantForTheOneBefore) {
  AddWorker("w1");
  // Looking for the topic is the first work of a start; it takes so long.
  auto start_slowly = [&](absl::Duration looks_for) {
    time_.next_io_takes = {looks_for};
    coordinator_->Start("p", 0, [](absl::StatusOr<v1::Pipeline>) {});
    time_.Pass(absl::Milliseconds(5));
    EXPECT_TRUE(time_.next_io_takes.empty());
  };
  ASSERT_TRUE(Create(PlanOfTest(), "r1").ok());
  time_.Pass(absl::Milliseconds(100));
  start_slowly(absl::Seconds(5));
  ASSERT_TRUE(Await([&](Coordinator::Done done) { coordinator_->Cancel("p", std::move(done)); }).ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_CANCELLED));
  v1::Plan corrected = PlanOfTest();
  corrected.mutable_checkpoint()->set_interval_ms(2000);
  ASSERT_TRUE(Create(corrected, "r2").ok());
  start_slowly(absl::Seconds(9));
  // Now the first plan hears that its topic is wrong.
  outside_.topic = InvalidArgument("that is not a topic");
  time_.Pass(absl::Seconds(6));
  EXPECT_EQ(Get().state(), v1::PIPELINE_STATE_STARTING) << Get().reason();
  outside_.topic = absl::OkStatus();
  EXPECT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING)) << Get().reason();
}

TEST_F(CoordinatorTest, ANewPartitionIsReadFromItsStartAndStaysKnown) {
  ScriptedWorker& worker = AddWorker("w1");
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  ASSERT_TRUE(Start(2).ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  outside_.splits.push_back("t/3");
  ASSERT_TRUE(time_.PassUntil([&] { return !worker.added.empty(); }));
  EXPECT_EQ(worker.added[0].assignment().index(), 1u);
  EXPECT_EQ(worker.added[0].assignment().splits(0).id(), "t/3");
  EXPECT_EQ(worker.added[0].assignment().splits(0).position(), 0);
  worker.Fail("cable", false);
  ASSERT_TRUE(time_.PassUntil([&] { return worker.deploys.size() == 2; }));
  int num_splits = 0;
  for (const auto& assignment : worker.deploys[1].splits()) num_splits += assignment.splits_size();
  EXPECT_EQ(num_splits, 4);
}

TEST_F(CoordinatorTest, CreateAnswersARepeatedRequestAndRefusesATakenName) {
  absl::StatusOr<v1::Pipeline> first = Create(PlanOfTest(), "r1");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(Create(PlanOfTest(), "r1")->lineage(), first->lineage());
  EXPECT_TRUE(absl::IsAlreadyExists(Create(PlanOfTest(), "r2").status()));
  v1::Plan other = PlanOfTest();
  other.set_name("q");
  EXPECT_TRUE(absl::IsInvalidArgument(Create(other, "r1").status())) << "a request id belongs to one plan";
  StartCoordinator();
  EXPECT_EQ(Create(PlanOfTest(), "r1")->lineage(), first->lineage()) << "and is remembered";
  absl::Status invalid = Create(v1::Plan(), "r3").status();
  EXPECT_TRUE(absl::IsInvalidArgument(invalid));
  EXPECT_EQ(invalid.message(), "name: give it one");
  EXPECT_TRUE(absl::IsInvalidArgument(Start(721).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Stop().status()));
}

TEST_F(CoordinatorTest, AWatchAnswersAtAChangeAndAfterItsTimeOut) {
  AddWorker("w1");
  v1::Pipeline created = *Create(PlanOfTest());
  bool answered = false;
  coordinator_->Watch("p", created.version(), [&](auto) { answered = true; });
  time_.Pass(absl::Seconds(14));
  EXPECT_FALSE(answered);
  time_.Pass(absl::Seconds(2));
  EXPECT_TRUE(answered);
  std::optional<v1::Pipeline> changed;
  coordinator_->Watch("p", created.version(), [&](auto pipeline) { changed = *pipeline; });
  ASSERT_TRUE(Start().ok());
  time_.Pass(absl::Milliseconds(50));
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ(changed->state(), v1::PIPELINE_STATE_STARTING);
}

TEST_F(CoordinatorTest, ACoordinatorWhoseRecordAnotherWroteStopsLeading) {
  ScriptedWorker& worker = AddWorker("w1");
  ASSERT_TRUE(Create(PlanOfTest()).ok());
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  absl::StatusOr<VersionedRecord> record = metadata_.Get("pipelines/p");
  ASSERT_TRUE(metadata_.CompareAndSet("pipelines/p", record->version, record->bytes + "").ok());
  ASSERT_TRUE(time_.PassUntil([&] { return !fenced_.ok(); }));
  EXPECT_FALSE(worker.closed.ok());
  EXPECT_TRUE(worker.commits.empty());
  EXPECT_TRUE(absl::IsUnavailable(Await([&](auto done) { coordinator_->Get("p", std::move(done)); }).status()));
}

class RewindTest : public CoordinatorTest {
 protected:
  // Runs to this many committed checkpoints and stops.
  void RunAndStop(size_t num_checkpoints) {
    worker_ = &AddWorker("w1");
    ASSERT_TRUE(Create(PlanOfTest()).ok());
    ASSERT_TRUE(Start().ok());
    ASSERT_TRUE(time_.PassUntil([&] { return worker_->commits.size() == num_checkpoints; }));
    ASSERT_TRUE(Stop().ok());
    ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_STOPPED));
    v1::Pipeline view = Get();
    retained_.assign(view.retained_checkpoints().begin(), view.retained_checkpoints().end());
    ASSERT_EQ(retained_.size(), 3u);
    worker_->commits.clear();
  }
  absl::StatusOr<v1::Pipeline> StartFrom(uint64_t epoch, v1::SinkAhead sink_ahead = v1::SINK_AHEAD_UNSPECIFIED) {
    v1::StartRequest request;
    request.set_name("p");
    request.set_from_epoch(epoch);
    request.set_sink_ahead(sink_ahead);
    return Await([&](Coordinator::Done done) { coordinator_->Start(request, std::move(done)); });
  }
  void Spoil(const std::string& prefix, MemoryBlobStore& store) {
    const std::string name = store.List(prefix)->back();
    std::string bytes = *store.Get(name);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
    ASSERT_TRUE(store.Put(name, bytes).ok());
  }

  ScriptedWorker* worker_ = nullptr;
  std::vector<uint64_t> retained_;
};

TEST_F(RewindTest, CommitsItsOwnEpochThenFencesThenDeploys) {
  RunAndStop(4);
  ASSERT_TRUE(StartFrom(retained_[1]).ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  ASSERT_GE(worker_->commits.size(), 2u);
  EXPECT_EQ(worker_->commits[0].epoch(), retained_[1]);
  EXPECT_FALSE(worker_->commits[0].fence());
  EXPECT_TRUE(worker_->commits[0].verify());
  EXPECT_TRUE(worker_->commits[1].fence());
  EXPECT_EQ(worker_->commits[1].table_id(), "table-1");
  const uint64_t fence = worker_->commits[1].epoch();
  EXPECT_GE(fence, retained_[2]);
  EXPECT_EQ(worker_->deploys.back().restore().epoch(), retained_[1]);
  v1::Pipeline view = Get();
  EXPECT_FALSE(view.has_rewind());
  EXPECT_EQ(view.last_rewind().to_epoch(), retained_[1]);
  EXPECT_EQ(view.last_rewind().from_epoch(), retained_[2]);
  EXPECT_EQ(view.last_rewind().fence_epoch(), fence);
  EXPECT_EQ(view.retained_checkpoints_size(), 2);
  worker_->triggers.clear();
  ASSERT_TRUE(time_.PassUntil([&] { return !worker_->triggers.empty(); }));
  EXPECT_GT(worker_->triggers[0].epoch(), fence);
}

TEST_F(RewindTest, IsRefusedBeforeAnythingIsDoneIfATableHoldsLaterEpochs) {
  RunAndStop(4);
  outside_.committed = {{Epoch(retained_[2]), 9}};
  ASSERT_TRUE(StartFrom(retained_[1]).ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_FAILED));
  v1::Pipeline view = Get();
  EXPECT_EQ(view.reason(), Cat("start from checkpoint ", retained_[1], ": table fake of sink out holds epochs ", retained_[2],
                               " (version 9), whose rows would be written again. Start from checkpoint ", retained_[2],
                               ", which has them all; or accept rows that are there twice: `millrace start p --from-checkpoint ",
                               retained_[1], " --sink-ahead accept-duplicates`"));
  EXPECT_TRUE(worker_->commits.empty());
  EXPECT_FALSE(view.has_rewind());
  EXPECT_EQ(view.last_completed_epoch(), retained_[2]);
  // As the reason says.
  ASSERT_TRUE(StartFrom(retained_[1], v1::SINK_AHEAD_ACCEPT_DUPLICATES).ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  view = Get();
  ASSERT_EQ(view.last_rewind().ahead_size(), 1);
  EXPECT_EQ(view.last_rewind().ahead(0), Cat("epoch ", retained_[2], " in table fake of sink out, version 9"));
}

TEST_F(RewindTest, GoesOnUnderTheNextLeader) {
  RunAndStop(4);
  ASSERT_TRUE(StartFrom(retained_[0]).ok());
  StartCoordinator();
  ScriptedWorker& again = AddWorker("w2");
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  EXPECT_EQ(Get().last_rewind().to_epoch(), retained_[0]);
  ASSERT_EQ(again.deploys.size(), 1u);
  EXPECT_EQ(again.deploys[0].restore().epoch(), retained_[0]);
}

TEST_F(RewindTest, OnlyToWhatIsRetained) {
  RunAndStop(4);
  absl::Status refused = StartFrom(999).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused.message(), AbslView(Cat("start pipeline p from checkpoint 999: it is not retained; retained: ", retained_[0], ", ",
                                            retained_[1], ", ", retained_[2])));
  EXPECT_EQ(StartFrom(0, v1::SINK_AHEAD_FAIL).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Get().state(), v1::PIPELINE_STATE_STOPPED);
}

TEST_F(RewindTest, ADamagedCheckpointIsGoneBackFromIfNoTableIsAhead) {
  RunAndStop(4);
  Spoil("p/", *blobs_.store);
  StartCoordinator();
  ScriptedWorker& again = AddWorker("w2");
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  EXPECT_EQ(again.deploys.back().restore().epoch(), retained_[1]);
  std::string cause = Get().last_rewind().cause();
  EXPECT_EQ(cause.find(Cat("checkpoint ", retained_[2], ": read manifest p/")), 0u) << cause;
  EXPECT_NE(cause.find("it is damaged"), std::string::npos) << cause;
}

TEST_F(RewindTest, ADamagedCheckpointEndsThePipelineIfATableIsAhead) {
  RunAndStop(4);
  Spoil("p/", *blobs_.store);
  outside_.committed = {{Epoch(retained_[2]), 9}};
  StartCoordinator();
  ScriptedWorker& again = AddWorker("w2");
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_FAILED));
  std::string reason = Get().reason();
  EXPECT_NE(reason.find("Put the damaged blob back and start again; or accept rows that are there twice"), std::string::npos) << reason;
  EXPECT_NE(reason.find("read manifest p/"), std::string::npos) << reason;
  EXPECT_TRUE(again.deploys.empty());
  EXPECT_EQ(Get().restarts(), 0u);
}

TEST_F(RewindTest, ADamagedRecordIsNamedAndHoldsUpNoOtherPipeline) {
  RunAndStop(4);
  v1::Plan other = PlanOfTest();
  other.set_name("q");
  ASSERT_TRUE(Create(other, "r2").ok());
  Spoil("pipelines/p/", records_);
  StartCoordinator();
  AddWorker("w2");
  v1::Pipeline view = Get();
  EXPECT_EQ(view.state(), v1::PIPELINE_STATE_FAILED);
  EXPECT_EQ(view.reason().find("read record pipelines/p version "), 0u) << view.reason();
  EXPECT_TRUE(absl::IsDataLoss(Start().status()));
  EXPECT_TRUE(absl::IsDataLoss(Create(PlanOfTest(), "r3").status()));
  EXPECT_EQ(Get().reason(), view.reason());
  auto started = Await([&](Coordinator::Done done) { coordinator_->Start("q", 0, std::move(done)); });
  EXPECT_TRUE(started.ok()) << started.status();
}

TEST_F(RewindTest, ARecordThatIsOlderThanItsTableIsRefused) {
  RunAndStop(4);
  outside_.committed = {{Epoch(retained_[2] + 1), 9}};
  StartCoordinator();
  AddWorker("w2");
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_FAILED));
  EXPECT_NE(Get().reason().find("but the record pipelines/p knows of no checkpoint above"), std::string::npos) << Get().reason();
}

TEST_F(RewindTest, ATableThatHasLostCommitsIsRefused) {
  RunAndStop(4);
  outside_.last_committed = Epoch(retained_[1]);
  StartCoordinator();
  AddWorker("w2");
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_FAILED));
  EXPECT_NE(Get().reason().find(Cat("table fake has lost commits: the newest of this pipeline is epoch ", retained_[1])), std::string::npos)
      << Get().reason();
}

TEST_F(RewindTest, ALostRecordOfLeadershipRaisesTheTermAboveAllThatWasSeen) {
  RunAndStop(4);
  StartCoordinator();
  StartCoordinator();
  AddWorker("w2");
  ASSERT_TRUE(Start().ok());
  ASSERT_TRUE(AwaitState(v1::PIPELINE_STATE_RUNNING));
  const uint64_t newest = leadership_.terms;
  leadership_.terms = 0;
  StartCoordinator();
  EXPECT_GT(leadership_.terms, newest);
  ScriptedWorker& again = AddWorker("w3");
  time_.Pass(absl::Milliseconds(50));
  EXPECT_GT(again.term, newest);
}

}  // namespace
}  // namespace millrace
