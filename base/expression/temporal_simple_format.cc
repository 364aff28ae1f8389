#include "base/expression/temporal_simple_format.h"

#include <algorithm>
#include <span>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/error.h"
#include "base/expression/temporal_calendar.h"
#include "base/expression/temporal_zone.h"
#include "base/macros.h"

namespace millrace {
namespace {

constexpr int64_t kMicrosPerMilli = 1000;
constexpr std::string_view kLetters = "GyMLDdEuaHkKhmsSXZ";
constexpr std::string_view kOnlyPrint = "XZuG";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

void AppendZone(int64_t offset_micros, bool iso, int count, std::string* text) {
  const int64_t minutes = offset_micros / 60'000'000;
  if (iso && minutes == 0) {
    *text += 'Z';
    return;
  }
  *text += minutes < 0 ? '-' : '+';
  AppendPadded(std::abs(minutes) / 60, 2, text);
  if (iso && count == 1) return;
  if (iso && count == 3) *text += ':';
  AppendPadded(std::abs(minutes) % 60, 2, text);
}

// One of the names, whatever the case, the longest that fits.
std::optional<int64_t> TakeName(std::span<const std::string_view> names, std::string_view text, size_t* at) {
  std::optional<int64_t> found;
  size_t longest = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].size() <= longest || !absl::StartsWithIgnoreCase(AbslView(text.substr(*at)), AbslView(names[i])))
      continue;
    longest = names[i].size();
    found = static_cast<int64_t>(i);
  }
  *at += longest;
  return found;
}

std::optional<int64_t> TakeNumber(std::string_view text, size_t* at) {
  size_t i = *at;
  const bool negative = i < text.size() && text[i] == '-';
  if (negative) ++i;
  const size_t begin = i;
  int64_t value = 0;
  for (; i < text.size() && IsDigit(text[i]); ++i) {
    if (i - begin >= 9) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  if (i == begin) return std::nullopt;
  *at = i;
  return negative ? -value : value;
}

}  // namespace

struct SimpleTimeFormat::Fields {
  int64_t year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0, millis = 0;
  std::optional<int64_t> day_of_year, half;
  // Of the half of a day.
  std::optional<int64_t> hour_of_half;
  bool has_hour = false;
};

absl::StatusOr<SimpleTimeFormat> SimpleTimeFormat::Compile(std::string_view pattern) {
  SimpleTimeFormat format;
  format.pattern_ = std::string(pattern);
  ASSIGN_OR_RETURN(format.parts_, SplitTemporalPattern(pattern, false));
  for (const PatternPart& part : format.parts_) {
    if (part.letter != 0 && kLetters.find(part.letter) == std::string_view::npos) {
      return InvalidArgument("read the pattern '", pattern, "': letter '", std::string(1, part.letter),
                             "' is not supported; quote it if it is text");
    }
  }
  return format;
}

absl::Status SimpleTimeFormat::CheckParses() const {
  for (const PatternPart& part : parts_) {
    if (part.letter == 'y' && part.count <= 2) {
      return InvalidArgument("read a time by the pattern '", pattern_, "': its years have no century; use yyyy");
    }
    if (part.letter != 0 && kOnlyPrint.find(part.letter) != std::string_view::npos) {
      return InvalidArgument("read a time by the pattern '", pattern_, "': letter '", std::string(1, part.letter),
                             "' can only be printed");
    }
  }
  return absl::OkStatus();
}

std::string SimpleTimeFormat::Print(int64_t millis, absl::TimeZone zone) const {
  const int64_t offset = OffsetAt(millis * kMicrosPerMilli, zone);
  const int64_t local = millis + offset / kMicrosPerMilli;
  const int64_t days = FloorDivide(local, kMillisPerDay);
  const int64_t of_day = local - days * kMillisPerDay;
  const HistoricalDay date = HistoricalDayOf(days);
  const int64_t hour = of_day / 3'600'000;
  std::string text;
  for (const PatternPart& part : parts_) {
    auto number = [&](int64_t value) { AppendPadded(value, part.count, &text); };
    switch (part.letter) {
      case 0:
        text += part.text;
        break;
      case 'G':
        text += date.year > 0 ? "AD" : "BC";
        break;
      case 'y': {
        const int64_t year = date.year > 0 ? date.year : 1 - date.year;
        if (part.count == 2) {
          number(year % 100);
        } else {
          number(year);
        }
        break;
      }
      case 'M':
      case 'L':
        if (part.count < 3) {
          number(date.month);
        } else {
          text += (part.count == 3 ? ShortMonthNames() : MonthNames())[static_cast<size_t>(date.month - 1)];
        }
        break;
      case 'D':
        number(days - DaysOfHistorical(date.year, 1, 1) + 1);
        break;
      case 'd':
        number(date.day);
        break;
      case 'E':
        text += (part.count < 4 ? ShortDayNames() : DayNames())[static_cast<size_t>(
            ExtractFromDate(TemporalUnit::kIsoDayOfWeek, static_cast<int32_t>(days)) - 1)];
        break;
      case 'u':
        number(ExtractFromDate(TemporalUnit::kIsoDayOfWeek, static_cast<int32_t>(days)));
        break;
      case 'a':
        text += hour < 12 ? "AM" : "PM";
        break;
      case 'H':
        number(hour);
        break;
      case 'k':
        number((hour + 23) % 24 + 1);
        break;
      case 'K':
        number(hour % 12);
        break;
      case 'h':
        number((hour + 11) % 12 + 1);
        break;
      case 'm':
        number(of_day / 60'000 % 60);
        break;
      case 's':
        number(of_day / 1000 % 60);
        break;
      case 'S':
        number(of_day % 1000);
        break;
      default:
        AppendZone(offset, part.letter == 'X', part.count, &text);
    }
  }
  return text;
}

bool SimpleTimeFormat::ParsePart(const PatternPart& part, bool exact, std::string_view text, size_t* at,
                                 Fields* fields) {
  while (*at < text.size() && (text[*at] == ' ' || text[*at] == '\t')) ++*at;
  if (*at >= text.size()) return false;
  constexpr std::string_view kHalves[] = {"AM", "PM"};
  if (part.letter == 'a') {
    fields->half = TakeName(kHalves, text, at);
    return fields->half.has_value();
  }
  if (part.letter == 'E') {
    // The date has its own day of the week.
    std::optional<int64_t> day = TakeName(DayNames(), text, at);
    return day || TakeName(ShortDayNames(), text, at).has_value();
  }
  if ((part.letter == 'M' || part.letter == 'L') && part.count > 2) {
    std::optional<int64_t> month = TakeName(MonthNames(), text, at);
    if (!month) month = TakeName(ShortMonthNames(), text, at);
    if (month) fields->month = *month + 1;
    return month.has_value();
  }
  if (exact) {
    if (*at + static_cast<size_t>(part.count) > text.size()) return false;
    text = text.substr(0, *at + static_cast<size_t>(part.count));
  }
  const std::optional<int64_t> value = TakeNumber(text, at);
  if (!value) return false;
  switch (part.letter) {
    case 'y':
      fields->year = *value;
      break;
    case 'M':
    case 'L':
      fields->month = *value;
      break;
    case 'd':
      fields->day = *value;
      fields->day_of_year.reset();
      break;
    case 'D':
      fields->day_of_year = *value;
      break;
    case 'H':
    case 'k':
      fields->hour = part.letter == 'k' && *value == 24 ? 0 : *value;
      fields->has_hour = true;
      break;
    case 'K':
    case 'h':
      fields->hour_of_half = part.letter == 'h' && *value == 12 ? 0 : *value;
      break;
    case 'm':
      fields->minute = *value;
      break;
    case 's':
      fields->second = *value;
      break;
    default:
      fields->millis = *value;
  }
  return true;
}

std::optional<int64_t> SimpleTimeFormat::Parse(std::string_view text, absl::TimeZone zone) const {
  Fields fields;
  size_t at = 0;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].letter == 0) {
      if (!text.substr(at).starts_with(parts_[i].text)) return std::nullopt;
      at += parts_[i].text.size();
      continue;
    }
    const bool exact = i + 1 < parts_.size() && parts_[i + 1].letter != 0;
    if (!ParsePart(parts_[i], exact, text, &at, &fields)) return std::nullopt;
  }
  int64_t hour = fields.hour;
  if (!fields.has_hour && (fields.half || fields.hour_of_half)) {
    hour = fields.half.value_or(0) * 12 + fields.hour_of_half.value_or(0);
  }
  int64_t days = fields.day_of_year ? DaysOfHistorical(fields.year, 1, 1) + *fields.day_of_year - 1
                                    : DaysOfHistorical(fields.year, fields.month, fields.day);
  const int64_t local =
      days * kMillisPerDay + hour * 3'600'000 + fields.minute * 60'000 + fields.second * 1000 + fields.millis;
  // What 64 bits of microseconds cannot hold is no time for us.
  constexpr int64_t kMaxMillis = int64_t{290'000} * 366 * kMillisPerDay;
  if (local > kMaxMillis || local < -kMaxMillis) return std::nullopt;
  return FloorDivide(FromLocalStandard(local * kMicrosPerMilli, zone), kMicrosPerMilli);
}

}  // namespace millrace
