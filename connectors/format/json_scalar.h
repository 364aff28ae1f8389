#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

// How a TIMESTAMP is written in JSON: option json.timestamp-format.standard.
enum class TimestampFormat { kSql, kIso8601, kEpochMillis };

// Each returns null, or why the text does not fit: "is out of range". None of them rounds, wraps or guesses.
namespace json_scalar {

// text · 10^scale, exactly, with at most 38 digits. Takes an exponent and a leading plus.
const char* ParseExact(std::string_view text, int scale, __int128* value);
// Digits with an optional sign, as Java's parseInt takes them.
const char* ParseDigits(std::string_view text, int64_t* value);
// Nearest value; overflow and underflow are out of range. `text` may also be NaN, Infinity and -Infinity.
const char* ParseDouble(std::string_view text, double* value);
const char* ParseFloat(std::string_view text, float* value);
// yyyy-MM-dd, as days since 1970-01-01.
const char* ParseDate(std::string_view text, int32_t* days);
// HH:mm:ss[.fraction]. Digits of the fraction behind `precision` must be zeros.
const char* ParseTime(std::string_view text, int precision, bool seconds_optional, int64_t* micros);
// Date and time with a blank (SQL) or T (ISO-8601) between. `with_zone`: a Z must follow, or, in ISO-8601, an offset.
const char* ParseTimestamp(std::string_view text, TimestampFormat format, bool with_zone, int precision, int64_t* micros);
const char* ParseEpochMillis(std::string_view text, int precision, int64_t* micros);

}  // namespace json_scalar
}  // namespace millrace
