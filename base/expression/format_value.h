#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "arrow/type_fwd.h"
#include "base/data_type.h"

namespace millrace {

// Appends the text of a value that is not NULL, as CAST to STRING writes it.
using Formatter = std::function<void(const arrow::Array& values, int64_t row, std::string& out)>;

// For any type. `zone` is for TIMESTAMP_LTZ.
Formatter MakeFormatter(const DataType& type, absl::TimeZone zone);

// 2026-11-21. Of a year above 9999 the last four digits, as in Flink.
void AppendDate(int64_t days, std::string& out);
// 10:00:00, with `precision` digits of the fraction; `millis` is within a day.
void AppendTime(int64_t millis, int precision, std::string& out);
// 2026-11-21 10:00:00.000
void AppendTimestamp(int64_t micros, int precision, std::string& out);

// Malformed sequences of bytes become U+FFFD, as in Java.
std::string DecodeUtf8(std::string_view bytes);

// Cut to that many characters or, if `pads`, filled up with blanks.
std::string FitText(std::string_view text, int64_t length, bool pads);

}  // namespace millrace
