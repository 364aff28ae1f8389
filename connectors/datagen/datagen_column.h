#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "arrow/type_fwd.h"
#include "connectors/datagen/datagen_options.h"

namespace millrace {

// One row of a generated table.
struct DatagenRow {
  uint64_t seed = 0;
  int64_t number = 0;
  // When it is said to have been made, in microseconds of the epoch.
  int64_t micros = 0;
};

// Appends the column's value in this row: a pure function of the two.
absl::Status AppendDatagenValue(const DatagenField& field, const DatagenRow& row, arrow::ArrayBuilder* builder);

}  // namespace millrace
