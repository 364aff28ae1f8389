#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/time/civil_time.h"
#include "base/expression/zone_math.h"

namespace millrace {

// Calendar arithmetic of SQL, as Flink does it. Dates are days since 1970-01-01 in the proleptic Gregorian calendar,
// times of day milliseconds, timestamps microseconds; of a TIMESTAMP_LTZ the local ones (temporal_zone.h).
//
// Thread: any.

enum class TemporalUnit {
  kMillennium,
  kCentury,
  kDecade,
  kYear,
  kIsoYear,
  kQuarter,
  kMonth,
  kWeek,
  kDay,
  kDayOfWeek,
  kIsoDayOfWeek,
  kDayOfYear,
  kHour,
  kMinute,
  kSecond,
  kMillisecond,
  kMicrosecond,
  kNanosecond,
  kEpoch,
};

// "YEAR", "DOW", … in capitals; nothing for another word.
std::optional<TemporalUnit> ParseTemporalUnit(std::string_view name);
// A DAY or longer, and what counts days.
bool IsDateUnit(TemporalUnit unit);
// What is shorter than a day: from HOUR to MILLISECOND.
bool IsTimeUnit(TemporalUnit unit);
// Milliseconds of a WEEK or a shorter unit.
int64_t UnitMillis(TemporalUnit unit);

inline constexpr int64_t kMillisPerDay = 86'400'000;
inline constexpr int64_t kMicrosPerDay = 86'400'000'000;

absl::CivilDay CivilDate(int64_t days);
int64_t DaysOf(absl::CivilDay day);

// A date as it was written: in the Julian calendar up to 1582-10-04. Year 0 is 1 BC.
struct HistoricalDay {
  int64_t year;
  int64_t month;
  int64_t day;
};
HistoricalDay HistoricalDayOf(int64_t days);
// Months and days beyond their range carry over.
int64_t DaysOfHistorical(int64_t year, int64_t month, int64_t day);

// EXTRACT. As in Flink, parts of a timestamp before 1970 come from a division that cuts towards zero: hours are
// negative, and the day is the next one.
int64_t ExtractFromDate(TemporalUnit unit, int32_t days);
int64_t ExtractFromTime(TemporalUnit unit, int32_t millis);
int64_t ExtractFromTimestamp(TemporalUnit unit, int64_t micros);

// FLOOR and CEIL … TO unit. As in Flink they see milliseconds only, weeks begin on Sunday, days before 1582-10-15 have
// the number they had in the Julian calendar, and CEIL TO QUARTER goes on from every day but January 1.
int32_t FloorDate(TemporalUnit unit, int32_t days);
int32_t CeilDate(TemporalUnit unit, int32_t days);
int32_t FloorTime(TemporalUnit unit, int32_t millis);
int32_t CeilTime(TemporalUnit unit, int32_t millis);
int64_t FloorTimestamp(TemporalUnit unit, int64_t micros);
int64_t CeilTimestamp(TemporalUnit unit, int64_t micros);

// The same day of another month, or its last one.
int64_t AddMonthsToDate(int64_t days, int64_t months);
int64_t AddMonthsToTimestamp(int64_t micros, int64_t months);
// Millis added to a time of day, around the clock.
int32_t AddToTime(int32_t millis, int64_t added_millis);

// TIMESTAMPDIFF: whole units from `from` to `to`, both in milliseconds; wraps around as Java's int. YEAR, QUARTER,
// MONTH, or a WEEK or shorter.
int32_t DifferenceInUnits(TemporalUnit unit, int64_t from_millis, int64_t to_millis);

}  // namespace millrace
