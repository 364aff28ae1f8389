// A whole cluster on one thread from one seed: processes are killed at random and between any two storage effects,
// answers are lost, streams break. Whatever happens, every row counts once. Many seeds: prove.py.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/sim/seed_run.h"

namespace millrace::sim {
namespace {

TEST(ExactlyOnce, WithoutFaultsEveryRowCountsOnce) {
  Outcome outcome = RunSeed(1, /*with_faults=*/false);
  EXPECT_EQ(outcome.problem, "");
  EXPECT_GE(outcome.epochs, 3u);
  EXPECT_GT(outcome.late, 0u);
}

class Planted : public testing::TestWithParam<PlantedBug> {};

TEST_P(Planted, IsFoundWithinFiftySeeds) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Outcome outcome = RunSeed(seed, /*with_faults=*/true, GetParam());
    if (outcome.problem.empty()) continue;
    std::printf("found by seed %llu: %s\n", static_cast<unsigned long long>(seed), outcome.problem.c_str());
    return;
  }
  FAIL() << "50 seeds did not notice the planted bug";
}

INSTANTIATE_TEST_SUITE_P(Bugs, Planted,
                         testing::Values(PlantedBug::kSkippedTxnCheck, PlantedBug::kSkippedAlignment, PlantedBug::kReusedEpoch,
                                         PlantedBug::kUnfencedCollector, PlantedBug::kGreedyCollector,
                                         PlantedBug::kImpatientCollector));

TEST(ExactlyOnce, TheSameSeedMakesTheSameTrace) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    EXPECT_EQ(RunSeed(seed, true).trace_hash, RunSeed(seed, true).trace_hash) << "seed " << seed;
  }
}

}  // namespace
}  // namespace millrace::sim
