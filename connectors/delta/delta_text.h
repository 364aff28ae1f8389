#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"

namespace millrace {

// How Delta spells values, in partitionValues and in statistics.

// "2026-11-21".
std::string DeltaDate(int32_t days);
// With `zoned` "2026-11-21T10:00:00.123456Z", else "2026-11-21 10:00:00.123456".
std::string DeltaPartitionTimestamp(int64_t micros, bool zoned);
// Floored to milliseconds: "2026-11-21T10:00:00.123Z", without Z unless `zoned`.
std::string DeltaStatsTimestamp(int64_t micros, bool zoned);
// All digits, never an exponent: "-0.0000012".
std::string DeltaDecimal(const arrow::Decimal128& value, int32_t scale);
// Partition value of one row; nullopt: NULL. An empty string is NULL, since Delta cannot tell them apart.
// InvalidArgument: not UTF-8, or the column's type cannot partition.
absl::StatusOr<std::optional<std::string>> DeltaPartitionText(const arrow::Array& column, int64_t row);

}  // namespace millrace
