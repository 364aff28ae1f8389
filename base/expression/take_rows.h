#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"

namespace millrace {

// The rows with these numbers, in their order; the batch itself if they are all of its rows.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> TakeRows(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                             const std::vector<uint32_t>& rows);

// The values at these places, in their order; NULL at −1.
absl::StatusOr<std::shared_ptr<arrow::Array>> TakeAt(const std::shared_ptr<arrow::Array>& values,
                                                     const std::vector<int64_t>& places);

// The array with some value where it has NULL: for keys of a map, which Arrow wants without, of rows that have failed.
std::shared_ptr<arrow::Array> WithoutNulls(const std::shared_ptr<arrow::Array>& values);

}  // namespace millrace
