#pragma once

#include <cstdint>
#include <string>

#include "connectors/generator/generator_options.h"
#include "tests/sim/sim_storage.h"

namespace millrace::sim {

// The pipeline that most runs of the simulation execute: generated clicks, counted per user in windows, late rows and
// bad records in tables of their own.
struct ClicksSettings {
  uint64_t seed = 1;
  uint32_t parallelism = 3;
  int64_t splits = 4;
  int64_t rows_per_split = 400;
  int64_t keys = 20;
  int64_t rows_per_second = 1600;  // of all splits
  int64_t checkpoint_interval_ms = 100;
  int64_t checkpoint_timeout_ms = 3000;
  uint32_t tolerable_failures = 3;
  uint32_t retained = 3;
  int64_t initial_backoff_ms = 10;
  int64_t max_backoff_ms = 100;
};
// A row lies in the window [start, start + size), and a split's watermark is this much, and 1 ms, below its newest row.
inline constexpr int64_t kClicksWindowMicros = 500'000;
inline constexpr int64_t kClicksBoundMicros = 60'000;

// What its rows are a function of.
GeneratorOptions ClicksGenerator(const ClicksSettings& settings);

// As JSON.
std::string ClicksPlan(const ClicksSettings& settings);

// What is in the tables at the end, compared with what the generator made.
struct ClicksVerdict {
  std::string problem;  // empty: exact
  size_t late = 0;      // rows
  // Windows, late rows and dead letters that are missing, there twice, or wrong.
  size_t lost = 0;
  size_t duplicated = 0;
  size_t wrong = 0;
};
// Shares no code with operators and sinks. Reads without faults.
ClicksVerdict CheckClicks(const ClicksSettings& settings, Storage& storage);

}  // namespace millrace::sim
