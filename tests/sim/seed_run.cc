#include "tests/sim/seed_run.h"

#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "coordinator/plan/plan_json.h"
#include "tests/sim/clicks_workload.h"
#include "tests/sim/sim_cluster.h"

namespace millrace::sim {

namespace {

FaultPlan::Options ChancesOf(uint64_t seed) {
  FaultPlan::Options faults;
  Random random(seed * 7919);
  // What is drawn every slice of time, of so many processes that it may happen to.
  auto every = [](absl::Duration mean, double share) { return absl::FDivDuration(FaultPlan::kSlice, mean) * share; };
  absl::Duration strike_every = absl::Milliseconds(static_cast<int64_t>(200 + random.Below(1200)));
  double freezes = random.Chance(0.5) ? 0.6 : 0;
  faults.chance(FaultKind::kKill) = every(strike_every, 0.25 * (1 - freezes));
  faults.chance(FaultKind::kFreeze) = every(strike_every, 0.25 * freezes);
  faults.chance(FaultKind::kCrashBefore) = faults.chance(FaultKind::kCrashAfter) = random.Chance(0.5) ? 0.002 : 0;
  faults.chance(FaultKind::kError) = random.Chance(0.5) ? 0.01 : 0;
  faults.chance(FaultKind::kLostAnswer) = random.Chance(0.5) ? 0.02 : 0;
  faults.chance(FaultKind::kBreak) = random.Chance(0.3) ? 0.0005 : 0;
  faults.chance(FaultKind::kLatePut) = random.Chance(0.5) ? 0.02 : 0;
  faults.chance(FaultKind::kRival) = random.Chance(0.3) ? 0.05 : 0;
  if (random.Chance(0.4)) {
    absl::Duration rescale_every = absl::Milliseconds(static_cast<int64_t>(200 + random.Below(600)));
    faults.chance(FaultKind::kStop) = faults.chance(FaultKind::kCancel) = every(rescale_every, 0.5);
  }
  return faults;
}

}  // namespace

Outcome RunSeed(uint64_t seed, bool with_faults, PlantedBug bug) {
  Cluster::Options options;
  options.seed = seed;
  options.bug = bug;
  if (with_faults) options.faults = ChancesOf(seed);
  Cluster cluster(options);
  auto plan = ReadPlanJson(ClicksPlan(seed));
  Check(plan.ok(), plan.ok() ? "" : std::string(plan.status().message()));
  cluster.Submit(*plan);
  Outcome outcome;
  bool finished = cluster.RunUntilState("clicks", v1::PIPELINE_STATE_FINISHED, absl::Seconds(8));
  if (!finished) {
    cluster.StopFaults();
    finished = cluster.RunUntilState("clicks", v1::PIPELINE_STATE_FINISHED, absl::Minutes(2));
  }
  outcome.trace_hash = cluster.world().trace_hash();
  outcome.kills = cluster.kills();
  outcome.faults = cluster.windows().num_faults();
  outcome.epochs = cluster.windows().num_completed();
  outcome.windows = cluster.windows().hits();
  outcome.window_names = cluster.windows().Names();
  outcome.restarts = cluster.last_view().restarts();
  if (!finished) {
    outcome.problem = Cat("not finished: ", v1::PipelineState_Name(cluster.last_view().state()), " ", cluster.last_view().reason());
    return outcome;
  }
  // Whoever was frozen wakes up and dies, what was late arrives; then nothing is left of checkpoints that are not
  // retained.
  cluster.StopFaults();
  cluster.Run(absl::Seconds(3));
  std::vector<std::string> leftovers = cluster.windows().Leftovers();
  if (!leftovers.empty()) {
    // Came after the last collection: the next leader's is due at its start.
    cluster.KillCoordinator();
    cluster.Run(absl::Seconds(3));
    leftovers = cluster.windows().Leftovers();
  }
  if (!leftovers.empty()) outcome.problem = Cat("I10: ", leftovers.size(), " blobs are never collected: ", leftovers.front());
  if (!cluster.windows().problem().empty()) outcome.problem = cluster.windows().problem();
  if (!outcome.problem.empty()) return outcome;
  ClicksVerdict verdict = CheckClicks(seed, cluster.storage());
  outcome.problem = verdict.problem;
  outcome.late = verdict.late;
  return outcome;
}

}  // namespace millrace::sim
