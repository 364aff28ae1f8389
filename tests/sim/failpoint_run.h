#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/failpoint_injector.h"

namespace millrace::sim {

// What became of one run of the sweep.
struct FailpointOutcome {
  std::string problem;      // empty: exact, or failed with a reason that says what is damaged
  std::string failed_with;  // the reason of FAILED
  bool fired = false;       // the last of the rules was carried out
  // From then to the next complete epoch, or to the end; virtual time.
  absl::Duration recovery;
  uint64_t trace_hash = 0;
  std::map<PointPlace, FailpointInjector::Hits> hits;
};

// Runs the clicks pipeline to its end and takes it through everything a pipeline goes through: created, started,
// stopped, started at another parallelism, taken over by another coordinator, one of its checkpoints given up, old
// checkpoints collected, the tables' logs checkpointed. No faults but the rules'. `may_fail`: FAILED is an answer too,
// if its reason names what is damaged.
FailpointOutcome RunWithFailpoints(std::vector<PointRule> rules, bool may_fail, std::string_view bug = "");

}  // namespace millrace::sim
