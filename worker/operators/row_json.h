#pragma once

#include <cstdint>
#include <string>

#include "arrow/type_fwd.h"

namespace millrace {

// One row as a JSON object, for people: numbers and BOOLEAN bare, NULL as null, everything else as CAST to STRING
// writes it, in quotes; BYTES in hexadecimal.
std::string RowJson(const arrow::RecordBatch& rows, int64_t row);

}  // namespace millrace
