// Every failpoint × what may happen there: crash, error, a delay longer than every time-out, a hang until somebody
// kills the process, damaged bytes. Whatever happens, every row counts once; what is damaged may also end in FAILED
// with a reason that names it.
//
// MILLRACE_SWEEP=whole     the first, a middle and a late time that a kind of process comes to a point, and all actions
// MILLRACE_SWEEP=pairs     as many random pairs of what the whole sweep does
// MILLRACE_SWEEP_SKIP=n    without the first n runs
// MILLRACE_SWEEP_RUNS=n    n of them at most
// MILLRACE_SWEEP_ONLY=text those whose name contains it
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "tests/sim/failpoint_run.h"

namespace millrace::sim {
namespace {

// Actions that the simulation's memory does not do: failpoint_disk_test.cc goes through them with real files.
bool IsElsewhere(std::string_view name) {
  return name.starts_with("local.") || name.starts_with("rocksdb.") || name.starts_with("leadership.");
}

// A worker's upload that takes longer than a checkpoint may: the checkpoint is given up, which has points too.
PointRule SlowUpload() {
  return {{FailpointId("subtask.persist").index(), FailpointSide::kBefore, false}, 26, PointAction::kDelay, absl::Milliseconds(3200)};
}

constexpr uint64_t kDamages = 40;

struct SweepRun {
  std::vector<PointRule> rules;
  std::string name;  // "worker manifest.put.before crash 3"
};

std::vector<SweepRun> PlanSweep(const std::map<PointPlace, FailpointInjector::Hits>& hits, bool whole) {
  std::vector<SweepRun> runs;
  for (const auto& [place, count] : hits) {
    for (PointAction action : {PointAction::kCrash, PointAction::kError, PointAction::kDelay, PointAction::kHang, PointAction::kCorrupt}) {
      if (!whole && (action == PointAction::kHang || action == PointAction::kCorrupt)) continue;
      if (action == PointAction::kError && kFailpointActions[place.index].error == absl::StatusCode::kOk) continue;
      uint64_t last = action == PointAction::kCorrupt ? count.with_bytes : count.all;
      if (last == 0) continue;
      std::set<uint64_t> numbers = {(last + 1) / 2};
      if (whole) numbers.insert({1, last - last / 8});
      // Each time another part of the bytes is damaged.
      if (action == PointAction::kCorrupt) {
        for (uint64_t i = 0; i < kDamages; ++i) numbers.insert(1 + i * last / kDamages);
      }
      for (uint64_t number : numbers) {
        PointRule rule{place, number, action};
        runs.push_back({{rule}, Cat(place.ToString(), " ", NameOf(action), " ", number)});
      }
    }
  }
  return runs;
}

// Two misfortunes in one run: the second may hit what repairs the first.
std::vector<SweepRun> PlanPairs(const std::vector<SweepRun>& singles) {
  std::vector<SweepRun> survivable;
  for (const SweepRun& run : singles) {
    if (run.rules[0].action != PointAction::kCorrupt) survivable.push_back(run);
  }
  Random random(1);
  std::vector<SweepRun> pairs;
  for (size_t i = 0; i < singles.size(); ++i) {
    const SweepRun& one = survivable[random.Below(survivable.size())];
    const SweepRun& other = survivable[random.Below(survivable.size())];
    pairs.push_back({{one.rules[0], other.rules[0]}, Cat(one.name, " and ", other.name)});
  }
  return pairs;
}

struct Wanted {
  std::string what = "quick";
  std::string only;
  uint64_t skip = 0;
  uint64_t num_runs = UINT64_MAX;
};

Wanted FromEnvironment() {
  Wanted wanted;
  if (const char* what = std::getenv("MILLRACE_SWEEP")) wanted.what = what;
  if (const char* only = std::getenv("MILLRACE_SWEEP_ONLY")) wanted.only = only;
  if (const char* skip = std::getenv("MILLRACE_SWEEP_SKIP")) wanted.skip = std::strtoull(skip, nullptr, 10);
  if (const char* runs = std::getenv("MILLRACE_SWEEP_RUNS")) wanted.num_runs = std::strtoull(runs, nullptr, 10);
  return wanted;
}

TEST(Sweep, EveryPointIsReachedHereOrWithRealFiles) {
  FailpointOutcome calm = RunWithFailpoints({SlowUpload()}, /*may_fail=*/false);
  EXPECT_EQ(calm.problem, "");
  EXPECT_TRUE(calm.fired);
  for (const auto& [place, hits] : calm.hits) {
    std::printf("%s: %llu\n", place.ToString().c_str(), static_cast<unsigned long long>(hits.all));
  }
  for (size_t index = 0; index < std::size(kFailpointActions); ++index) {
    for (FailpointSide side : {FailpointSide::kBefore, FailpointSide::kAfter}) {
      bool reached = calm.hits.contains({index, side, false}) || calm.hits.contains({index, side, true});
      EXPECT_EQ(reached, !IsElsewhere(kFailpointActions[index].name)) << PointPlace{index, side, false}.ToString();
    }
  }
}

TEST(Sweep, WhateverHappensAtAPointEveryRowCountsOnce) {
  const Wanted wanted = FromEnvironment();
  FailpointOutcome calm = RunWithFailpoints({SlowUpload()}, /*may_fail=*/false);
  ASSERT_EQ(calm.problem, "");
  std::vector<SweepRun> runs = PlanSweep(calm.hits, wanted.what != "quick");
  if (wanted.what == "pairs") runs = PlanPairs(runs);
  std::pair<absl::Duration, std::string> slowest;
  uint64_t num_run = 0;
  uint64_t num_failed = 0;
  for (size_t i = wanted.skip; i < runs.size() && num_run < wanted.num_runs; ++i) {
    const SweepRun& run = runs[i];
    if (run.name.find(wanted.only) == std::string::npos) continue;
    std::vector<PointRule> rules = run.rules;
    rules.insert(rules.begin(), SlowUpload());
    const bool damages = run.rules[0].action == PointAction::kCorrupt;
    FailpointOutcome outcome = RunWithFailpoints(rules, damages);
    // Until its rule was carried out, a run was the calm one. The second of a pair may never have its turn.
    EXPECT_TRUE(outcome.fired || run.rules.size() > 1) << run.name;
    EXPECT_EQ(outcome.problem, "") << "run " << i << " of the sweep: " << run.name;
    if (!outcome.failed_with.empty()) {
      ++num_failed;
      EXPECT_NE(outcome.failed_with.find('/'), std::string::npos) << run.name << " names no blob: " << outcome.failed_with;
    }
    slowest = std::max(slowest, {outcome.recovery, run.name});
    ++num_run;
    std::string result = "exact";
    if (!outcome.failed_with.empty()) result = Cat("FAILED: ", outcome.failed_with);
    if (!outcome.problem.empty()) result = Cat("WRONG: ", outcome.problem);
    std::printf("run %zu of %zu: %s: %s, recovery %.1f s\n", i + 1, runs.size(), run.name.c_str(), result.c_str(),
                absl::ToDoubleSeconds(outcome.recovery));
    std::fflush(stdout);
  }
  std::printf("sweep: %llu runs of %zu, %llu ended FAILED with a reason, slowest recovery %.1f s: %s\n",
              static_cast<unsigned long long>(num_run), runs.size(), static_cast<unsigned long long>(num_failed),
              absl::ToDoubleSeconds(slowest.first), slowest.second.c_str());
  EXPECT_GT(runs.size(), 200u);
}

// The sweep can fail: without its look at the table's marker a committer commits twice what it was not told of.
TEST(Sweep, FindsAPlantedBug) {
  PointRule rule{{FailpointId("delta.append").index(), FailpointSide::kAfter, false}, 5, PointAction::kCrash};
  EXPECT_EQ(RunWithFailpoints({rule}, false).problem, "");
  EXPECT_NE(RunWithFailpoints({rule}, false, "txn_check_skipped").problem, "");
}

TEST(Sweep, TheSameRulesMakeTheSameTrace) {
  PointRule rule{{FailpointId("commit.carry").index(), FailpointSide::kAfter, false}, 2, PointAction::kHang};
  EXPECT_EQ(RunWithFailpoints({rule}, false).trace_hash, RunWithFailpoints({rule}, false).trace_hash);
}

}  // namespace
}  // namespace millrace::sim
