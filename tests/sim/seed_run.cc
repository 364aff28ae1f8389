#include "tests/sim/seed_run.h"

#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "coordinator/plan/plan_json.h"
#include "tests/sim/clicks_workload.h"
#include "tests/sim/sim_cluster.h"

namespace millrace::sim {

Outcome RunSeed(uint64_t seed, bool with_faults, PlantedBug bug) {
  Cluster::Options options;
  options.seed = seed;
  options.bug = bug;
  if (with_faults) {
    Random random(seed * 7919);
    options.kill_every = absl::Milliseconds(static_cast<int64_t>(200 + random.Below(1200)));
    options.faults.crash_chance = random.Chance(0.5) ? 0.004 : 0;
    options.faults.error_chance = random.Chance(0.5) ? 0.01 : 0;
    options.faults.lost_answer_chance = random.Chance(0.5) ? 0.02 : 0;
    options.break_chance = random.Chance(0.3) ? 0.0005 : 0;
    options.freeze_chance = random.Chance(0.5) ? 0.6 : 0;
    options.faults.late_put_chance = random.Chance(0.5) ? 0.02 : 0;
    options.faults.rival_chance = random.Chance(0.3) ? 0.05 : 0;
    if (random.Chance(0.4)) options.rescale_every = absl::Milliseconds(static_cast<int64_t>(200 + random.Below(600)));
  }
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
