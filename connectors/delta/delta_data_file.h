#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"

namespace millrace {

// Rows by the values of the partition columns, in their order; the partition columns themselves are taken out.
using PartitionedRows = std::map<std::vector<std::optional<std::string>>, std::shared_ptr<arrow::Table>>;
absl::StatusOr<PartitionedRows> SplitByPartition(const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                                                 const arrow::Schema& schema,
                                                 const std::vector<std::string>& partition_by);

// A Parquet file as Delta wants it: zstd, data pages V1, microseconds, three-level lists.
absl::StatusOr<std::string> EncodeDataFile(const arrow::Table& rows);

}  // namespace millrace
