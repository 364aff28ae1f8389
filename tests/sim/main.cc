// Runs seeds of the simulation. A run that fails is shrunk to a short schedule of faults and told as a trace.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "tests/sim/planted_bugs.h"
#include "tests/sim/run_totals.h"
#include "tests/sim/seed_run.h"
#include "tests/sim/shrink.h"

namespace millrace::sim {
namespace {

constexpr int kMaxRunsToShrink = 150;

struct Arguments {
  uint64_t seed = 1;
  uint64_t seeds = 1;
  double minutes = 0;
  std::vector<std::string> faults;
  std::vector<std::string> drop;
  std::string bug;
  bool no_faults = false;
  bool trace = false;
  bool quiet = false;
  bool keep_going = false;
  std::string commit = "not told; see --commit";
};

bool IsBug(const std::string& name) {
  return std::ranges::any_of(PlantedBugs(), [&](const PlantedBug& bug) { return bug.name == name; });
}

void PrintEvent(absl::Duration at, std::string_view who, std::string_view what) {
  std::printf("%11.6f s  %-14.*s  %.*s\n", absl::ToDoubleSeconds(at), static_cast<int>(who.size()), who.data(),
              static_cast<int>(what.size()), what.data());
}

std::string Joined(const std::vector<std::string>& ids) {
  std::string joined;
  for (const std::string& id : ids) joined += Cat(joined.empty() ? "" : ",", id);
  return joined;
}

// Runs `outcome`'s seed again and again, and tells what is needed to repeat the shortest run that fails.
void Explain(const Arguments& arguments, const RunOptions& options, const Outcome& outcome) {
  std::printf("\nFAILED: seed %llu: %s\n", static_cast<unsigned long long>(options.seed), outcome.problem.c_str());
  std::printf("commit: %s\n", arguments.commit.c_str());
  const std::string command = Cat("build/release/bin/simulate --seed ", options.seed, arguments.no_faults ? " --no-faults" : "",
                                  arguments.bug.empty() ? "" : Cat(" --bug ", arguments.bug));
  std::printf("repeat: %s%s --trace\n", command.c_str(),
              arguments.drop.empty() ? "" : Cat(" --drop '", Joined(arguments.drop), "'").c_str());
  std::fflush(stdout);
  RunOptions again = options;
  again.dropped.clear();
  auto with = [&](const std::vector<std::string>& faults) { again.only = std::set<std::string>(faults.begin(), faults.end()); };
  Shrunk shrunk = Shrink(
      outcome.faults,
      [&](const std::vector<std::string>& faults) {
        with(faults);
        return !RunSeed(again).problem.empty();
      },
      kMaxRunsToShrink);
  std::printf("shortest schedule that fails: %zu of %zu faults, %s, after %d runs\n", shrunk.faults.size(), outcome.faults.size(),
              shrunk.is_minimal ? "none of which can be left out" : "perhaps not the shortest", shrunk.num_runs);
  for (const std::string& fault : shrunk.faults) std::printf("  %s\n", fault.c_str());
  std::printf("repeat: %s --faults '%s' --trace\n", command.c_str(), Joined(shrunk.faults).c_str());
  with(shrunk.faults);
  again.on_event = PrintEvent;
  std::printf("it fails with: %s\n", RunSeed(again).problem.c_str());
  std::fflush(stdout);
}

int Run(const Arguments& arguments) {
  RunTotals totals;
  int failed = 0;
  auto started = std::chrono::steady_clock::now();
  auto is_time_left = [&] {
    return arguments.minutes <= 0 || std::chrono::steady_clock::now() - started < std::chrono::duration<double, std::ratio<60>>(arguments.minutes);
  };
  uint64_t seed = arguments.seed;
  for (; (arguments.minutes > 0 && arguments.seeds <= 1 ? true : seed < arguments.seed + arguments.seeds) && is_time_left(); ++seed) {
    RunOptions options;
    options.seed = seed;
    options.with_faults = !arguments.no_faults;
    options.bug = arguments.bug;
    if (!arguments.faults.empty()) options.only = std::set<std::string>(arguments.faults.begin(), arguments.faults.end());
    options.dropped = std::set<std::string>(arguments.drop.begin(), arguments.drop.end());
    if (arguments.trace) options.on_event = PrintEvent;
    Outcome outcome = RunSeed(options);
    totals.Add(outcome);
    if (!arguments.quiet) {
      absl::Duration slowest;
      for (const auto& [kind, recovery] : outcome.recoveries) slowest = std::max(slowest, recovery);
      std::printf("seed %llu: %zu epochs, %zu faults, %.1f s, slowest recovery %.1f s, trace %016llx, windows %s\n",
                  static_cast<unsigned long long>(seed), outcome.epochs, outcome.faults.size(), absl::ToDoubleSeconds(outcome.took),
                  absl::ToDoubleSeconds(slowest), static_cast<unsigned long long>(outcome.trace_hash), outcome.window_names.c_str());
      std::fflush(stdout);
    }
    if (outcome.problem.empty()) continue;
    ++failed;
    if (arguments.trace) {
      std::printf("FAILED: seed %llu: %s\n", static_cast<unsigned long long>(seed), outcome.problem.c_str());
    } else {
      options.on_event = nullptr;
      Explain(arguments, options, outcome);
    }
    if (!arguments.keep_going) {
      ++seed;
      break;
    }
  }
  if (!arguments.trace) std::printf("\n%s", totals.Table().c_str());
  std::printf("next seed: %llu\ntotals: %s\n", static_cast<unsigned long long>(seed), totals.Json().c_str());
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace millrace::sim

int main(int argc, char** argv) {
  millrace::sim::Arguments arguments;
  CLI::App app("Runs a cluster in one thread from a seed, lets things go wrong, and looks whether every row counts once.");
  app.add_option("--seed", arguments.seed, "the first seed");
  app.add_option("--seeds", arguments.seeds, "how many");
  app.add_option("--minutes", arguments.minutes, "ends after this long; without --seeds, goes on until then");
  app.add_option("--faults", arguments.faults, "exactly these, by id")->delimiter(',');
  app.add_option("--drop", arguments.drop, "without these, by id")->delimiter(',');
  app.add_option("--bug", arguments.bug, "plants a bug")->transform([](const std::string& name) {
    return millrace::sim::IsBug(name) ? name : throw CLI::ValidationError("--bug", "there is no such bug: " + name);
  });
  app.add_flag("--no-faults", arguments.no_faults, "nothing goes wrong");
  app.add_flag("--trace", arguments.trace, "tells what happens, one line per event");
  app.add_flag("--quiet", arguments.quiet, "no line per seed");
  app.add_flag("--keep-going", arguments.keep_going, "goes on behind a seed that fails");
  app.add_option("--commit", arguments.commit, "told with a failure");
  CLI11_PARSE(app, argc, argv);
  return millrace::sim::Run(arguments);
}
