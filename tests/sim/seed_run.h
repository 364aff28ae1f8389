#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/failure_windows.h"
#include "tests/sim/fault_plan.h"
#include "tests/sim/sim_cluster.h"

namespace millrace::sim {

struct RunOptions {
  uint64_t seed = 1;
  bool with_faults = true;
  std::string bug;  // planted, by name; empty: none
  // Faults by id: if set, these and no others.
  std::optional<std::set<std::string>> only;
  std::set<std::string> dropped;
  Cluster::OnEvent on_event;  // may be null
};

struct Outcome {
  std::string problem;  // empty: exact
  uint64_t trace_hash = 0;
  int kills = 0;
  size_t epochs = 0;  // completed
  FailureWindows::Hits windows{};
  std::string window_names;
  uint64_t restarts = 0;
  size_t late = 0;
  size_t lost = 0;
  size_t duplicated = 0;
  size_t wrong = 0;
  absl::Duration took;              // virtual
  std::vector<std::string> faults;  // ids, in the order of time
  std::array<uint64_t, kNumFaultKinds> taken{};
  Cluster::Recoveries recoveries;
  uint64_t bug_asked = 0;  // how often the run came to the planted bug
};

// One run of the clicks pipeline from one seed, to its end, and what became of it. When its faults have ended, a
// checkpoint is completed within kRecovery, and the pipeline finishes within kFinish, both virtual, or that is its
// problem.
inline constexpr absl::Duration kRecovery = absl::Seconds(30);
inline constexpr absl::Duration kFinish = absl::Minutes(2);
Outcome RunSeed(const RunOptions& options);
inline Outcome RunSeed(uint64_t seed, bool with_faults, std::string_view planted_bug = "") {
  return RunSeed(RunOptions{seed, with_faults, std::string(planted_bug), {}, {}, {}});
}

}  // namespace millrace::sim
