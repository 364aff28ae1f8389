// Too many bad records stop a pipeline, at the same record whatever happens, and what it has done stands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/check.h"
#include "base/error.h"
#include "coordinator/plan/plan_json.h"
#include "tests/connectors/format/hostile_records.h"
#include "tests/sim/sim_log_run.h"

namespace millrace::sim {
namespace {

using testing::HasSubstr;

constexpr char kFivePercent[] = R"({"percent": 5, "window_records": 200})";

LogRun::Options OptionsOf(uint64_t seed) {
  LogRun::Options options;
  options.log.seed = options.cluster.seed = seed;
  options.log.bad_ratio = 0.01;
  options.partitions.resize(3);
  options.bad_record_limit = kFivePercent;
  return options;
}

// The rule, told once more: offsets of the first and the last of the first 11 bad records among 200 in a row.
std::pair<int64_t, int64_t> WhereElevenOf200AreBad(const SimLog& log, int32_t partition) {
  std::deque<int64_t> bad;
  for (int64_t offset = 0; offset < log.End(partition); ++offset) {
    if (!log.At(partition, offset).bad) continue;
    bad.push_back(offset);
    while (bad.front() <= offset - 200) bad.pop_front();
    if (bad.size() == 11) return {bad.front(), bad.back()};
  }
  return {-1, -1};
}

absl::StatusOr<v1::Pipeline> StartAgain(LogRun& run) {
  return run.cluster().Call([](Coordinator& c, Coordinator::Done done) { c.Start("clicks", 0, std::move(done)); });
}

TEST(BadRecordLimit, StopsThePipelineAtTheSameRecordWhateverHappens) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(Cat("seed ", seed));
    LogRun::Options options = OptionsOf(seed);
    // Records that are dropped are records all the same.
    if (seed % 2 == 0) options.least_amount = 90'000;
    if (seed > 1) options.cluster.faults.Happens(FaultKind::kKill, absl::Milliseconds(250), 4);
    if (seed > 4) options.cluster.faults.Happens(FaultKind::kCancel, absl::Milliseconds(400), 1);
    LogRun run(std::move(options));
    run.Start();
    run.cluster().Run(absl::Milliseconds(1000));
    // Between good ones, so that several polls, and perhaps several deployments, see some of them.
    for (int i = 0; i < 40; ++i) {
      run.log().PutValue(1, i % 4 == 0 ? R"({"user_id": 1)" : Cat(R"({"user_id": "u", "event_time": ")", i, R"(", "event_id": 1})"));
      if (i % 5 == 0) run.cluster().Run(absl::Milliseconds(20));
    }
    std::string reason = run.FailsWithin(absl::Minutes(1));
    auto [first, last] = WhereElevenOf200AreBad(run.log(), 1);
    ASSERT_GE(first, 0);
    EXPECT_THAT(reason, HasSubstr("source clicks: too many bad records: 11 of the last 200 of a partition, 5.5 %; the limit is 5 %: "));
    EXPECT_THAT(reason, HasSubstr(Cat("topic: clicks, partition: 1, offsets: ", first, " to ", last, "; ")));
    EXPECT_THAT(reason, HasSubstr(" of them: column 'event_time' (TIMESTAMP_LTZ(3)): a value is not a time of the form yyyy-MM-dd HH:mm:ss[.fraction]Z, such as at offset "));
    EXPECT_THAT(reason, HasSubstr("raise the source's bad_record_limit in the plan and run it again"));
    if (seed == 1) {
      EXPECT_EQ(run.cluster().last_view().restarts(), 0u) << "it does not try again";
    }

    // As it is, it meets the same records again.
    run.cluster().StopFaults();
    run.cluster().Run(absl::Seconds(1));  // whoever has died is there again
    auto started = StartAgain(run);
    ASSERT_TRUE(started.ok()) << started.status();
    EXPECT_EQ(run.FailsWithin(absl::Minutes(1)), reason);

    // With a higher limit it goes on, and every record counts once, dead letters too.
    auto raised = run.cluster().Call([&](Coordinator& c, Coordinator::Done done) {
      c.Create(run.PlanWith(R"({"percent": 50, "window_records": 200})"), "request-2", std::move(done));
    });
    ASSERT_TRUE(raised.ok()) << raised.status();
    ASSERT_TRUE(StartAgain(run).ok());
    ASSERT_TRUE(run.cluster().RunUntilState("clicks", v1::PIPELINE_STATE_RUNNING, absl::Minutes(1))) << run.cluster().last_view().reason();
    ASSERT_TRUE(run.Drain()) << run.cluster().last_view().reason();
    EXPECT_EQ(run.Problem({}), "");
  }
}

TEST(BadRecordLimit, ManyBadRecordsThatKeepWithinItStopNothing) {
  LogRun::Options options = OptionsOf(1);
  options.log.bad_ratio = 0.3;
  options.bad_record_limit = R"({"percent": 45, "window_records": 100})";
  LogRun run(std::move(options));
  run.Start();
  run.cluster().Run(absl::Seconds(2));
  ASSERT_TRUE(run.Drain()) << run.cluster().last_view().reason();
  EXPECT_EQ(run.Problem({}), "");
}

TEST(BadRecordLimit, OnlyALimitMayBeChangedOnceThereIsACheckpointAndOnlyAtRest) {
  LogRun run(OptionsOf(1));
  run.Start();
  run.cluster().Run(absl::Seconds(1));
  auto create = [&](const v1::Plan& plan) {
    return run.cluster().Call([&](Coordinator& c, Coordinator::Done done) { c.Create(plan, "", std::move(done)); });
  };
  const v1::Plan without = run.PlanWith("");
  EXPECT_THAT(std::string(create(without).status().message()), HasSubstr("there is one of this name with another plan, RUNNING"));
  ASSERT_TRUE(run.StopAtCheckpoint());
  v1::Plan other = without;
  other.mutable_nodes(1)->mutable_window_aggregate()->set_size_ms(1000);
  EXPECT_THAT(std::string(create(other).status().message()), HasSubstr("there is one of this name with another plan, STOPPED"));
  auto changed = create(without);
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(changed->state(), v1::PIPELINE_STATE_STOPPED);
  EXPECT_FALSE(changed->plan().nodes(0).source().has_bad_record_limit());
  ASSERT_TRUE(StartAgain(run).ok());
  run.cluster().Run(absl::Seconds(1));
  ASSERT_TRUE(run.Drain()) << run.cluster().last_view().reason();
  EXPECT_EQ(run.Problem({}), "");
}

TEST(BadRecordLimit, IsKeptByTheGeneratorToo) {
  auto plan = ReadPlanJson(R"({"format_version": 1, "name": "clicks", "parallelism": 2, "checkpoint": {"interval_ms": 100}, "nodes": [
      {"uid": "clicks", "source": {"connector": "generator",
         "options": {"rows": "100000", "splits": "2", "seed": "1", "rows-per-second": "4000", "bad-ratio": "0.1"},
         "columns": [{"name": "user_id", "type": "STRING NOT NULL"}], "bad_record_limit": {"percent": 5}}},
      {"uid": "out", "inputs": [{"from": "clicks"}], "sink": {"connector": "blackhole"}},
      {"uid": "dead", "inputs": [{"from": "clicks", "output": "dead_letter"}], "sink": {"connector": "blackhole"}}]})");
  Check(plan.ok(), plan.ok() ? "" : std::string(plan.status().message()));
  Cluster cluster({});
  cluster.Submit(*plan);
  ASSERT_TRUE(cluster.RunUntilState("clicks", v1::PIPELINE_STATE_FAILED, absl::Minutes(1)));
  EXPECT_THAT(cluster.last_view().reason(), HasSubstr("too many bad records: 51 of the last 1000 of a partition, 5.1 %; the limit is 5 %: "
                                                      "topic: generator, partition: "));
  EXPECT_EQ(cluster.last_view().restarts(), 0u);
}

// End to end: each hostile record as it came, in a log among good ones.
TEST(BadRecordLimit, HostileRecordsAreSetAsideAndNothingElseHappens) {
  LogRun::Options options = OptionsOf(1);
  options.log.bad_ratio = 0;
  options.bad_record_limit = "";
  LogRun run(std::move(options));
  run.Start();
  int put = 0;
  for (const HostileRecord& hostile : HostileRecords()) {
    if (!hostile.value.has_value() || hostile.value->size() > 100'000) continue;
    run.log().PutValue(put++ % 3, *hostile.value);  // none of them has this plan's columns
    run.cluster().Run(absl::Milliseconds(10));
  }
  EXPECT_GT(put, 80);
  ASSERT_TRUE(run.Drain()) << run.cluster().last_view().reason();
  EXPECT_EQ(run.cluster().last_view().restarts(), 0u);
  EXPECT_EQ(run.Problem({0, 1, 2}), "");
}

// Without a reader of dead letters the first one fails the pipeline, whatever bytes it is made of.
TEST(BadRecordLimit, WithoutDeadLettersTheFirstBadRecordIsTold) {
  for (const char* value : {"\xff\xfe\xfd", "{\"user_id\": \"u\", \"event_id\": \"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                            "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                            "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\", \"event_time\": \"2026-01-01 00:00:00Z\"}"}) {
    LogRun::Options options = OptionsOf(1);
    options.log.bad_ratio = 0;
    options.bad_record_limit = "";
    LogRun run(std::move(options));
    v1::Plan plan = run.PlanWith("");
    plan.mutable_nodes()->RemoveLast();
    run.log().PutValue(1, value);
    run.cluster().Submit(plan);
    std::string reason = run.FailsWithin(absl::Minutes(1));
    EXPECT_THAT(reason, HasSubstr("decode record: topic: clicks, partition: 1, offset: 0: "));
    EXPECT_THAT(reason, HasSubstr("connect the source's dead_letter output"));
    EXPECT_EQ(run.cluster().last_view().restarts(), 0u);
  }
}

}  // namespace
}  // namespace millrace::sim
