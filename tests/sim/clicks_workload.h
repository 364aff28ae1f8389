#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/sim_storage.h"

namespace millrace::sim {

// The pipeline that most runs of the simulation execute: generated clicks of 4 splits, counted per user in windows,
// late rows and bad records in tables of their own.
std::string ClicksPlan(uint64_t seed);

// What is in the tables at the end.
struct ClicksVerdict {
  std::string problem;  // empty: exact
  size_t late = 0;      // rows
};
// Compares the tables with what the generator made; shares no code with operators and sinks. Reads without faults.
ClicksVerdict CheckClicks(uint64_t seed, Storage& storage);

}  // namespace millrace::sim
