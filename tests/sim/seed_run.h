#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/failure_windows.h"
#include "tests/sim/planted_bugs.h"

namespace millrace::sim {

struct Outcome {
  std::string problem;  // empty: exact
  uint64_t trace_hash = 0;
  int kills = 0;
  uint64_t faults = 0;
  size_t epochs = 0;  // completed
  FailureWindows::Hits windows{};
  std::string window_names;
  uint64_t restarts = 0;
  size_t late = 0;
};

// One run of the clicks pipeline from one seed, to its end, and what became of it.
Outcome RunSeed(uint64_t seed, bool with_faults, PlantedBug bug = PlantedBug::kNone);

}  // namespace millrace::sim
