#include "tests/sim/seed_run.h"

#include <memory>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "coordinator/plan/plan_json.h"
#include "tests/planted/planted_switch.h"
#include "tests/sim/clicks_cuts.h"
#include "tests/sim/clicks_workload.h"
#include "tests/sim/hostile_settings.h"
#include "tests/sim/promises.h"

namespace millrace::sim {
namespace {

// The run without faults has no settings that hurt either.
HostileRun PlainRunOf(uint64_t seed) {
  HostileRun run;
  run.cluster.seed = run.clicks.seed = seed;
  return run;
}

// Until `done`, a promise is broken, or the pipeline has failed, which no fault may bring about.
bool RunUntil(Cluster& cluster, const std::function<bool()>& done, absl::Duration limit) {
  const absl::Duration end = cluster.world().now() + limit;
  while (!done() && cluster.world().now() < end) {
    cluster.RunUntilState("clicks", v1::PIPELINE_STATE_FINISHED, absl::Milliseconds(20));
    if (!cluster.windows().problem().empty() || cluster.last_view().state() == v1::PIPELINE_STATE_FAILED) break;
  }
  return done();
}

// What kept the pipeline from its end; empty: nothing.
std::string RunToTheEnd(Cluster& cluster, const HostileRun& run) {
  auto is_finished = [&cluster] { return cluster.last_view().state() == v1::PIPELINE_STATE_FINISHED; };
  auto unfinished = [&cluster](std::string_view what) {
    return Broken(Promise::kLiveness, what, ": ", v1::PipelineState_Name(cluster.last_view().state()), " ",
                  cluster.last_view().reason());
  };
  absl::Duration faults_end = run.safety ? absl::Seconds(8) : run.faults_end - cluster.world().now();
  if (!cluster.faults().stopped() && RunUntil(cluster, is_finished, faults_end)) return "";
  cluster.StopFaults();
  const size_t before = cluster.windows().num_completed();
  // It may have completed its last one before the faults ended, and be about to say that it has finished.
  auto has_recovered = [&] { return cluster.windows().num_completed() > before || is_finished(); };
  if (!RunUntil(cluster, has_recovered, kRecovery)) return unfinished("no checkpoint after the last fault");
  return RunUntil(cluster, is_finished, kFinish) ? "" : unfinished("not finished");
}

}  // namespace

Outcome RunSeed(const RunOptions& options) {
  PlantedSwitch bug(options.bug);
  HostileRun run = options.with_faults ? HostileRunOf(options.seed) : PlainRunOf(options.seed);
  run.cluster.drowsy_source = true;
  run.cluster.faults.only = options.only;
  run.cluster.faults.dropped = options.dropped;
  run.cluster.on_event = options.on_event;
  Cluster cluster(run.cluster);
  auto plan = ReadPlanJson(ClicksPlan(run.clicks));
  Check(plan.ok(), plan.ok() ? "" : std::string(plan.status().message()));
  cluster.windows().invariants().SetCutOracle(std::make_unique<ClicksCuts>(run.clicks, &cluster.storage()));
  if (!cluster.TrySubmit(*plan, absl::Seconds(8))) cluster.StopFaults();
  Outcome outcome;
  if (cluster.TrySubmit(*plan, kRecovery)) {
    outcome.problem = RunToTheEnd(cluster, run);
  } else {
    outcome.problem = Broken(Promise::kLiveness, "the pipeline was not started");
  }
  outcome.bug_asked = bug.num_asked();
  outcome.trace_hash = cluster.world().trace_hash();
  outcome.took = cluster.world().now();
  outcome.kills = cluster.kills();
  outcome.epochs = cluster.windows().num_completed();
  outcome.windows = cluster.windows().hits();
  outcome.window_names = cluster.windows().Names();
  outcome.restarts = cluster.last_view().restarts();
  outcome.recoveries = cluster.recoveries();
  for (const Fault& fault : cluster.faults().taken()) {
    outcome.faults.push_back(fault.id);
    ++outcome.taken[static_cast<size_t>(fault.kind)];
  }
  // A broken promise is what comes first; that it did not end is what comes of it.
  if (!cluster.windows().problem().empty()) outcome.problem = cluster.windows().problem();
  if (!outcome.problem.empty()) return outcome;
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
  if (!leftovers.empty()) {
    outcome.problem = Broken(Promise::kBounds, leftovers.size(), " blobs are never collected, the first is ", leftovers.front());
  }
  if (!cluster.windows().problem().empty()) outcome.problem = cluster.windows().problem();
  ClicksVerdict verdict = CheckClicks(run.clicks, cluster.storage());
  outcome.late = verdict.late;
  outcome.lost = verdict.lost;
  outcome.duplicated = verdict.duplicated;
  outcome.wrong = verdict.wrong;
  if (outcome.problem.empty()) outcome.problem = verdict.problem;
  return outcome;
}

}  // namespace millrace::sim
