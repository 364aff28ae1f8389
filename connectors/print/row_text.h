#pragma once

#include <cstdint>
#include <string>

#include "arrow/type_fwd.h"

namespace millrace {

// "+I[1, abc, null]": a row as Flink prints one that is inserted. Values are as Java spells them: 2020-02-29T12:00 for
// a TIMESTAMP, with a Z for a TIMESTAMP_LTZ, [1, 2] for an ARRAY and for bytes, {a=1} for a MAP, +I[1, b] for a ROW.
void AppendRowText(const arrow::RecordBatch& rows, int64_t row, std::string* out);

}  // namespace millrace
