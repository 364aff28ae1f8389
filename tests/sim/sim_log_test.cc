// A log that behaves like Kafka: partitions that come, rest, end and stay silent, topics that are made anew, retention.
// Whatever it does, every record counts once, or the pipeline stops and says why.
#include "tests/sim/sim_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "tests/sim/sim_log_run.h"

namespace millrace::sim {
namespace {

using testing::HasSubstr;

LogRun::Options OptionsOf(uint64_t seed, size_t num_partitions) {
  LogRun::Options options;
  options.log.seed = options.cluster.seed = seed;
  options.log.late_ratio = 0.02;
  options.log.bad_ratio = 0.02;
  options.partitions.resize(num_partitions);
  return options;
}

void RunFor(LogRun& run, absl::Duration span) { run.cluster().Run(span); }

// MILLRACE_SEED=n runs that one only, MILLRACE_SEEDS=n so many from it on.
std::vector<uint64_t> Seeds(uint64_t standard) {
  const char* first = std::getenv("MILLRACE_SEED");
  const char* count = std::getenv("MILLRACE_SEEDS");
  uint64_t number = count != nullptr ? std::strtoull(count, nullptr, 10) : first != nullptr ? 1 : standard;
  std::vector<uint64_t> seeds;
  for (uint64_t i = 0; i < number; ++i) seeds.push_back((first == nullptr ? 1 : std::strtoull(first, nullptr, 10)) + i);
  return seeds;
}

TEST(SimLog, EveryRecordOfRunningPartitionsCountsOnce) {
  LogRun run(OptionsOf(1, 3));
  run.Start();
  RunFor(run, absl::Seconds(2));
  ASSERT_TRUE(run.Drain());
  EXPECT_EQ(run.Problem({0, 1, 2}), "");
  EXPECT_GT(run.num_late(), 10u);
  EXPECT_GT(run.log().End(0), 500);
}

TEST(SimLog, WhateverDiesAndWhoeverLeadsEveryRecordCountsOnce) {
  for (uint64_t seed : Seeds(12)) {
    SCOPED_TRACE(Cat("seed ", seed));
    LogRun::Options options = OptionsOf(seed, 4);
    options.log.error_chance = 0.05;
    if (seed % 2 == 1) options.least_amount = 60'000;
    options.partitions[1].flow.lump = 50;
    options.partitions[2].flow = {.records_per_second = 2000, .lump = 500};
    options.partitions[2].max_records = 3000;
    FaultPlan::Options& faults = options.cluster.faults;
    faults.Happens(FaultKind::kKill, absl::Milliseconds(400), 4);
    if (seed % 2 == 0) faults.Happens(FaultKind::kFreeze, absl::Milliseconds(800), 4);
    if (seed % 3 == 0) faults.Happens(FaultKind::kStop, absl::Milliseconds(500), 1);
    faults.chance(FaultKind::kLostAnswer) = 0.01;
    LogRun run(std::move(options));
    run.Start();
    RunFor(run, absl::Seconds(3));
    ASSERT_TRUE(run.Drain()) << run.cluster().last_view().reason();
    EXPECT_EQ(run.Problem({0}), "");
    EXPECT_GT(run.cluster().kills(), 0);
  }
}

// When a partition is found, and who dies at that moment.
enum class Moment { kNobodyDies, kCoordinatorWhenListed, kCoordinatorWhenStored, kWorkersWhenOpened, kAllWhenOpened };

class AddedPartition : public testing::TestWithParam<Moment> {};

TEST_P(AddedPartition, CountsFromItsFirstRecordOnce) {
  for (uint64_t seed : Seeds(6)) {
    SCOPED_TRACE(Cat("seed ", seed));
    LogRun::Options options = OptionsOf(seed, 2);
    options.log.bad_ratio = 0.05;
    LogRun run(std::move(options));
    bool listed = false;
    bool opened = false;
    run.log().on_listed = [&](size_t num_partitions) { listed |= num_partitions == 3; };
    run.log().on_opened = [&](int32_t partition, int64_t offset) {
      if (partition == 2 && !opened) {
        EXPECT_EQ(offset, 0);
      }
      opened |= partition == 2;
    };
    run.Start();
    RunFor(run, absl::Milliseconds(700));
    ASSERT_EQ(run.AddPartition({.num_there = 100, .later_ms = 7000}), 2);
    auto stored = [&] {
      for (const auto& source : run.cluster().windows().record().start_positions()) {
        for (const auto& split : source.splits()) {
          if (split.id() == "clicks/2") return true;
        }
      }
      return false;
    };
    const Moment moment = GetParam();
    ASSERT_TRUE(run.cluster().RunUntil(
        [&] { return moment == Moment::kCoordinatorWhenListed ? listed : moment == Moment::kCoordinatorWhenStored ? stored() : opened; },
        absl::Minutes(1)));
    if (moment == Moment::kCoordinatorWhenListed || moment == Moment::kCoordinatorWhenStored || moment == Moment::kAllWhenOpened) {
      run.cluster().KillCoordinator();
    }
    if (moment == Moment::kWorkersWhenOpened || moment == Moment::kAllWhenOpened) run.cluster().KillWorkers();
    RunFor(run, absl::Seconds(1));
    ASSERT_TRUE(run.Drain()) << run.cluster().last_view().reason();
    EXPECT_EQ(run.Problem({0, 1}), "");
    EXPECT_GT(run.Positions()["clicks/2"], 100);
  }
}

INSTANTIATE_TEST_SUITE_P(Moments, AddedPartition,
                         testing::Values(Moment::kNobodyDies, Moment::kCoordinatorWhenListed, Moment::kCoordinatorWhenStored,
                                         Moment::kWorkersWhenOpened, Moment::kAllWhenOpened));

constexpr SimLog::PartitionOptions kSilent{.flow = {.records_per_second = 0}};

TEST(SimLog, APartitionWithoutRecordsHoldsWindowsBackForEverUnlessItMayBeIdle) {
  for (bool may_be_idle : {false, true}) {
    SCOPED_TRACE(may_be_idle);
    LogRun::Options options = OptionsOf(3, 2);
    options.partitions.push_back(kSilent);
    options.idle_timeout_ms = may_be_idle ? 200 : 0;
    LogRun run(std::move(options));
    run.Start();
    RunFor(run, absl::Seconds(3));
    EXPECT_EQ(run.NumFired() > 0, may_be_idle);
    ASSERT_TRUE(run.Drain());
    EXPECT_EQ(run.Problem({0, 1}), "");
    EXPECT_GT(run.NumFired(), 0);
    if (!may_be_idle) {
      EXPECT_EQ(run.num_late(), 0u) << "nothing is late as long as no watermark is known";
    }
  }
}

// Of one that retention has emptied nothing counts, and it stands at its end.
TEST(SimLog, EmptyIdleAndEndingPartitionsNeitherHoldNorFreeTheWatermark) {
  for (uint64_t seed : Seeds(6)) {
    SCOPED_TRACE(Cat("seed ", seed));
    LogRun::Options options = OptionsOf(seed, 2);
    // Of most fetches no record becomes a row, and their event times count all the same.
    if (seed % 2 == 1) options.least_amount = 95'000;
    options.partitions.push_back({.flow = {.records_per_second = 0}, .begin = 50});            // 2: empty
    options.partitions.push_back({.flow = {.records_per_second = 400}, .end = 300});           // 3: ends
    options.partitions.push_back({});                                                          // 4: idle for a while
    if (seed % 2 == 0) options.cluster.faults.Happens(FaultKind::kKill, absl::Milliseconds(500), 4);
    LogRun run(std::move(options));
    run.Start();
    RunFor(run, absl::Milliseconds(600));
    run.log().Pause(4);
    const int64_t fired_before = run.NumFired();
    for (int i = 0; i < 10 || (i < 100 && run.NumFired() <= fired_before); ++i) RunFor(run, absl::Milliseconds(100));
    EXPECT_GT(run.NumFired(), fired_before) << "an idle partition holds no window back, nor does one that has ended";
    run.log().Resume(4);
    RunFor(run, absl::Seconds(1));
    ASSERT_TRUE(run.Drain()) << run.cluster().last_view().reason();
    // While 4 is read as if it had never rested, it may be late; the others may not.
    EXPECT_EQ(run.Problem({0, 1}), "");
    std::map<std::string, int64_t> positions = run.Positions();
    EXPECT_EQ(positions["clicks/2"], 50);
    EXPECT_EQ(positions["clicks/3"], 300) << "a bounded partition is not read beyond its end";
  }
}

TEST(SimLog, APartitionThatCannotBeReachedIsNotIdle) {
  for (uint64_t seed : Seeds(4)) {
    SCOPED_TRACE(Cat("seed ", seed));
    LogRun run(OptionsOf(seed, 2));
    run.Start();
    RunFor(run, absl::Seconds(1));
    run.log().SetReachable(1, false);
    RunFor(run, absl::Milliseconds(300));
    const int64_t fired_before = run.NumFired();
    RunFor(run, absl::Seconds(2));
    EXPECT_EQ(run.NumFired(), fired_before) << "ten times its idle time-out has passed";
    run.log().SetReachable(1, true);
    RunFor(run, absl::Seconds(1));
    ASSERT_TRUE(run.Drain());
    EXPECT_EQ(run.Problem({0, 1}), "");
    EXPECT_GT(run.NumFired(), fired_before);
  }
}

TEST(SimLog, ATopicMadeAnewWithMoreRecordsIsRefusedAtTheNextStart) {
  LogRun run(OptionsOf(1, 2));
  run.Start();
  RunFor(run, absl::Seconds(1));
  ASSERT_TRUE(run.StopAtCheckpoint());
  run.log().ReplaceTopic({{.num_there = 10'000}, {.num_there = 10'000}});
  (void)run.cluster().Call([](Coordinator& c, Coordinator::Done done) { c.Start("clicks", 0, std::move(done)); });
  std::string reason = run.FailsWithin(absl::Seconds(30));
  EXPECT_THAT(reason, HasSubstr("resume reading at topic: clicks, partition: "));
  EXPECT_THAT(reason, HasSubstr("the record before it is another one than the checkpoint saw; the topic was made anew"));
  EXPECT_THAT(reason, HasSubstr("run the plan under another name"));
}

TEST(SimLog, ATopicMadeAnewWhileItIsReadIsRefused) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(Cat("seed ", seed));
    LogRun run(OptionsOf(seed, 2));
    run.Start();
    RunFor(run, absl::Seconds(1));
    const int64_t fired = run.NumFired();
    run.log().ReplaceTopic({{.num_there = 10'000}, {.num_there = 10'000}});
    std::string reason = run.FailsWithin(absl::Seconds(30));
    EXPECT_THAT(reason, HasSubstr("the topic was made anew"));
    EXPECT_GE(run.NumFired(), fired);
  }
}

TEST(SimLog, ATopicMadeAnewWithFewerPartitionsOrRecordsIsRefused) {
  for (size_t num_partitions : {size_t{1}, size_t{2}}) {
    LogRun run(OptionsOf(1, 2));
    run.Start();
    RunFor(run, absl::Seconds(1));
    run.log().ReplaceTopic(std::vector<SimLog::PartitionOptions>(num_partitions, kSilent));
    std::string reason = run.FailsWithin(absl::Seconds(30));
    EXPECT_THAT(reason, HasSubstr("was the topic "));
    EXPECT_THAT(reason, HasSubstr("run the plan under another name"));
  }
}

TEST(SimLog, RetentionThatPassesThePositionIsRefusedAtTheNextStart) {
  LogRun run(OptionsOf(1, 2));
  run.Start();
  RunFor(run, absl::Seconds(1));
  ASSERT_TRUE(run.StopAtCheckpoint());
  const int64_t position = run.Positions()["clicks/1"];
  ASSERT_GT(position, 0);
  RunFor(run, absl::Seconds(1));
  run.log().Truncate(1, position + 1);
  (void)run.cluster().Call([](Coordinator& c, Coordinator::Done done) { c.Start("clicks", 0, std::move(done)); });
  std::string reason = run.FailsWithin(absl::Seconds(30));
  EXPECT_THAT(reason, HasSubstr(Cat("topic: clicks, partition: 1, offset: ", position, ": it is not there any more; available: ", position + 1)));
  EXPECT_THAT(reason, HasSubstr("did retention remove the records?"));
}

TEST(SimLog, RetentionThatPassesAReaderIsRefused) {
  LogRun run(OptionsOf(1, 2));
  run.Start();
  RunFor(run, absl::Seconds(1));
  run.log().SetFlow(1, {.records_per_second = 10'000, .lump = 50'000});
  ASSERT_TRUE(run.cluster().RunUntil([&] { return run.log().End(1) > 50'000; }, absl::Minutes(1)));
  run.log().Truncate(1, run.log().End(1) - 1);
  std::string reason = run.FailsWithin(absl::Seconds(30));
  EXPECT_THAT(reason, HasSubstr("topic: clicks, partition: 1, offset: "));
  EXPECT_THAT(reason, HasSubstr("did retention remove the records"));
}

// What was read may go.
TEST(SimLog, RetentionBehindTheReaderHarmsNothing) {
  LogRun run(OptionsOf(1, 2));
  run.Start();
  RunFor(run, absl::Seconds(1));
  ASSERT_TRUE(run.StopAtCheckpoint());
  run.log().Truncate(0, run.Positions()["clicks/0"]);
  run.log().Truncate(1, run.Positions()["clicks/1"] - 1);
  (void)run.cluster().Call([](Coordinator& c, Coordinator::Done done) { c.Start("clicks", 0, std::move(done)); });
  RunFor(run, absl::Seconds(1));
  ASSERT_TRUE(run.Drain()) << run.cluster().last_view().reason();
  EXPECT_EQ(run.Problem({0, 1}), "");
}

}  // namespace
}  // namespace millrace::sim
