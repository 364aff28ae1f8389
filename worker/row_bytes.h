#pragma once

#include <cstdint>

#include "arrow/type_fwd.h"

namespace millrace {

// Bytes of the values of these rows: what a slice refers to, and no bitmaps. Nested columns are estimated. A few
// instructions per column, whatever the number of rows.
uint64_t RowBytes(const arrow::RecordBatch& rows);

}  // namespace millrace
