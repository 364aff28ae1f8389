#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "arrow/util/decimal.h"

namespace millrace {

// What CAST makes of text, as Flink. Blanks around numbers are skipped. Fail with InvalidArgument that quotes it.

// Digits with a sign; a fraction is cut off. Fails outside of [low, high].
absl::StatusOr<int64_t> ParseInteger(std::string_view text, int64_t low, int64_t high);
absl::StatusOr<double> ParseDouble(std::string_view text);
absl::StatusOr<float> ParseFloat(std::string_view text);
// Rounded half up. Nothing: it has more digits than DECIMAL(precision, scale).
absl::StatusOr<std::optional<arrow::Decimal128>> ParseDecimal(std::string_view text, int precision, int scale);
// true, t, yes, y, 1, false, f, no, n, 0 in any letter case.
absl::StatusOr<bool> ParseBoolean(std::string_view text);
// 2026-11-21, 2026-11, 2026; what stands behind a blank is not looked at. Days since 1970.
absl::StatusOr<int32_t> ParseDate(std::string_view text);
// 10:00:00.123, 10:00, 10. Milliseconds, cut to `precision` digits.
absl::StatusOr<int32_t> ParseTime(std::string_view text, int precision);
// 2026-11-21 10:00:00.123456; the time may be missing, and a day up to 31 that the month has not is its last. µs, cut
// to `precision` digits.
absl::StatusOr<int64_t> ParseTimestamp(std::string_view text, int precision);

// µs since 1970 with fewer digits of the second. As Flink: below milliseconds downwards, above towards 1970.
int64_t CutTimestamp(int64_t micros, int precision);

}  // namespace millrace
