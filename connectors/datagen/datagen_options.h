#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "arrow/type_fwd.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// What fills one column. Numbers and bounds are in units of the type: of a DECIMAL, unscaled.
struct DatagenField {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  // Digits of the fraction of a second.
  int precision = 0;
  bool is_sequence = false;     // [fields.NAME.kind] random (the default) or sequence
  __int128 min = 0;             // [fields.NAME.min, .max] of integers and DECIMAL; inclusive
  __int128 max = 0;
  double min_real = 0;          // the same of FLOAT and DOUBLE
  double max_real = 0;
  int64_t start = 0;            // [fields.NAME.start, .end] of a sequence; inclusive
  int64_t end = 0;
  int64_t length = 0;           // [fields.NAME.length] of strings, in characters, and bytes
  bool varies = false;          // [fields.NAME.var-len] from 1 to `length`
  int64_t max_past_ms = 0;      // [fields.NAME.max-past] a TIMESTAMP is up to this much older than its row
  double null_rate = 0;         // [fields.NAME.null-rate]
};

// Options of the source 'datagen', under the names in brackets, which are Flink's but for the seed.
struct DatagenOptions {
  int64_t rows_per_second = 10'000;  // [rows-per-second] of all splits together
  int64_t num_rows = -1;             // [number-of-rows], or what the shortest sequence has; -1: unbounded
  int64_t num_splits = 1;            // [scan.parallelism]
  uint64_t seed = 1;                 // [seed]
  // Every column of the plan.
  std::vector<DatagenField> fields;
  // Everything above: what rows are a function of, together with the time at which the first start was.
  std::string definition;

  // Adds one message per mistake, in options and columns.
  static DatagenOptions Parse(const v1::Source& source, std::vector<std::string>* mistakes);
  const DatagenField* Find(const std::string& name) const;
};

}  // namespace millrace
