#include "base/expression/temporal_calendar.h"

#include <algorithm>

#include "base/check.h"

namespace millrace {
namespace {

constexpr absl::CivilDay kEpochDay(1970, 1, 1);
constexpr int64_t kFirstGregorianDay = -141427;  // 1582-10-15
constexpr int64_t kJulianMarch = 719470;         // days from 0000-03-01, Julian, to 1970-01-01

struct UnitName {
  const char* name;
  TemporalUnit unit;
};
constexpr UnitName kUnits[] = {
    {"MILLENNIUM", TemporalUnit::kMillennium},
    {"CENTURY", TemporalUnit::kCentury},
    {"DECADE", TemporalUnit::kDecade},
    {"YEAR", TemporalUnit::kYear},
    {"ISOYEAR", TemporalUnit::kIsoYear},
    {"QUARTER", TemporalUnit::kQuarter},
    {"MONTH", TemporalUnit::kMonth},
    {"WEEK", TemporalUnit::kWeek},
    {"DAY", TemporalUnit::kDay},
    {"DOW", TemporalUnit::kDayOfWeek},
    {"ISODOW", TemporalUnit::kIsoDayOfWeek},
    {"DOY", TemporalUnit::kDayOfYear},
    {"HOUR", TemporalUnit::kHour},
    {"MINUTE", TemporalUnit::kMinute},
    {"SECOND", TemporalUnit::kSecond},
    {"MILLISECOND", TemporalUnit::kMillisecond},
    {"MICROSECOND", TemporalUnit::kMicrosecond},
    {"NANOSECOND", TemporalUnit::kNanosecond},
    {"EPOCH", TemporalUnit::kEpoch},
};

int64_t FloorTo(int64_t value, int64_t step) { return FloorDivide(value, step) * step; }
int64_t CeilTo(int64_t value, int64_t step) { return -FloorDivide(-value, step) * step; }

// Monday is 1.
int64_t IsoDayOfWeek(int64_t days) { return FloorModulo(days + 3, 7) + 1; }

// Days of an ISO week belong to the year of its Thursday.
absl::CivilDay ThursdayOf(int64_t days) { return CivilDate(days - IsoDayOfWeek(days) + 4); }

int64_t ExtractDatePart(TemporalUnit unit, int64_t days) {
  const absl::CivilDay day = CivilDate(days);
  const int64_t year = day.year();
  switch (unit) {
    case TemporalUnit::kMillennium:
      return (year + (year > 0 ? 999 : -999)) / 1000;
    case TemporalUnit::kCentury:
      return (year + (year > 0 ? 99 : -99)) / 100;
    case TemporalUnit::kDecade:
      return year / 10;
    case TemporalUnit::kYear:
      return year;
    case TemporalUnit::kIsoYear:
      return ThursdayOf(days).year();
    case TemporalUnit::kQuarter:
      return (day.month() + 2) / 3;
    case TemporalUnit::kMonth:
      return day.month();
    case TemporalUnit::kWeek:
      return (absl::GetYearDay(ThursdayOf(days)) - 1) / 7 + 1;
    case TemporalUnit::kDay:
      return day.day();
    case TemporalUnit::kDayOfWeek:
      return IsoDayOfWeek(days) % 7 + 1;
    case TemporalUnit::kIsoDayOfWeek:
      return IsoDayOfWeek(days);
    case TemporalUnit::kDayOfYear:
      return absl::GetYearDay(day);
    default:
      break;
  }
  Check(false, "an EXTRACT from a date has a date unit");
  return 0;
}

int64_t RoundDate(TemporalUnit unit, int64_t days, bool down) {
  auto first_of = [](int64_t year, int64_t month) { return DaysOf(absl::CivilDay(year, month, 1)); };
  const HistoricalDay date = HistoricalDayOf(days);
  const bool later = date.month > 1 || date.day > 1;
  switch (unit) {
    case TemporalUnit::kMillennium:
      return first_of(1000 * ((date.year + 999) / 1000) + (down ? -999 : 1), 1);
    case TemporalUnit::kCentury:
      return first_of(100 * ((date.year + 99) / 100) + (down ? -99 : 1), 1);
    case TemporalUnit::kDecade:
      return first_of(10 * (date.year / 10 + (down ? 0 : 1)), 1);
    case TemporalUnit::kYear:
      return first_of(date.year + (!down && later ? 1 : 0), 1);
    case TemporalUnit::kQuarter:
      return first_of(date.year, ((date.month + 2) / 3 + (!down && later ? 1 : 0)) * 3 - 2);
    case TemporalUnit::kMonth:
      return first_of(date.year, date.month + (!down && date.day > 1 ? 1 : 0));
    case TemporalUnit::kWeek: {
      int64_t since_sunday = IsoDayOfWeek(days) % 7;
      if (!down && since_sunday > 0) since_sunday -= 7;
      return DaysOf(absl::CivilDay(date.year, date.month, date.day)) - since_sunday;
    }
    default:
      return days;
  }
}

int64_t RoundTimestamp(TemporalUnit unit, int64_t micros, bool down) {
  const int64_t millis = FloorDivide(micros, 1000);
  if (unit == TemporalUnit::kDay || IsTimeUnit(unit)) {
    return (down ? FloorTo(millis, UnitMillis(unit)) : CeilTo(millis, UnitMillis(unit))) * 1000;
  }
  return RoundDate(unit, millis / kMillisPerDay, down) * kMicrosPerDay;
}

int64_t DifferenceInMonths(int64_t to_millis, int64_t from_millis) {
  const int64_t to_day = FloorDivide(to_millis, kMillisPerDay), from_day = FloorDivide(from_millis, kMillisPerDay);
  // Between two days the greatest number of months that does not lead beyond the later one.
  const int64_t later = std::max(to_day, from_day), earlier = std::min(to_day, from_day);
  const absl::CivilDay b = CivilDate(later), a = CivilDate(earlier);
  int64_t months = (b.year() - a.year()) * 12 + b.month() - a.month();
  if (AddMonthsToDate(earlier, months) > later) --months;
  if (to_day < from_day) months = -months;
  const bool same_day = AddMonthsToDate(from_day, months) == to_day;
  if (same_day && to_millis - to_day * kMillisPerDay < from_millis - from_day * kMillisPerDay) --months;
  return months;
}

}  // namespace

std::optional<TemporalUnit> ParseTemporalUnit(std::string_view name) {
  for (const UnitName& known : kUnits) {
    if (name == known.name) return known.unit;
  }
  return std::nullopt;
}

bool IsDateUnit(TemporalUnit unit) { return unit <= TemporalUnit::kDayOfYear; }
bool IsTimeUnit(TemporalUnit unit) { return unit >= TemporalUnit::kHour && unit <= TemporalUnit::kMillisecond; }

int64_t UnitMillis(TemporalUnit unit) {
  switch (unit) {
    case TemporalUnit::kWeek:
      return 7 * kMillisPerDay;
    case TemporalUnit::kDay:
      return kMillisPerDay;
    case TemporalUnit::kHour:
      return 3'600'000;
    case TemporalUnit::kMinute:
      return 60'000;
    case TemporalUnit::kSecond:
      return 1000;
    default:
      return 1;
  }
}

HistoricalDay HistoricalDayOf(int64_t days) {
  if (days >= kFirstGregorianDay) {
    const absl::CivilDay day = CivilDate(days);
    return {day.year(), day.month(), day.day()};
  }
  // Years of a Julian calendar that begins in March, after every leap day, have a period of four years.
  const int64_t since = days + kJulianMarch;
  const int64_t cycle = FloorDivide(since, 1461);
  const int64_t in_cycle = since - cycle * 1461;
  const int64_t year_in_cycle = in_cycle == 1460 ? 3 : in_cycle / 365;
  const int64_t day_of_year = in_cycle - year_in_cycle * 365;
  const int64_t march_month = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * march_month + 2) / 5 + 1;
  const int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
  return {cycle * 4 + year_in_cycle + (month <= 2 ? 1 : 0), month, day};
}

int64_t DaysOfHistorical(int64_t year, int64_t month, int64_t day) {
  const int64_t gregorian = DaysOf(absl::CivilDay(absl::CivilMonth(year, month))) + day - 1;
  if (gregorian >= kFirstGregorianDay) return gregorian;
  const absl::CivilMonth first(year, month);
  const int64_t march_year = first.year() - (first.month() <= 2 ? 1 : 0);
  const int64_t march_month = (first.month() + 9) % 12;
  return march_year * 365 + FloorDivide(march_year, 4) + (153 * march_month + 2) / 5 + day - 1 - kJulianMarch;
}

absl::CivilDay CivilDate(int64_t days) { return kEpochDay + days; }
int64_t DaysOf(absl::CivilDay day) { return day - kEpochDay; }

int64_t ExtractFromDate(TemporalUnit unit, int32_t days) {
  return unit == TemporalUnit::kEpoch ? days * int64_t{86400} : ExtractDatePart(unit, days);
}

int64_t ExtractFromTime(TemporalUnit unit, int32_t millis) {
  return ExtractFromTimestamp(unit, int64_t{millis} * 1000);
}

int64_t ExtractFromTimestamp(TemporalUnit unit, int64_t micros) {
  const int64_t millis = FloorDivide(micros, 1000);
  const int64_t micros_of_milli = micros - millis * 1000;
  switch (unit) {
    case TemporalUnit::kHour:
      return millis % kMillisPerDay / 3'600'000;
    case TemporalUnit::kMinute:
      return millis % 3'600'000 / 60'000;
    case TemporalUnit::kSecond:
      return millis % 60'000 / 1000;
    case TemporalUnit::kMillisecond:
      return millis % 1000;
    case TemporalUnit::kMicrosecond:
      return millis % 1000 * 1000 + micros_of_milli;
    case TemporalUnit::kNanosecond:
      return (millis % 1000 * 1000 + micros_of_milli) * 1000;
    case TemporalUnit::kEpoch:
      return millis / 1000;
    default:
      return ExtractDatePart(unit, millis / kMillisPerDay);
  }
}

int32_t FloorDate(TemporalUnit unit, int32_t days) { return static_cast<int32_t>(RoundDate(unit, days, true)); }
int32_t CeilDate(TemporalUnit unit, int32_t days) { return static_cast<int32_t>(RoundDate(unit, days, false)); }
int32_t FloorTime(TemporalUnit unit, int32_t millis) { return static_cast<int32_t>(FloorTo(millis, UnitMillis(unit))); }
int32_t CeilTime(TemporalUnit unit, int32_t millis) { return static_cast<int32_t>(CeilTo(millis, UnitMillis(unit))); }
int64_t FloorTimestamp(TemporalUnit unit, int64_t micros) { return RoundTimestamp(unit, micros, true); }
int64_t CeilTimestamp(TemporalUnit unit, int64_t micros) { return RoundTimestamp(unit, micros, false); }

int64_t AddMonthsToDate(int64_t days, int64_t months) {
  const absl::CivilDay day = CivilDate(days);
  const absl::CivilMonth month = absl::CivilMonth(day) + months;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return DaysOf(std::min(last, absl::CivilDay(month) + (day.day() - 1)));
}

int64_t AddMonthsToTimestamp(int64_t micros, int64_t months) {
  const int64_t day = FloorDivide(micros, kMicrosPerDay);
  return AddMonthsToDate(day, months) * kMicrosPerDay + (micros - day * kMicrosPerDay);
}

int32_t AddToTime(int32_t millis, int64_t added_millis) {
  return static_cast<int32_t>(FloorModulo(millis + added_millis % kMillisPerDay, kMillisPerDay));
}

int32_t DifferenceInUnits(TemporalUnit unit, int64_t from_millis, int64_t to_millis) {
  switch (unit) {
    case TemporalUnit::kYear:
      return static_cast<int32_t>(DifferenceInMonths(to_millis, from_millis) / 12);
    case TemporalUnit::kQuarter:
      return static_cast<int32_t>(DifferenceInMonths(to_millis, from_millis) / 3);
    case TemporalUnit::kMonth:
      return static_cast<int32_t>(DifferenceInMonths(to_millis, from_millis));
    default:
      return static_cast<int32_t>((to_millis - from_millis) / UnitMillis(unit));
  }
}

}  // namespace millrace
