#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "server/coordinator_process.h"
#include "server/dev_process.h"
#include "server/local_cluster.h"
#include "server/worker_process.h"

namespace millrace {

// What the command line needs of its process.
struct CliEnvironment {
  std::ostream* out;  // data
  std::ostream* err;  // progress and errors
  const Clock* clock;
  std::function<std::optional<std::string>(const std::string& name)> variable = {};
  // How often the user has pressed Ctrl-C.
  std::function<int()> interrupts = [] { return 0; };
  // Called when a verb begins to wait for a pipeline: from then on `interrupts` counts, and Ctrl-C does not end the
  // process.
  std::function<void()> on_follow = [] {};
  // Whether `err` is a terminal, where a live line may be rewritten.
  bool terminal = false;
  // Columns of that terminal; 0: not known.
  std::function<size_t()> columns = [] { return 0; };
  absl::Duration poll_interval = absl::Milliseconds(200);
  // How long a start that lacks slots is tried again: workers may be on their way.
  absl::Duration slot_patience = absl::Seconds(10);
  // The server roles; a role that is not set is not offered.
  std::function<int(const CoordinatorFlags&)> coordinator = {};
  std::function<int(const WorkerFlags&)> worker = {};
  std::function<int(const DevFlags&)> dev = {};
  // The cluster of --local, borrowed; if it is not set, the flag is not offered. What it starts ends with the process.
  std::function<absl::StatusOr<LocalCluster*>()> local = {};
};

// Runs `millrace VERB …` (without the program's name) and returns the exit code of the process.
int RunCommandLine(std::vector<std::string> arguments, const CliEnvironment& environment);

// $XDG_STATE_HOME/millrace, else ~/.local/state/millrace.
std::string DefaultDataDir(const CliEnvironment& environment);

}  // namespace millrace
