// A whole cluster on one thread from one seed: processes are killed at random and between any two storage effects,
// answers are lost, streams break. Whatever happens, every row counts once.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "tests/sim/seed_run.h"

namespace millrace::sim {
namespace {

uint64_t FirstSeed() {
  const char* seed = std::getenv("MILLRACE_SEED");
  return seed == nullptr ? 1 : std::strtoull(seed, nullptr, 10);
}
uint64_t NumSeeds(uint64_t standard) {
  const char* seeds = std::getenv("MILLRACE_SEEDS");
  return seeds != nullptr ? std::strtoull(seeds, nullptr, 10) : std::getenv("MILLRACE_SEED") != nullptr ? 1 : standard;
}

TEST(ExactlyOnce, WithoutFaultsEveryRowCountsOnce) {
  Outcome outcome = RunSeed(FirstSeed(), /*with_faults=*/false);
  EXPECT_EQ(outcome.problem, "");
  EXPECT_GE(outcome.epochs, 3u);
  EXPECT_GT(outcome.late, 0u);
}

// Windows of the commit protocol (failure_windows.h) that a random run cannot go through, and why.
const std::map<int, const char*>& WindowsElsewhere() {
  static const auto& elsewhere = *new std::map<int, const char*>{
      {8, "no command restores an older checkpoint"},
      {11, "must end in a refusal: Refusals.StagedFilesThatWereVacuumed"},
      {12, "must end in a refusal: Refusals.ATableThatIsGone, Refusals.ATableThatWasReplaced"}};
  return elsewhere;
}

TEST(ExactlyOnce, WhateverDiesEveryRowCountsOnce) {
  int kills = 0;
  uint64_t restarts = 0;
  size_t epochs = 0;
  size_t late = 0;
  std::array<uint64_t, FailureWindows::kNumWindows + 1> seeds_in_window{};
  uint64_t num_seeds = NumSeeds(200);
  for (uint64_t seed = FirstSeed(), end = seed + num_seeds; seed < end; ++seed) {
    Outcome outcome = RunSeed(seed, /*with_faults=*/true);
    std::printf("seed %llu: %zu epochs, %llu faults, trace %016llx, windows %s\n", static_cast<unsigned long long>(seed),
                outcome.epochs, static_cast<unsigned long long>(outcome.faults),
                static_cast<unsigned long long>(outcome.trace_hash), outcome.window_names.c_str());
    EXPECT_EQ(outcome.problem, "") << "MILLRACE_SEED=" << seed << ", kills " << outcome.kills << ", epochs " << outcome.epochs;
    EXPECT_GE(outcome.epochs, 3u) << "MILLRACE_SEED=" << seed;
    EXPECT_GE(outcome.faults, 1u) << "MILLRACE_SEED=" << seed;
    kills += outcome.kills;
    restarts += outcome.restarts;
    epochs += outcome.epochs;
    late += outcome.late;
    for (size_t window = 1; window < seeds_in_window.size(); ++window) seeds_in_window[window] += outcome.windows[window] > 0;
  }
  std::printf("kills %d, restarts %llu, epochs %zu, late rows %zu\n", kills, static_cast<unsigned long long>(restarts), epochs, late);
  for (int window = 1; window <= FailureWindows::kNumWindows; ++window) {
    uint64_t seeds = seeds_in_window[static_cast<size_t>(window)];
    if (auto elsewhere = WindowsElsewhere().find(window); elsewhere != WindowsElsewhere().end()) {
      std::printf("W%d: not in these runs: %s\n", window, elsewhere->second);
      continue;
    }
    std::printf("W%d: hit by %llu of %llu seeds\n", window, static_cast<unsigned long long>(seeds),
                static_cast<unsigned long long>(num_seeds));
    if (num_seeds >= 200) {
      EXPECT_GT(seeds, 0u) << "W" << window << " was never tried";
    }
  }
  EXPECT_GT(kills, 0);
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
