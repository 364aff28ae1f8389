#include "tests/sim/failpoint_run.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "coordinator/plan/plan_json.h"
#include "tests/planted/planted_switch.h"
#include "tests/sim/clicks_workload.h"
#include "tests/sim/sim_cluster.h"

namespace millrace::sim {
namespace {

constexpr uint64_t kSeed = 1;
constexpr char kPipeline[] = "clicks";
// Several hangs of different processes, one after the other, would still end within it.
constexpr absl::Duration kLimit = absl::Minutes(5);

// So slow that it goes through several epochs between any two wishes of the user.
ClicksSettings SlowClicks() {
  ClicksSettings clicks;
  clicks.seed = kSeed;
  clicks.rows_per_second = 200;
  return clicks;
}

class Run {
 public:
  Run(std::vector<PointRule> rules, std::string_view bug)
      : bug_(bug), cluster_(ClusterOptions()), injector_(&cluster_.world(), std::move(rules)) {}

  FailpointOutcome Finish(bool may_fail) {
    FailpointOutcome outcome;
    outcome.problem = GoThroughAll();
    if (outcome.problem.empty() && state_ == v1::PIPELINE_STATE_FAILED) {
      outcome.failed_with = cluster_.last_view().reason();
      if (!may_fail) outcome.problem = Cat("FAILED: ", outcome.failed_with);
    }
    if (outcome.problem.empty()) outcome.problem = CheckResult(may_fail);
    outcome.fired = injector_.last_rule_fired().has_value();
    outcome.recovery = recovery_.value_or(absl::ZeroDuration());
    outcome.trace_hash = cluster_.world().trace_hash();
    outcome.hits = injector_.hits();
    return outcome;
  }

 private:
  static Cluster::Options ClusterOptions() {
    Cluster::Options options;
    options.seed = kSeed;
    return options;
  }

  std::string GoThroughAll() {
    auto plan = ReadPlanJson(ClicksPlan(SlowClicks()));
    Check(plan.ok(), plan.ok() ? "" : std::string(plan.status().message()));
    cluster_.Submit(*plan);
    if (!RunToEpochs(3)) return End("three epochs");
    auto stop = [](Coordinator& coordinator, Coordinator::Done done) { coordinator.Stop(kPipeline, false, std::move(done)); };
    if (!AskUntil(stop, [&] { return state_ == v1::PIPELINE_STATE_STOPPED; })) return End("the stop");
    auto start = [](Coordinator& coordinator, Coordinator::Done done) { coordinator.Start(kPipeline, 2, std::move(done)); };
    if (!AskUntil(start, [&] { return state_ != v1::PIPELINE_STATE_STOPPED; })) return End("the start");
    if (!RunToEpochs(epochs() + 2)) return End("two epochs at parallelism 2");
    // Another takes over, which asks for the newest checkpoint and for all commits again.
    cluster_.KillCoordinator();
    if (!RunToEpochs(epochs() + 2)) return End("two epochs under another coordinator");
    RunUntil([&] { return ended(); }, kLimit);
    return ended() ? "" : End("its end");
  }

  size_t epochs() { return cluster_.windows().num_completed(); }

  bool ended() const { return state_ == v1::PIPELINE_STATE_FINISHED || state_ == v1::PIPELINE_STATE_FAILED; }

  // Ended is ended, in one way or the other. A wish may be refused, say when too few workers live: it is repeated.
  bool AskUntil(const Cluster::Request& request, const std::function<bool()>& done) {
    absl::Duration end = cluster_.world().now() + kLimit;
    while (!done() && !ended() && cluster_.world().now() < end) {
      cluster_.Call(request).status().IgnoreError();
      RunUntil(done, absl::Seconds(1));
    }
    return done() || ended();
  }
  bool RunToEpochs(size_t num) {
    RunUntil([&] { return epochs() >= num; }, kLimit);
    return epochs() >= num || ended();
  }
  std::string End(std::string_view what) {
    return Cat("waited in vain for ", what, ": ", v1::PipelineState_Name(state_), " ", cluster_.last_view().reason(), ", ",
               epochs(), " epochs");
  }

  void RunUntil(const std::function<bool()>& done, absl::Duration limit) {
    absl::Duration end = cluster_.world().now() + limit;
    bool ready = false;
    while (!ready && cluster_.world().now() < end) {
      cluster_.RunUntilState(kPipeline, v1::PIPELINE_STATE_FINISHED, absl::Milliseconds(20));
      state_ = cluster_.last_view().state();
      Measure();
      ready = done() || ended();
    }
  }
  void Measure() {
    if (!injector_.last_rule_fired().has_value() || recovery_.has_value()) return;
    if (!epochs_when_fired_.has_value()) epochs_when_fired_ = epochs();
    if (epochs() > *epochs_when_fired_ || state_ == v1::PIPELINE_STATE_FINISHED) {
      recovery_ = cluster_.world().now() - *injector_.last_rule_fired();
    }
  }

  // Where bytes may be damaged, promises about what is stored are broken by the test itself: the tables count.
  std::string CheckResult(bool is_damaged) {
    cluster_.Run(absl::Seconds(3));
    if (is_damaged && state_ != v1::PIPELINE_STATE_FINISHED) return "";
    if (is_damaged) return CheckClicks(SlowClicks(), cluster_.storage()).problem;
    if (!cluster_.windows().problem().empty()) return cluster_.windows().problem();
    if (state_ != v1::PIPELINE_STATE_FINISHED) return "";
    if (!cluster_.windows().Leftovers().empty()) {
      // Came after the last collection: the next leader's is due at its start.
      cluster_.KillCoordinator();
      cluster_.Run(absl::Seconds(3));
    }
    std::vector<std::string> leftovers = cluster_.windows().Leftovers();
    if (!leftovers.empty()) return Cat("I10: ", leftovers.size(), " blobs are never collected: ", leftovers.front());
    return CheckClicks(SlowClicks(), cluster_.storage()).problem;
  }

  const PlantedSwitch bug_;
  Cluster cluster_;
  FailpointInjector injector_;
  v1::PipelineState state_ = v1::PIPELINE_STATE_UNSPECIFIED;
  std::optional<size_t> epochs_when_fired_;
  std::optional<absl::Duration> recovery_;
};

}  // namespace

FailpointOutcome RunWithFailpoints(std::vector<PointRule> rules, bool may_fail, std::string_view bug) {
  return Run(std::move(rules), bug).Finish(may_fail);
}

}  // namespace millrace::sim
