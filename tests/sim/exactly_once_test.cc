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

// The harness was wrong, not the program: see SimUser and DeletionsTest.
TEST(ExactlyOnce, SeedsThatWereFindingsOfTheHarnessAreNoMore) {
  for (uint64_t seed : {552u, 669u, 1500u, 1586u, 1924u}) EXPECT_EQ(RunSeed(seed, true).problem, "") << "seed " << seed;
}

TEST(ExactlyOnce, TheSameSeedMakesTheSameTrace) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    EXPECT_EQ(RunSeed(seed, true).trace_hash, RunSeed(seed, true).trace_hash) << "seed " << seed;
  }
}

}  // namespace
}  // namespace millrace::sim
