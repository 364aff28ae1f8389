#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "arrow/type_fwd.h"

namespace millrace {

// Values as Java, and so Flink, spells them. Each function appends to `out`.

// The shortest digits that read back as the same value, as Double.toString and Float.toString: 46.0, 1.0E-5, NaN,
// -Infinity.
void AppendJavaDouble(double value, std::string* out);
void AppendJavaFloat(float value, std::string* out);
// All digits, never an exponent: "-0.0000012".
void AppendDecimal(const arrow::Decimal128& value, int32_t scale, std::string* out);
// "2020-02-29"; a year above 9999 has a plus.
void AppendDate(int64_t days, std::string* out);
// "23:59:59", with the fraction that is not zero: ".001".
void AppendTimeOfDay(int64_t micros, std::string* out);
// Date and time of day, `between` them; without a zone.
void AppendTimestamp(int64_t micros, char between, std::string* out);
// "+1-06", "-0-01".
void AppendYearToMonth(int32_t months, std::string* out);
// "+1 00:00:00.001".
void AppendDayToSecond(int64_t millis, std::string* out);
// A JSON string with its quotes: quote, backslash and control characters are escaped, and nothing else.
void AppendJsonString(std::string_view utf8, std::string* out);

}  // namespace millrace
