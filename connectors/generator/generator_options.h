#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/v1/plan.pb.h"

namespace millrace {

// Options of the generator, under the names in brackets.
struct GeneratorOptions {
  int64_t rows = -1;              // [rows] per split; -1: unbounded
  int64_t splits = 4;             // [splits]
  uint64_t seed = 1;              // [seed]
  int64_t keys = 100;             // [keys] distinct user_ids
  double rows_per_second = 0;     // [rows-per-second] of all splits together; 0: as fast as they are polled
  int64_t start_time_ms = 1'767'225'600'000;  // [start-time] event time of row 0: 2026-01-01
  int64_t event_step_ms = 1;      // [event-step-ms] between rows of a split
  int64_t disorder_ms = 0;        // [disorder-ms] a row is up to this much older than its place says
  double late_ratio = 0;          // [late-ratio] share of rows that are an hour older still
  double bad_ratio = 0;           // [bad-ratio] share of records that cannot be decoded

  // Adds one message per mistake, in options and columns.
  static GeneratorOptions Parse(const v1::Source& source, std::vector<std::string>* mistakes);
  // What the rows are a function of: another identity is another outside.
  std::string Identity() const;
};

}  // namespace millrace
