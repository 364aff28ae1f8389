#include "tests/sim/shrink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "base/random.h"
#include "tests/sim/seed_run.h"

namespace millrace::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Numbered(int n) {
  std::vector<std::string> faults;
  for (int i = 0; i < n; ++i) faults.push_back("kill/worker-0/" + std::to_string(i));
  return faults;
}

TEST(Shrink, KeepsWhatIsNeededTogether) {
  std::vector<std::string> all = Numbered(40);
  Shrunk shrunk = Shrink(
      all, [&](const auto& faults) { return std::count(faults.begin(), faults.end(), all[3]) + std::count(faults.begin(), faults.end(), all[31]) == 2; },
      1000);
  EXPECT_THAT(shrunk.faults, ElementsAre(all[3], all[31]));
  EXPECT_TRUE(shrunk.is_minimal);
}

TEST(Shrink, WhatFailsByItselfNeedsNoFault) {
  Shrunk shrunk = Shrink(Numbered(9), [](const auto&) { return true; }, 1000);
  EXPECT_THAT(shrunk.faults, IsEmpty());
  EXPECT_TRUE(shrunk.is_minimal);
}

TEST(Shrink, EndsWhenItsRunsAreUsedUp) {
  int runs = 0;
  Random random(1);
  Shrunk shrunk = Shrink(Numbered(100), [&](const auto&) { return ++runs, random.Chance(0.1); }, 20);
  EXPECT_EQ(runs, 20);
  EXPECT_EQ(shrunk.num_runs, 20);
  EXPECT_FALSE(shrunk.is_minimal);
}

// A commit without its look for what is there needs an answer that was lost, or a death between commit and record: few
// faults of the many that a seed takes.
TEST(Shrink, APlantedBugsScheduleGetsShorterStillFailsAndRepeats) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    RunOptions options;
    options.seed = seed;
    options.bug = "txn_check_skipped";
    const Outcome found = RunSeed(options);
    if (found.problem.empty() || found.faults.size() < 5) continue;
    auto run = [&](const std::vector<std::string>& faults) {
      options.only = std::set<std::string>(faults.begin(), faults.end());
      return RunSeed(options);
    };
    // Named one by one, its faults make the same run.
    EXPECT_EQ(run(found.faults).trace_hash, found.trace_hash);
    Shrunk shrunk = Shrink(found.faults, [&](const auto& faults) { return !run(faults).problem.empty(); }, 100);
    std::printf("seed %llu: %zu faults, shrunk to %zu in %d runs\n", static_cast<unsigned long long>(seed), found.faults.size(),
                shrunk.faults.size(), shrunk.num_runs);
    EXPECT_LT(shrunk.faults.size(), found.faults.size());
    const Outcome once = run(shrunk.faults);
    const Outcome again = run(shrunk.faults);
    EXPECT_NE(once.problem, "");
    EXPECT_EQ(once.problem, again.problem);
    EXPECT_EQ(once.trace_hash, again.trace_hash);
    options.bug = "";
    EXPECT_EQ(run(shrunk.faults).problem, "") << "it is not the bug that fails";
    return;
  }
  FAIL() << "50 seeds did not find the planted bug under at least 5 faults";
}

}  // namespace
}  // namespace millrace::sim
