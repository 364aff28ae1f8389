// What cannot be exact must not go on: the pipeline ends as FAILED, says why, and says what to do. End to end, through
// the coordinator.
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "base/error.h"
#include "connectors/delta/delta_connector.h"
#include "coordinator/plan/plan_json.h"
#include "tests/sim/sim_cluster.h"

namespace millrace::sim {
namespace {

using testing::HasSubstr;

v1::Plan PlanOfTest(std::string_view lineage_option = "refuse") {
  auto plan = ReadPlanJson(Cat(R"({"format_version": 1, "name": "clicks", "parallelism": 2, "checkpoint": {"interval_ms": 100},
    "nodes": [
      {"uid": "clicks", "source": {"connector": "generator",
         "options": {"rows": "100000", "splits": "2", "seed": "1", "keys": "20", "rows-per-second": "1600"},
         "columns": [{"name": "user_id", "type": "STRING NOT NULL"}, {"name": "event_id", "type": "BIGINT NOT NULL"}]}},
      {"uid": "out", "inputs": [{"from": "clicks"}],
       "sink": {"connector": "delta", "options": {"table-path": "sim://out", "lineage": ")", lineage_option, R"("}}}
    ]})"));
  Check(plan.ok(), plan.ok() ? "" : std::string(plan.status().message()));
  return *plan;
}

class Refusals : public testing::Test {
 protected:
  Refusals() { cluster_.Submit(PlanOfTest()); }
  MemoryBlobStore& table() { return *cluster_.storage().At("sim://out"); }
  void RunUntilCommitted(size_t epochs) {
    ASSERT_TRUE(cluster_.RunUntil([&] { return cluster_.windows().num_completed() >= epochs; }, absl::Seconds(30)));
  }
  void Stop() {
    RunUntilCommitted(3);
    auto stopped = cluster_.Call([](Coordinator& c, Coordinator::Done done) { c.Stop("clicks", false, std::move(done)); });
    ASSERT_TRUE(stopped.ok()) << stopped.status();
    ASSERT_TRUE(cluster_.RunUntilState("clicks", v1::PIPELINE_STATE_STOPPED, absl::Seconds(30)));
  }
  void Start() {
    auto started = cluster_.Call([](Coordinator& c, Coordinator::Done done) { c.Start("clicks", 0, std::move(done)); });
    ASSERT_TRUE(started.ok()) << started.status();
  }
  std::string StartFails() {
    Start();
    EXPECT_TRUE(cluster_.RunUntilState("clicks", v1::PIPELINE_STATE_FAILED, absl::Seconds(30)));
    return cluster_.last_view().reason();
  }
  void Erase(MemoryBlobStore& store, std::string_view prefix) {
    const std::vector<std::string> names = *store.List(prefix);
    for (const std::string& name : names) ASSERT_TRUE(store.Delete(name).ok());
  }

  Cluster cluster_{{}};
};

TEST_F(Refusals, NothingWhenNothingIsWrong) {
  Stop();
  size_t before = cluster_.windows().num_completed();
  Start();
  RunUntilCommitted(before + 3);
  EXPECT_EQ(cluster_.windows().problem(), "");
}

TEST_F(Refusals, ATableThatIsGone) {
  Stop();
  Erase(table(), "");
  EXPECT_THAT(StartFails(), HasSubstr("is gone. Put it back, or create the pipeline anew"));
  EXPECT_TRUE(table().List("")->empty()) << "it was made anew";
}

TEST_F(Refusals, ATableThatWasReplaced) {
  Stop();
  Erase(table(), "");
  // By another pipeline, with the same columns.
  class Direct final : public BlobStoreFactory {
   public:
    explicit Direct(Storage* storage) : storage_(storage) {}
    absl::StatusOr<std::shared_ptr<BlobStore>> Open(std::string_view uri) override { return storage_->At(std::string(uri)); }

   private:
    Storage* const storage_;
  } direct(&cluster_.storage());
  SinkSpec spec;
  spec.identity = {"others", "out", "theirs"};
  (*spec.sink.mutable_options())["table-path"] = "sim://out";
  spec.schema = arrow::schema({arrow::field("user_id", arrow::utf8(), false), arrow::field("event_id", arrow::int64(), false)});
  auto connector = MakeDeltaConnector({cluster_.world().clock(), nullptr, &direct, nullptr});
  auto theirs = (*connector->OpenCatalog(spec))->Prepare(spec.identity, "");
  ASSERT_TRUE(theirs.ok()) << theirs.status();
  std::string reason = StartFails();
  EXPECT_THAT(reason, HasSubstr("prepare sink out"));
  EXPECT_THAT(reason, HasSubstr(Cat("another table is in its place: its id is ", *theirs)));
  EXPECT_THAT(reason, HasSubstr("Put the old table back"));
  EXPECT_EQ(table().List("")->size(), 1u) << "it was written to";
}

TEST_F(Refusals, ATableOfAnotherLineageUnlessTheUserSaysAppend) {
  Stop();
  // The coordinator's records are lost: the same name begins a new lineage, which knows of no table.
  Erase(*cluster_.storage().At("sim://metadata"), "pipelines/");
  cluster_.KillCoordinator();
  const size_t before = table().List("")->size();
  cluster_.Submit(PlanOfTest());
  ASSERT_TRUE(cluster_.RunUntilState("clicks", v1::PIPELINE_STATE_FAILED, absl::Seconds(30))) << cluster_.last_view().reason();
  EXPECT_THAT(cluster_.last_view().reason(), HasSubstr("sink out of an earlier pipeline clicks wrote to it up to epoch"));
  EXPECT_THAT(cluster_.last_view().reason(), HasSubstr("set option 'lineage' to 'append'"));
  EXPECT_EQ(table().List("")->size(), before);

  Erase(*cluster_.storage().At("sim://metadata"), "pipelines/");
  cluster_.KillCoordinator();
  cluster_.Submit(PlanOfTest("append"));
  ASSERT_TRUE(cluster_.RunUntilState("clicks", v1::PIPELINE_STATE_RUNNING, absl::Seconds(30))) << cluster_.last_view().reason();
}

TEST_F(Refusals, StagedFilesThatWereVacuumed) {
  RunUntilCommitted(3);
  // The coordinator dies as soon as an epoch is complete: until its successor commits them, files are all that there is
  // of its rows.
  ASSERT_TRUE(cluster_.RunUntil([&] { return cluster_.windows().IsCommitPending(); }, absl::Seconds(30)));
  cluster_.KillCoordinator();
  const uint64_t epoch = cluster_.windows().record().completed_epoch();
  size_t num_deleted = 0;
  const std::vector<std::string> files = *table().List("part-");
  for (const std::string& file : files) {
    if (std::stoull(file.substr(11, 12)) != epoch) continue;
    ASSERT_TRUE(table().Delete(file).ok());
    ++num_deleted;
  }
  ASSERT_GT(num_deleted, 0u);
  ASSERT_TRUE(cluster_.RunUntilState("clicks", v1::PIPELINE_STATE_FAILED, absl::Seconds(30)));
  EXPECT_THAT(cluster_.last_view().reason(), HasSubstr(Cat("commit epoch ", epoch)));
  EXPECT_THAT(cluster_.last_view().reason(), HasSubstr("is gone; was the table vacuumed?"));
}

TEST(RefusalsOfWorkers, AStateThatTheCoordinatorPlansOtherwise) {
  Cluster::Options options;
  options.alter_physical = [](internal::v1::PhysicalPlan& physical) {
    for (auto& stage : *physical.mutable_stages()) {
      for (auto& node : *stage.mutable_nodes()) {
        if (node.has_window_aggregate()) node.set_state_fingerprint("window_aggregate/2");
      }
    }
  };
  Cluster cluster(options);
  auto plan = ReadPlanJson(R"({"format_version": 1, "name": "clicks", "parallelism": 1, "nodes": [
      {"uid": "clicks", "source": {"connector": "generator", "options": {"rows": "100", "splits": "1", "keys": "20"},
         "columns": [{"name": "user_id", "type": "STRING NOT NULL"}, {"name": "event_time", "type": "TIMESTAMP_LTZ(3) NOT NULL"}],
         "watermark": {"column": "event_time"}}},
      {"uid": "per_user", "inputs": [{"from": "clicks"}], "window_aggregate": {"time_column": "event_time", "size_ms": 500,
         "keys": ["user_id"], "aggregates": [{"function": "count", "name": "n"}]}},
      {"uid": "out", "inputs": [{"from": "per_user"}], "sink": {"connector": "blackhole"}}]})");
  ASSERT_TRUE(plan.ok()) << plan.status();
  cluster.Submit(*plan);
  ASSERT_TRUE(cluster.RunUntilState("clicks", v1::PIPELINE_STATE_FAILED, absl::Seconds(30))) << cluster.last_view().reason();
  EXPECT_THAT(cluster.last_view().reason(), HasSubstr("deploy operator per_user: the coordinator plans its state as [window_aggregate/2]"));
  EXPECT_THAT(cluster.last_view().reason(), HasSubstr("Run the same release on both"));
}

}  // namespace
}  // namespace millrace::sim
