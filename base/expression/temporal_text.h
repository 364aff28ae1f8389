#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "base/expression/temporal_format.h"
#include "base/expression/temporal_simple_format.h"

namespace millrace {

// Functions of SQL between text and time, as Flink computes them. Those with a pattern of their own take it compiled.
//
// Thread: any.

// "yyyy-MM-dd HH:mm:ss", which several functions read and print without being told.
const SimpleTimeFormat& DefaultSimpleFormat();

// TO_DATE: year[-month[-day]], and anything behind a space; NULL if it is no date from year 0 to 9999.
std::optional<int32_t> ToDate(std::string_view text);
// NULL where Flink gives a meaningless date: the text does not follow the pattern.
std::optional<int32_t> ToDate(std::string_view text, const SimpleTimeFormat& format);

// TO_TIMESTAMP: microseconds, cut off to milliseconds; NULL if it is none. With a format, text that does not follow it
// may also be yyyy-M-d or yyyy-M-d H:m:s[.fraction].
std::optional<int64_t> ToTimestamp(std::string_view text);
std::optional<int64_t> ToTimestamp(std::string_view text, const TimeFormat& format);

// TO_TIMESTAMP_LTZ of seconds (precision 0) or milliseconds (3): microseconds; NULL outside the years 0 to 9999.
std::optional<int64_t> ToTimestampLtz(int64_t number, int precision);

// UNIX_TIMESTAMP: seconds, cut towards zero; as in Flink the smallest BIGINT if the text does not follow the format.
int64_t UnixTimestamp(std::string_view text, const SimpleTimeFormat& format, absl::TimeZone zone);
// FROM_UNIXTIME.
std::string FromUnixTime(int64_t seconds, const SimpleTimeFormat& format, absl::TimeZone zone);

// DATE_FORMAT of a text that is yyyy-MM-dd HH:mm:ss; NULL if it is not.
std::optional<std::string> ReformatTime(std::string_view text, const SimpleTimeFormat& format);
std::optional<std::string> ConvertZone(std::string_view text, std::string_view from_zone, std::string_view to_zone);

}  // namespace millrace
