// Budgets of memory, in a whole cluster: buffers over theirs hold the sources back and nothing else, state over its own
// ends the pipeline by name, snapshots over theirs let the next checkpoint wait. And whatever happened, in the end
// nothing is held.
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <set>

#include "base/check.h"
#include "base/error.h"
#include "coordinator/plan/plan_json.h"
#include "tests/sim/sim_cluster.h"
#include "tests/sim/table_reader.h"

namespace millrace::sim {
namespace {

using testing::HasSubstr;

constexpr int64_t kSplits = 4;
constexpr int64_t kRowsPerSplit = 4000;

struct PlanOptions {
  std::string name = "clicks";
  int parallelism = 2;
  int64_t keys = 20;
  int64_t window_ms = 500;
  int64_t rows_per_split = kRowsPerSplit;
  int64_t checkpoint_ms = 100;
  std::string buffer_size = "64MiB";
};

// Every row as it is into one table, counts per user and window into another.
v1::Plan PlanOf(const PlanOptions& options) {
  auto plan = ReadPlanJson(Cat(
      R"({"format_version": 1, "name": ")", options.name, R"(", "parallelism": )", options.parallelism,
      R"(, "checkpoint": {"interval_ms": )", options.checkpoint_ms, R"(, "timeout_ms": 3000, "tolerable_failures": 100},
    "restart": {"initial_backoff_ms": 10, "max_backoff_ms": 100, "reset_after_ms": 1000, "max_restarts": 100000},
    "nodes": [
      {"uid": "clicks", "source": {"connector": "generator",
         "options": {"rows": ")", options.rows_per_split, R"(", "splits": ")", kSplits, R"(", "seed": "1", "keys": ")",
      options.keys, R"(", "rows-per-second": "16000", "event-step-ms": "1"},
         "columns": [{"name": "user_id", "type": "STRING NOT NULL"}, {"name": "event_time", "type": "TIMESTAMP_LTZ(3) NOT NULL"},
                     {"name": "event_id", "type": "BIGINT NOT NULL"}],
         "watermark": {"column": "event_time", "max_out_of_orderness_ms": 100}}},
      {"uid": "raw", "inputs": [{"from": "clicks"}],
       "sink": {"connector": "delta", "options": {"table-path": "sim://)", options.name, R"(-raw", "buffer-size": ")",
      options.buffer_size, R"("}}},
      {"uid": "per_user", "inputs": [{"from": "clicks"}], "window_aggregate": {"time_column": "event_time", "size_ms": )",
      options.window_ms, R"(, "keys": ["user_id"], "aggregates": [{"function": "count", "name": "n"}]}},
      {"uid": "out", "inputs": [{"from": "per_user"}], "sink": {"connector": "delta", "options": {"table-path": "sim://)",
      options.name, R"(-out"}}}
    ]})"));
  Check(plan.ok(), plan.ok() ? "" : std::string(plan.status().message()));
  return *plan;
}

std::vector<int64_t> Int64s(const TableFiles& table, const std::string& column) {
  std::vector<int64_t> values;
  for (const auto& file : table.files) {
    const auto& array = static_cast<const arrow::Int64Array&>(*file->GetColumnByName(column)->chunk(0));
    for (int64_t i = 0; i < array.length(); ++i) values.push_back(array.Value(i));
  }
  return values;
}

// Every row once in the one table, and counted once in the other.
void ExpectExact(Cluster& cluster, const PlanOptions& options) {
  const auto expected = static_cast<size_t>(options.rows_per_split * kSplits);
  std::vector<int64_t> ids = Int64s(ReadTableFiles(*cluster.storage().At(Cat("sim://", options.name, "-raw"))), "event_id");
  EXPECT_EQ(ids.size(), expected);
  EXPECT_EQ(std::set<int64_t>(ids.begin(), ids.end()).size(), expected);
  int64_t counted = 0;
  for (int64_t n : Int64s(ReadTableFiles(*cluster.storage().At(Cat("sim://", options.name, "-out"))), "n")) counted += n;
  EXPECT_EQ(counted, static_cast<int64_t>(expected));
}

constexpr MemoryKind kAllKinds[] = {MemoryKind::kBuffers, MemoryKind::kFetched, MemoryKind::kState,
                                    MemoryKind::kSnapshots};

class Memory : public testing::Test {
 protected:
  Cluster& Make(MemoryBudget budget, uint64_t seed = 1) {
    Cluster::Options options;
    options.seed = seed;
    options.num_workers = 2;
    options.memory = budget;
    return Make(options);
  }
  Cluster& Make(const Cluster::Options& options) {
    num_workers_ = static_cast<size_t>(options.num_workers);
    cluster_ = std::make_unique<Cluster>(options);
    return *cluster_;
  }
  // After the end of all pipelines.
  void ExpectNothingHeld() {
    cluster_->Run(absl::Seconds(2));
    for (size_t worker = 0; worker < num_workers_; ++worker) {
      if (cluster_->memory(worker) == nullptr) continue;
      for (MemoryKind kind : kAllKinds) {
        EXPECT_EQ(cluster_->memory(worker)->used(kind), 0u) << "worker " << worker << ", " << MemoryKindName(kind);
      }
    }
  }
  uint64_t Peak(MemoryKind kind) {
    uint64_t peak = 0;
    for (size_t worker = 0; worker < num_workers_; ++worker) peak = std::max(peak, cluster_->memory(worker)->peak(kind));
    return peak;
  }
  // Memory of every worker, that nobody of the cluster gives back.
  std::vector<MemoryHold> HoldEverywhere(MemoryKind kind, uint64_t bytes) {
    std::vector<MemoryHold> holds;
    for (size_t worker = 0; worker < num_workers_; ++worker) holds.emplace_back(cluster_->memory(worker), kind, bytes);
    return holds;
  }
  v1::Pipeline View(const std::string& name) {
    auto view = cluster_->Call([&](Coordinator& c, Coordinator::Done done) { c.Get(name, std::move(done)); });
    EXPECT_TRUE(view.ok()) << view.status();
    return view.ok() ? *view : v1::Pipeline();
  }
  // A second pipeline.
  void CreateAndStart(const v1::Plan& plan) {
    auto created = cluster_->Call(
        [&](Coordinator& c, Coordinator::Done done) { c.Create(plan, Cat("create-", plan.name()), std::move(done)); });
    ASSERT_TRUE(created.ok()) << created.status();
    Start(plan.name(), 0);
  }
  void Start(const std::string& name, uint32_t parallelism) {
    auto started = cluster_->Call(
        [&](Coordinator& c, Coordinator::Done done) { c.Start(name, parallelism, std::move(done)); });
    ASSERT_TRUE(started.ok()) << started.status();
  }

  std::unique_ptr<Cluster> cluster_;
  size_t num_workers_ = 0;
};

// A sink gathers 4800 rows between two checkpoints.
const PlanOptions kSeldom{.rows_per_split = 8000, .checkpoint_ms = 300};
constexpr uint64_t kManyBytes = 50'000;

TEST_F(Memory, WithoutBudgetsItIsCountedAllTheSame) {
  Cluster& cluster = Make(MemoryBudget{});
  cluster.Submit(PlanOf(kSeldom));
  ASSERT_TRUE(cluster.RunUntilState("clicks", v1::PIPELINE_STATE_FINISHED, absl::Minutes(1)));
  ExpectExact(cluster, kSeldom);
  for (MemoryKind kind : {MemoryKind::kBuffers, MemoryKind::kState, MemoryKind::kSnapshots}) {
    EXPECT_GT(Peak(kind), 0u) << MemoryKindName(kind);
  }
  EXPECT_GT(Peak(MemoryKind::kBuffers), kManyBytes);
  ExpectNothingHeld();
}

TEST_F(Memory, TinyBuffersHoldSourcesBackAndAllGoesOn) {
  constexpr uint64_t kBudget = 8'000;
  Cluster& cluster = Make({.buffers = kBudget});
  cluster.Submit(PlanOf(kSeldom));
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.windows().num_completed() >= 5; }, absl::Seconds(10)))
      << "checkpoints stand still";
  ASSERT_TRUE(cluster.RunUntilState("clicks", v1::PIPELINE_STATE_FINISHED, absl::Minutes(1)))
      << v1::PipelineState_Name(cluster.last_view().state()) << " " << cluster.last_view().reason();
  EXPECT_EQ(cluster.last_view().restarts(), 0u);
  ExpectExact(cluster, kSeldom);
  EXPECT_GT(Peak(MemoryKind::kBuffers), kBudget) << "it never mattered";
  // Above it by what comes of one batch of every source.
  EXPECT_LT(Peak(MemoryKind::kBuffers), kManyBytes / 2);
  ExpectNothingHeld();
}

// Less than a single batch: one of them at a time.
TEST_F(Memory, EvenABudgetBelowOneBatchIsNoDeadlock) {
  Cluster& cluster = Make({.buffers = 1, .snapshots = 1});
  cluster.Submit(PlanOf({}));
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.windows().num_completed() >= 5; }, absl::Seconds(30)));
  ASSERT_TRUE(cluster.RunUntilState("clicks", v1::PIPELINE_STATE_FINISHED, absl::Minutes(2)));
  ExpectExact(cluster, {});
  ExpectNothingHeld();
}

TEST_F(Memory, AnEpochOfManyFilesIsExactWhateverDies) {
  uint64_t restarts = 0;
  size_t num_files = 0;
  size_t num_commits = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(Cat("seed ", seed));
    Random random(seed);
    Cluster::Options options;
    options.seed = seed;
    options.num_workers = 3;
    if (random.Chance(0.7)) options.memory.buffers = 1 + random.Below(20'000);
    if (random.Chance(0.5)) options.memory.snapshots = 1 + random.Below(20'000);
    FaultPlan::Options& faults = options.faults;
    faults.Happens(FaultKind::kKill, absl::Milliseconds(static_cast<int64_t>(200 + random.Below(800))), 4);
    if (random.Chance(0.5)) faults.chance(FaultKind::kCrashBefore) = faults.chance(FaultKind::kCrashAfter) = 0.01;
    if (random.Chance(0.5)) faults.chance(FaultKind::kError) = 0.01;
    if (random.Chance(0.5)) faults.chance(FaultKind::kLostAnswer) = 0.02;
    if (random.Chance(0.3)) faults.Happens(FaultKind::kFreeze, absl::Milliseconds(600), 4);
    if (random.Chance(0.4)) {
      faults.Happens(FaultKind::kStop, absl::Milliseconds(static_cast<int64_t>(200 + random.Below(600))), 1);
    }
    Cluster& cluster = Make(options);
    PlanOptions plan{.buffer_size = random.Chance(0.5) ? "1KiB" : "8KiB"};
    cluster.Submit(PlanOf(plan));
    bool finished = cluster.RunUntilState("clicks", v1::PIPELINE_STATE_FINISHED, absl::Seconds(10));
    restarts += cluster.last_view().restarts();
    cluster.StopFaults();
    if (!finished) finished = cluster.RunUntilState("clicks", v1::PIPELINE_STATE_FINISHED, absl::Minutes(2));
    ASSERT_TRUE(finished) << v1::PipelineState_Name(cluster.last_view().state()) << " " << cluster.last_view().reason();
    EXPECT_EQ(cluster.windows().problem(), "");
    ExpectExact(cluster, plan);
    ExpectNothingHeld();
    TableFiles raw = ReadTableFiles(*cluster.storage().At("sim://clicks-raw"));
    num_files += raw.files.size();
    num_commits += raw.num_commits;
  }
  std::printf("restarts %llu, %zu files in %zu commits\n", static_cast<unsigned long long>(restarts), num_files, num_commits);
  EXPECT_GE(restarts, 10u);
  EXPECT_GT(num_files, 4 * num_commits);
}

TEST_F(Memory, StateOverItsBudgetEndsThatPipelineByNameAndNoOther) {
  // 40 KB for each of two slots.
  Cluster& cluster = Make({.state = 80'000});
  PlanOptions hungry{.name = "hungry", .keys = 100'000, .window_ms = 3'600'000, .rows_per_split = 100'000};
  PlanOptions modest{.name = "modest"};
  cluster.Submit(PlanOf(modest));
  CreateAndStart(PlanOf(hungry));
  ASSERT_TRUE(cluster.RunUntilState("hungry", v1::PIPELINE_STATE_FAILED, absl::Seconds(30)))
      << v1::PipelineState_Name(cluster.last_view().state());
  const v1::Pipeline failed = cluster.last_view();
  EXPECT_EQ(failed.restarts(), 0u);
  EXPECT_THAT(failed.reason(), testing::ContainsRegex(
                                   "subtask [0-9]+\\.[01]: operator per_user: its state is over the memory budget of its "
                                   "slot: [0-9.]+KiB of 39\\.1KiB, of which it holds [0-9.]+KiB, [0-9]+ keys in 1 open window\\. "));
  EXPECT_THAT(failed.reason(), HasSubstr("Start workers with a larger --memory-state (it is shared equally by their slots: "
                                         "now 78.1KiB by 2), start the pipeline with a higher parallelism, or make its "
                                         "windows shorter"));
  EXPECT_EQ(View("modest").state(), v1::PIPELINE_STATE_RUNNING);
  ASSERT_TRUE(cluster.RunUntilState("modest", v1::PIPELINE_STATE_FINISHED, absl::Minutes(1)));
  EXPECT_EQ(cluster.last_view().restarts(), 0u);
  ExpectExact(cluster, modest);
  EXPECT_EQ(View("hungry").state(), v1::PIPELINE_STATE_FAILED);
  ExpectNothingHeld();
}

TEST_F(Memory, StateThatDoesNotFitWhereItIsRestoredIsRefusedByName) {
  Cluster& cluster = Make({.state = 200'000});
  PlanOptions plan{.parallelism = 4, .keys = 2000, .window_ms = 3'600'000, .rows_per_split = 100'000};
  cluster.Submit(PlanOf(plan));
  // Nearly all keys are there, about 50 KB in each of four slots.
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.windows().num_completed() >= 12; }, absl::Seconds(30)))
      << cluster.last_view().reason();
  auto stopped = cluster.Call([](Coordinator& c, Coordinator::Done done) { c.Stop("clicks", false, std::move(done)); });
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  ASSERT_TRUE(cluster.RunUntilState("clicks", v1::PIPELINE_STATE_STOPPED, absl::Seconds(30)));
  Start("clicks", 1);
  ASSERT_TRUE(cluster.RunUntilState("clicks", v1::PIPELINE_STATE_FAILED, absl::Seconds(30)));
  EXPECT_THAT(cluster.last_view().reason(), HasSubstr("restore operator per_user: its state is over the memory budget"));
  EXPECT_EQ(cluster.last_view().restarts(), 0u);
  // What it says to do helps.
  Start("clicks", 4);
  ASSERT_TRUE(cluster.RunUntilState("clicks", v1::PIPELINE_STATE_RUNNING, absl::Seconds(30)));
  auto cancelled = cluster.Call([](Coordinator& c, Coordinator::Done done) { c.Cancel("clicks", std::move(done)); });
  ASSERT_TRUE(cancelled.ok()) << cancelled.status();
  ASSERT_TRUE(cluster.RunUntilState("clicks", v1::PIPELINE_STATE_CANCELLED, absl::Seconds(30)));
  ExpectNothingHeld();
}

TEST_F(Memory, WhileBuffersAreOverNothingIsReadAndCheckpointsGoOn) {
  Cluster& cluster = Make({.buffers = 1'000'000});
  cluster.Submit(PlanOf({}));
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.windows().num_completed() >= 3; }, absl::Seconds(10)));
  std::vector<MemoryHold> holds = HoldEverywhere(MemoryKind::kBuffers, 2'000'000);
  cluster.Run(absl::Seconds(1.5));
  const uint64_t records = View("clicks").progress().records_in();
  const size_t epochs = cluster.windows().num_completed();
  EXPECT_LT(records, static_cast<uint64_t>(kSplits * kRowsPerSplit));
  cluster.Run(absl::Seconds(3));
  EXPECT_EQ(View("clicks").progress().records_in(), records);
  EXPECT_GE(cluster.windows().num_completed(), epochs + 5);
  holds.clear();
  ASSERT_TRUE(cluster.RunUntilState("clicks", v1::PIPELINE_STATE_FINISHED, absl::Seconds(10)));
  EXPECT_EQ(cluster.last_view().restarts(), 0u);
  ExpectExact(cluster, {});
  ExpectNothingHeld();
}

TEST_F(Memory, WhileSnapshotsAreOverTheNextCheckpointWaits) {
  Cluster& cluster = Make({.snapshots = 1'000'000});
  // Not read to its end before the second hold: a last checkpoint that fails would be another matter.
  PlanOptions plan{.rows_per_split = 20'000};
  cluster.Submit(PlanOf(plan));
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.windows().num_completed() >= 3; }, absl::Seconds(10)));
  std::vector<MemoryHold> holds = HoldEverywhere(MemoryKind::kSnapshots, 2'000'000);
  // One may have begun.
  cluster.Run(absl::Seconds(1));
  size_t epochs = cluster.windows().num_completed();
  cluster.Run(absl::Seconds(1.5));
  EXPECT_EQ(cluster.windows().num_completed(), epochs);
  holds.clear();
  // The one that is due goes on: its time-out of 3 s has not passed.
  ASSERT_TRUE(cluster.RunUntil([&] { return cluster.windows().num_completed() > epochs; }, absl::Milliseconds(400)));

  // Beyond the time-out it is given up, again and again, and the pipeline lives.
  holds = HoldEverywhere(MemoryKind::kSnapshots, 2'000'000);
  cluster.Run(absl::Seconds(1));
  epochs = cluster.windows().num_completed();
  cluster.Run(absl::Seconds(8));
  EXPECT_EQ(cluster.windows().num_completed(), epochs);
  EXPECT_EQ(View("clicks").state(), v1::PIPELINE_STATE_RUNNING);
  holds.clear();
  ASSERT_TRUE(cluster.RunUntilState("clicks", v1::PIPELINE_STATE_FINISHED, absl::Seconds(20)));
  EXPECT_EQ(cluster.last_view().restarts(), 0u);
  ExpectExact(cluster, plan);
  ExpectNothingHeld();
}

}  // namespace
}  // namespace millrace::sim
