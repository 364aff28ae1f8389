#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "tests/base/expression/reference/functions.h"

namespace millrace::reference {

// + − · of dates, times, timestamps and intervals.
Result TimeArithmetic(const Call& call);

inline constexpr int64_t kDayMillis = 86'400'000;
inline constexpr int64_t kDayMicros = 86'400'000'000;

// Towards minus infinity.
int64_t Floor(int64_t value, int64_t unit);

// With so many digits of a second: below a millisecond towards the past, above towards 1970.
int64_t CutMicros(int64_t micros, int precision);

// A day of the Gregorian calendar, which is thought to have been there always.
struct Date {
  int64_t year;
  int64_t month;
  int64_t day;
};
Date DateOf(int64_t days);
int64_t DaysOf(const Date& date);
int64_t DaysInMonth(int64_t year, int64_t month);

// What a clock of the zone shows, in µs; and the instant at which it shows that: the first of two, and where there is
// none, later by what the clock was put forward.
int64_t LocalTime(int64_t micros, const std::string& zone);
int64_t Instant(int64_t local, const std::string& zone);

}  // namespace millrace::reference
