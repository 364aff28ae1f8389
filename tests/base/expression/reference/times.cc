// Dates, times, timestamps and intervals.
#include "tests/base/expression/reference/times.h"

#include <cstdlib>
#include <limits>
#include <regex>

#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "base/expression/cast.h"

namespace millrace::reference {
namespace {

using Wide = __int128;

// The first day of the Gregorian calendar, 1582-10-15: those before have other names in some functions of Java.
constexpr int64_t kGregorian = -141'427;
// What is further from 1970 than that is said to be out of range or is not, as the types are wide.
constexpr int64_t kManyDays = 3'000'000;

absl::TimeZone ZoneOf(const std::string& name) { return LoadZone(name).value_or(absl::UTCTimeZone()); }

int64_t OffsetMicros(int64_t micros, const absl::TimeZone& zone) {
  const absl::Time time = absl::FromUnixSeconds(Floor(micros, 1'000'000));
  return (absl::ToCivilSecond(time, zone) - absl::ToCivilSecond(time, absl::UTCTimeZone())) * 1'000'000;
}

bool IsInterval(const DataType& type) {
  return FamilyOf(type) == TypeFamily::kMonths || FamilyOf(type) == TypeFamily::kMillis;
}

// The same day of another month, or its last.
int64_t AddMonths(int64_t days, int64_t months) {
  const Date date = DateOf(days);
  const int64_t all = date.year * 12 + date.month - 1 + months;
  const int64_t year = Floor(all, 12), month = all - year * 12 + 1;
  return DaysOf({year, month, std::min(date.day, DaysInMonth(year, month))});
}

Result PointOf(Wide value, const DataType& type) {
  const Wide days = FamilyOf(type) == TypeFamily::kDate ? value : value / kDayMicros;
  if (days > kManyDays || days < -kManyDays) return Unknown();
  return static_cast<int64_t>(value);
}

Result PlusMonths(int64_t point, Wide months, const DataType& type) {
  if (months > 80'000 || months < -80'000) return Unknown();
  const auto count = static_cast<int64_t>(months);
  if (FamilyOf(type) == TypeFamily::kDate) return PointOf(AddMonths(point, count), type);
  const int64_t days = Floor(point, kDayMicros);
  return PointOf(Wide{AddMonths(days, count)} * kDayMicros + (point - days * kDayMicros), type);
}

// millis added to a point, of which a DATE takes whole days only; around the clock for a TIME.
Result PlusMillis(int64_t point, Wide millis, const DataType& type) {
  if (FamilyOf(type) == TypeFamily::kTime) {
    const Wide sum = (point + millis % kDayMillis + kDayMillis) % kDayMillis;
    return static_cast<int64_t>(sum);
  }
  if (FamilyOf(type) == TypeFamily::kDate) return PointOf(point + millis / kDayMillis, type);
  return PointOf(point + millis * 1000, type);
}

Result IntervalOf(Wide value, const DataType& type) {
  const auto low = static_cast<int64_t>(static_cast<unsigned __int128>(value));
  return FamilyOf(type) == TypeFamily::kMonths ? int64_t{static_cast<int32_t>(low)} : low;
}

// ---- parts ----

int64_t DayOfYear(int64_t days) { return days - DaysOf({DateOf(days).year, 1, 1}) + 1; }
// Monday is 1.
int64_t IsoDay(int64_t days) { return ((days % 7) + 7 + 3) % 7 + 1; }
// A week belongs to the year that has its Thursday.
int64_t Thursday(int64_t days) { return days - IsoDay(days) + 4; }

Result DatePart(const std::string& unit, int64_t days) {
  const Date date = DateOf(days);
  if (date.year < 1) return Unknown();
  if (unit == "MILLENNIUM") return (date.year - 1) / 1000 + 1;
  if (unit == "CENTURY") return (date.year - 1) / 100 + 1;
  if (unit == "DECADE") return date.year / 10;
  if (unit == "YEAR") return date.year;
  if (unit == "ISOYEAR") return DateOf(Thursday(days)).year;
  if (unit == "QUARTER") return (date.month - 1) / 3 + 1;
  if (unit == "MONTH") return date.month;
  if (unit == "WEEK") return (DayOfYear(Thursday(days)) - 1) / 7 + 1;
  if (unit == "DAY") return date.day;
  if (unit == "DOY") return DayOfYear(days);
  if (unit == "DOW") return IsoDay(days) % 7 + 1;
  if (unit == "ISODOW") return IsoDay(days);
  return Unknown();
}

Result Part(const std::string& unit, const Value& value, const DataType& type, const std::string& zone) {
  if (FamilyOf(type) == TypeFamily::kDate) {
    return unit == "EPOCH" ? Result(value.number() * 86'400) : DatePart(unit, value.number());
  }
  int64_t micros = FamilyOf(type) == TypeFamily::kTime ? value.number() * 1000 : value.number();
  if (FamilyOf(type) == TypeFamily::kTimestampLtz) micros = LocalTime(micros, zone);
  // Flink divides towards zero, so that parts of what was before 1970 are negative.
  const int64_t millis = Floor(micros, 1000);
  if (unit == "HOUR") return millis % kDayMillis / 3'600'000;
  if (unit == "MINUTE") return millis % 3'600'000 / 60'000;
  if (unit == "SECOND") return millis % 60'000 / 1000;
  if (unit == "MILLISECOND") return millis % 1000;
  if (unit == "MICROSECOND") return millis % 1000 * 1000 + (micros - millis * 1000);
  if (unit == "NANOSECOND") return (millis % 1000 * 1000 + (micros - millis * 1000)) * 1000;
  if (unit == "EPOCH") return millis / 1000;
  return DatePart(unit, millis / kDayMillis);
}

Result Extract(const Call& call) { return Part(call[0].text(), call[1], call.types[1], call.zone); }

template <const char* kUnit>
Result NamedPart(const Call& call) {
  return Part(kUnit, call[0], call.types[0], call.zone);
}

// ---- rounding ----

int64_t UnitMillis(const std::string& unit) {
  if (unit == "WEEK") return 7 * kDayMillis;
  if (unit == "DAY") return kDayMillis;
  if (unit == "HOUR") return 3'600'000;
  if (unit == "MINUTE") return 60'000;
  if (unit == "SECOND") return 1000;
  return unit == "MILLISECOND" ? 1 : 0;
}

Result RoundDate(const std::string& unit, int64_t days, bool up) {
  if (days < kGregorian) return Unknown();
  const Date date = DateOf(days);
  if (unit == "DAY") return days;
  if (unit == "WEEK") {
    const int64_t since_sunday = IsoDay(days) % 7;
    return days - since_sunday + (up && since_sunday > 0 ? 7 : 0);
  }
  if (unit == "MONTH")
    return DaysOf({date.year, date.month, 1}) == days || !up ? DaysOf({date.year, date.month, 1})
                                                             : AddMonths(DaysOf({date.year, date.month, 1}), 1);
  if (unit == "QUARTER") {
    const int64_t first = DaysOf({date.year, (date.month - 1) / 3 * 3 + 1, 1});
    // Flink goes on from every day but January 1.
    return up && (date.month > 1 || date.day > 1) ? AddMonths(first, 3) : first;
  }
  if (unit == "YEAR") return DaysOf({date.year + (up && (date.month > 1 || date.day > 1) ? 1 : 0), 1, 1});
  // Flink's own notion of what begins when, even for the first day.
  if (unit == "DECADE") return DaysOf({date.year / 10 * 10 + (up ? 10 : 0), 1, 1});
  if (unit == "CENTURY") return DaysOf({(date.year + 99) / 100 * 100 + (up ? 1 : -99), 1, 1});
  if (unit == "MILLENNIUM") return DaysOf({(date.year + 999) / 1000 * 1000 + (up ? 1 : -999), 1, 1});
  return Unknown();
}

Result Round(const Call& call) {
  const std::string& unit = call[0].text();
  const bool up = call.name == "ceil_to";
  const TypeFamily family = FamilyOf(call.types[1]);
  const int64_t value = call[1].number(), size = UnitMillis(unit);
  auto rounded = [&](int64_t millis) { return up ? -Floor(-millis, size) * size : Floor(millis, size) * size; };
  if (family == TypeFamily::kDate) return RoundDate(unit, value, up);
  // 24:00:00 is no time of a day.
  if (family == TypeFamily::kTime) return rounded(value) < kDayMillis ? Result(rounded(value)) : Fails();
  // By the clock in the zone, as it is set at that instant, but for units that are the same in all zones.
  const bool local = family == TypeFamily::kTimestampLtz && (size == 0 || size >= 3'600'000);
  const int64_t offset = local ? LocalTime(value, call.zone) - value : 0;
  const int64_t millis = Floor(value + offset, 1000);
  if (size > 0 && unit != "WEEK") return rounded(millis) * 1000 - offset;
  const Result date = RoundDate(unit, millis / kDayMillis, up);
  return date.ok() ? Result(date.value.number() * kDayMicros - offset) : date;
}

// ---- TIMESTAMPADD, TIMESTAMPDIFF ----

int64_t UnitMonths(const std::string& unit) {
  return unit == "YEAR" ? 12 : unit == "QUARTER" ? 3 : unit == "MONTH" ? 1 : 0;
}

Result TimestampAdd(const Call& call) {
  const std::string& unit = call[0].text();
  const Wide count = call[1].number();
  int64_t point = call[2].number();
  if (FamilyOf(call.types[2]) == TypeFamily::kTime) {
    // A product beyond 64 bits fails.
    const Wide millis = count * UnitMillis(unit);
    if (millis > std::numeric_limits<int64_t>::max() || millis < std::numeric_limits<int64_t>::min()) return Unknown();
    return PlusMillis(point, millis, call.result);
  }
  if (FamilyOf(call.types[2]) == TypeFamily::kDate && FamilyOf(call.result) != TypeFamily::kDate) point *= kDayMicros;
  if (const int64_t months = UnitMonths(unit); months > 0) return PlusMonths(point, count * months, call.result);
  return PlusMillis(point, count * UnitMillis(unit), call.result);
}

// Whole months from one instant to a later one (or back, and negative).
int64_t MonthsBetween(int64_t from, int64_t to) {
  const int64_t from_day = Floor(from, kDayMillis), to_day = Floor(to, kDayMillis);
  const int64_t earlier = std::min(from_day, to_day), later = std::max(from_day, to_day);
  int64_t months = (later - earlier) / 31;
  while (AddMonths(earlier, months + 1) <= later) ++months;
  if (to_day < from_day) months = -months;
  const bool same_day = AddMonths(from_day, months) == to_day;
  return same_day && to - to_day * kDayMillis < from - from_day * kDayMillis ? months - 1 : months;
}

Result TimestampDiff(const Call& call) {
  const std::string& unit = call[0].text();
  auto millis = [&](size_t i) {
    const bool date = FamilyOf(call.types[i]) == TypeFamily::kDate;
    return date ? call[i].number() * kDayMillis : Floor(call[i].number(), 1000);
  };
  const int64_t from = millis(1), to = millis(2);
  if (const int64_t months = UnitMonths(unit); months > 0) return MonthsBetween(from, to) / months;
  return int64_t{static_cast<int32_t>((to - from) / UnitMillis(unit))};
}

// ---- text ----

Result ToDate(const Call& call) {
  if (call.size() == 2) return Unknown();
  Result date = CastAsSql(call[0], call.types[0], call.result, "");
  return date.kind == Result::Kind::kFails ? Result(Null()) : date;
}

Result ToTimestamp(const Call& call) {
  if (call.size() > 1) return Unknown();
  Result timestamp = CastAsSql(call[0], call.types[0], MakeType("TIMESTAMP(3)", true), "");
  return timestamp.kind == Result::Kind::kFails ? Result(Null()) : timestamp;
}

Result ToTimestampLtz(const Call& call) {
  if (FamilyOf(call.types[0]) == TypeFamily::kString) return ToTimestamp(call);
  if (FamilyOf(call.types[0]) != TypeFamily::kNumber || !IsInteger(call.types[0])) return Unknown();
  const int64_t precision = call.size() == 2 ? call[1].number() : 3;
  if (precision != 0 && precision != 3) return Fails();
  const Wide millis = Wide{call[0].number()} * (precision == 0 ? 1000 : 1);
  // From the year 0 to 9999.
  if (millis < Wide{-62'167'219'200'000} || millis > Wide{253'402'300'799'999}) return Null();
  return static_cast<int64_t>(millis * 1000);
}

// A pattern of digits and punctuation only.
Result Written(int64_t local_millis, const std::string& pattern) {
  const int64_t days = Floor(local_millis, kDayMillis), rest = local_millis - days * kDayMillis;
  const Date date = DateOf(days);
  if (date.year < 1 || date.year > 9999) return Unknown();
  std::string text;
  for (size_t i = 0; i < pattern.size();) {
    size_t end = i;
    while (end < pattern.size() && pattern[end] == pattern[i]) ++end;
    const std::string run = pattern.substr(i, end - i);
    i = end;
    if (run == "yyyy") {
      text += absl::StrFormat("%04d", date.year);
    } else if (run == "MM") {
      text += absl::StrFormat("%02d", date.month);
    } else if (run == "dd") {
      text += absl::StrFormat("%02d", date.day);
    } else if (run == "HH") {
      text += absl::StrFormat("%02d", rest / 3'600'000);
    } else if (run == "mm") {
      text += absl::StrFormat("%02d", rest / 60'000 % 60);
    } else if (run == "ss") {
      text += absl::StrFormat("%02d", rest / 1000 % 60);
    } else if (run == "SSS") {
      text += absl::StrFormat("%03d", rest % 1000);
    } else if (run.find_first_not_of("-: /.,") == std::string::npos) {
      text += run;
    } else {
      return Unknown();
    }
  }
  return text;
}

Result DateFormat(const Call& call) {
  const TypeFamily family = FamilyOf(call.types[0]);
  if (family == TypeFamily::kString) return Unknown();
  const int64_t value = call[0].number();
  if (family == TypeFamily::kDate) {
    return value < kGregorian ? Unknown() : Written(value * kDayMillis, call[1].text());
  }
  const int64_t local = family == TypeFamily::kTimestampLtz ? LocalTime(value, call.zone) : value;
  return Written(Floor(local, 1000), call[1].text());
}

Result FromUnixTime(const Call& call) {
  const int64_t seconds = call[0].number();
  if (seconds < kGregorian * 86'400 + 86'400 || seconds > int64_t{253'402'300'799} - 86'400) return Unknown();
  return Written(LocalTime(seconds * 1'000'000, call.zone) / 1000,
                 call.size() == 2 ? call[1].text() : "yyyy-MM-dd HH:mm:ss");
}

constexpr char kYear[] = "YEAR", kQuarter[] = "QUARTER", kMonth[] = "MONTH", kWeek[] = "WEEK", kDay[] = "DAY";
constexpr char kDayOfYear[] = "DOY", kDayOfWeek[] = "DOW", kHour[] = "HOUR", kMinute[] = "MINUTE", kSecond[] = "SECOND";

}  // namespace

int64_t Floor(int64_t value, int64_t unit) { return value / unit - (value % unit < 0 ? 1 : 0); }

int64_t CutMicros(int64_t micros, int precision) {
  int64_t unit = 1;
  for (int digit = precision; digit < 6; ++digit) unit *= 10;
  const int64_t millis = Floor(micros, 1000) * 1000;
  return precision >= 3 ? Floor(micros, unit) * unit : millis / unit * unit;
}

int64_t DaysInMonth(int64_t year, int64_t month) {
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (month == 2) return leap ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int64_t DaysOf(const Date& date) {
  // Days of the years before it since year 0, and those of its months, counted one by one.
  const int64_t before = date.year - 1;
  int64_t days = date.year * 365 + Floor(before, 4) - Floor(before, 100) + Floor(before, 400) + 1;
  for (int64_t month = 1; month < date.month; ++month) days += DaysInMonth(date.year, month);
  return days + date.day - 1 - 719'528;
}

Date DateOf(int64_t days) {
  // Near enough by the mean year, then step by step.
  int64_t year = 1970 + Floor(days * 400, 146'097);
  while (DaysOf({year, 1, 1}) > days) --year;
  while (DaysOf({year + 1, 1, 1}) <= days) ++year;
  int64_t rest = days - DaysOf({year, 1, 1}), month = 1;
  for (; rest >= DaysInMonth(year, month); ++month) rest -= DaysInMonth(year, month);
  return {year, month, rest + 1};
}

int64_t LocalTime(int64_t micros, const std::string& zone) { return micros + OffsetMicros(micros, ZoneOf(zone)); }

int64_t Instant(int64_t local, const std::string& name) {
  const absl::TimeZone zone = ZoneOf(name);
  // The offsets of the day before and the day after: if they differ, the clock is put in between.
  const int64_t before = OffsetMicros(local - kDayMicros, zone), after = OffsetMicros(local + kDayMicros, zone);
  if (OffsetMicros(local - before, zone) == before) return local - before;
  if (OffsetMicros(local - after, zone) == after) return local - after;
  return local - before;
}

Result TimeArithmetic(const Call& call) {
  if (call.name == "negate") return IntervalOf(-Wide{call[0].number()}, call.result);
  const DataType &x = call.types[0], &y = call.types[1];
  const int64_t a = call[0].number(), b = call[1].number();
  if (call.name == "times") return IntervalOf(Wide{a} * b, call.result);
  const int sign = call.name == "minus" ? -1 : 1;
  if (IsInterval(x) && IsInterval(y)) return IntervalOf(Wide{a} + sign * Wide{b}, call.result);
  const bool swapped = IsInterval(x);
  const int64_t point = swapped ? b : a;
  const Wide interval = Wide{swapped ? a : b} * sign;
  const bool months = FamilyOf(swapped ? x : y) == TypeFamily::kMonths;
  return months ? PlusMonths(point, interval, call.result) : PlusMillis(point, interval, call.result);
}

void AddTimes(FunctionTable& table) {
  table["extract"] = {Extract};
  table["year"] = {NamedPart<kYear>};
  table["quarter"] = {NamedPart<kQuarter>};
  table["month"] = {NamedPart<kMonth>};
  table["week"] = {NamedPart<kWeek>};
  table["dayofyear"] = {NamedPart<kDayOfYear>};
  table["dayofmonth"] = {NamedPart<kDay>};
  table["dayofweek"] = {NamedPart<kDayOfWeek>};
  table["hour"] = {NamedPart<kHour>};
  table["minute"] = {NamedPart<kMinute>};
  table["second"] = {NamedPart<kSecond>};
  table["floor_to"] = {Round};
  table["ceil_to"] = {Round};
  table["timestampadd"] = {TimestampAdd};
  table["timestampdiff"] = {TimestampDiff};
  table["to_date"] = {ToDate};
  table["to_timestamp"] = {ToTimestamp};
  table["to_timestamp_ltz"] = {ToTimestampLtz};
  table["date_format"] = {DateFormat};
  table["from_unixtime"] = {FromUnixTime};
}

}  // namespace millrace::reference
