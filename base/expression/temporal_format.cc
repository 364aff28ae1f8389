#include "base/expression/temporal_format.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/error.h"
#include "base/expression/temporal_calendar.h"
#include "base/expression/temporal_pattern.h"
#include "base/macros.h"

namespace millrace {
namespace {

constexpr size_t kFailed = std::string_view::npos;
// A fraction of up to nine digits with its point, which no pattern can spell.
constexpr char kOptionalFraction = '.';
constexpr int64_t kMicrosPerSecond = 1'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Letters that are numbers at any count; and those that are with one or two.
constexpr std::string_view kNumbers = "uyDdhKkHmsAnN";
constexpr std::string_view kNumbersOrNames = "MLQq";

struct LocalTime {
  explicit LocalTime(int64_t micros)
      : days(FloorDivide(micros, kMicrosPerDay)), date(CivilDate(days)), micros_of_day(micros - days * kMicrosPerDay) {}
  int64_t days;
  absl::CivilDay date;
  int64_t micros_of_day;

  int64_t hour() const { return micros_of_day / 3'600 / kMicrosPerSecond; }
  int64_t micros_of_second() const { return micros_of_day % kMicrosPerSecond; }
  // Sunday is 1.
  int64_t day_of_week() const { return ExtractFromDate(TemporalUnit::kDayOfWeek, static_cast<int32_t>(days)); }
};

// Weeks as in the United States: from Sunday on, and the one that holds January 1 is the first.
struct Week {
  int64_t year;
  int64_t number;
};
Week WeekOf(const LocalTime& time) {
  const int64_t sunday = time.days - (time.day_of_week() - 1);
  const int64_t year = CivilDate(sunday + 6).year();
  const absl::CivilDay new_year(year, 1, 1);
  const LocalTime first(DaysOf(new_year) * kMicrosPerDay);
  return {year, (sunday - (first.days - (first.day_of_week() - 1))) / 7 + 1};
}

int64_t YearOfEra(int64_t year) { return year > 0 ? year : 1 - year; }

int64_t NumberOf(char letter, const LocalTime& time) {
  switch (letter) {
    case 'u':
      return time.date.year();
    case 'y':
      return YearOfEra(time.date.year());
    case 'Y':
      return WeekOf(time).year;
    case 'w':
      return WeekOf(time).number;
    case 'D':
      return absl::GetYearDay(time.date);
    case 'M':
    case 'L':
      return time.date.month();
    case 'd':
      return time.date.day();
    case 'Q':
    case 'q':
      return (time.date.month() + 2) / 3;
    case 'e':
    case 'c':
      return time.day_of_week();
    case 'h':
      return (time.hour() + 11) % 12 + 1;
    case 'K':
      return time.hour() % 12;
    case 'k':
      return (time.hour() + 23) % 24 + 1;
    case 'H':
      return time.hour();
    case 'm':
      return time.micros_of_day / 60 / kMicrosPerSecond % 60;
    case 's':
      return time.micros_of_day / kMicrosPerSecond % 60;
    case 'A':
      return time.micros_of_day / 1000;
    case 'n':
      return time.micros_of_second() * 1000;
    default:
      return time.micros_of_day * 1000;  // N
  }
}

std::string_view QuarterName(int64_t quarter, int count) {
  constexpr std::string_view kShort[] = {"Q1", "Q2", "Q3", "Q4"};
  constexpr std::string_view kLong[] = {"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"};
  return count == 3 ? kShort[quarter - 1] : count == 4 ? kLong[quarter - 1] : kShort[quarter - 1].substr(1);
}

std::string_view NameOf(std::span<const std::string_view> names, std::span<const std::string_view> short_names,
                        int64_t index, int count) {
  const auto i = static_cast<size_t>(index);
  return count == 4 ? names[i] : count == 5 ? names[i].substr(0, 1) : short_names[i];
}

void AppendFraction(int64_t micros, int digits, std::string* text) {
  std::string nine;
  AppendPadded(micros * 1000, 9, &nine);
  *text += nine.substr(0, static_cast<size_t>(digits));
}

}  // namespace

// What has been read, by letter: numbers of 'y' and 'u', and so on; the fraction in nanoseconds as 'n'.
struct TimeFormat::Fields {
  std::array<std::optional<int64_t>, 128> values;

  // Whether the value agrees with what was read before.
  bool Set(char letter, int64_t value) {
    std::optional<int64_t>& known = values[static_cast<size_t>(letter)];
    if (known && *known != value) return false;
    known = value;
    return true;
  }
  const std::optional<int64_t>& Get(char letter) const { return values[static_cast<size_t>(letter)]; }

  std::optional<int64_t> Resolve() const;
};

absl::StatusOr<TimeFormat> TimeFormat::Compile(std::string_view pattern) {
  ASSIGN_OR_RETURN(std::vector<PatternPart> parts, SplitTemporalPattern(pattern, true));
  TimeFormat format;
  size_t first = kFailed;
  for (PatternPart& part : parts) {
    absl::Status added = format.AddPart(part.letter, part.count, std::move(part.text), &first);
    if (!added.ok()) return Annotate(added, "read the pattern '", pattern, "'");
  }
  return format;
}

const TimeFormat& TimeFormat::Default() {
  static const TimeFormat* const format = [] {
    absl::StatusOr<TimeFormat> compiled = Compile("yyyy-[MM][M]-[dd][d][ [HH][H]:[mm][m]:[ss][s]");
    Check(compiled.ok(), "the built-in pattern compiles");
    // Into the last optional part, behind the seconds.
    Part bracket = compiled->parts_.back();
    compiled->parts_.back() = Part();
    compiled->parts_.back().letter = kOptionalFraction;
    compiled->parts_.push_back(bracket);
    for (Part& part : compiled->parts_) {
      if (part.letter == '[' && part.end + 2 == compiled->parts_.size()) ++part.end;
    }
    return new TimeFormat(*std::move(compiled));
  }();
  return *format;
}

absl::Status TimeFormat::AddPart(char letter, int count, std::string text, size_t* first) {
  Part part{.letter = letter, .count = count, .text = std::move(text)};
  const auto many = [&](int most) {
    if (count <= most) return absl::OkStatus();
    return InvalidArgument("letter '", std::string(1, letter), "' may stand there at most ", most, " times");
  };
  auto number = [&](int min_width, int max_width, char sign) {
    part.min_width = min_width;
    part.max_width = max_width;
    part.sign = sign;
  };
  switch (letter) {
    case 0:
    case '[':
      break;
    case ']':
      for (size_t i = parts_.size(), depth = 0; i-- > 0;) {
        if (parts_[i].letter == ']') ++depth;
        if (parts_[i].letter == '[' && depth-- == 0) {
          parts_[i].end = parts_.size();
          break;
        }
      }
      break;
    case 'u':
    case 'y':
    case 'Y':
      if (count == 2) {
        number(2, 2, 0);
      } else {
        number(count, 19, count < 4 ? 'n' : 'e');
      }
      break;
    case 'D':
      RETURN_IF_ERROR(many(3));
      count == 1 ? number(1, 19, 'n') : number(count, 3, 0);
      break;
    case 'M':
    case 'L':
    case 'Q':
    case 'q':
      RETURN_IF_ERROR(many(5));
      if (count == 1) number(1, 19, 'n');
      if (count == 2) number(2, 2, 0);
      break;
    case 'd':
    case 'h':
    case 'K':
    case 'k':
    case 'H':
    case 'm':
    case 's':
    case 'w':
      RETURN_IF_ERROR(many(2));
      count == 1 ? number(1, 19, 'n') : number(2, 2, 0);
      break;
    case 'A':
    case 'n':
    case 'N':
      number(count, 19, 0);
      break;
    case 'S':
      RETURN_IF_ERROR(many(9));
      number(count, count, 0);
      break;
    case 'E':
    case 'e':
    case 'G':
      RETURN_IF_ERROR(many(5));
      break;
    case 'c':
      if (count == 2) return InvalidArgument("letter 'c' may not stand there twice");
      RETURN_IF_ERROR(many(5));
      break;
    case 'a':
      RETURN_IF_ERROR(many(1));
      break;
    case 'z':
    case 'Z':
    case 'O':
    case 'X':
    case 'x':
    case 'V':
    case 'v':
      return InvalidArgument("letter '", std::string(1, letter),
                             "' stands for a zone, which a local time does not have");
    default:
      return InvalidArgument("letter '", std::string(1, letter), "' is not supported; quote it if it is text");
  }
  // The first number of a row of them leaves those of fixed width behind it their digits.
  if (part.max_width == 0) {
    *first = kFailed;
  } else if (*first != kFailed && part.min_width == part.max_width && part.sign == 0) {
    parts_[*first].reserved += part.max_width;
  } else {
    *first = parts_.size();
  }
  parts_.push_back(std::move(part));
  return absl::OkStatus();
}

std::string TimeFormat::Print(int64_t local_micros) const {
  const LocalTime time(local_micros);
  std::string text;
  for (const Part& part : parts_) {
    switch (part.letter) {
      case 0:
        text += part.text;
        break;
      case '[':
      case ']':
        break;
      case 'G':
        text += part.count == 4   ? (time.date.year() > 0 ? "Anno Domini" : "Before Christ")
                : part.count == 5 ? (time.date.year() > 0 ? "A" : "B")
                                  : (time.date.year() > 0 ? "AD" : "BC");
        break;
      case 'u':
      case 'y':
      case 'Y': {
        const int64_t year = NumberOf(part.letter, time);
        if (part.count == 2) {
          AppendPadded(std::abs(year) % 100, 2, &text);
        } else {
          std::string digits;
          AppendPadded(year, part.count, &digits);
          if (part.sign == 'e' && year > 0 && digits.size() > static_cast<size_t>(part.count)) text += '+';
          text += digits;
        }
        break;
      }
      case 'M':
      case 'L':
        if (part.count > 2) {
          text += NameOf(MonthNames(), ShortMonthNames(), time.date.month() - 1, part.count);
          break;
        }
        AppendPadded(time.date.month(), part.count, &text);
        break;
      case 'Q':
      case 'q':
        if (part.count > 2) {
          text += QuarterName(NumberOf('Q', time), part.count);
          break;
        }
        AppendPadded(NumberOf('Q', time), part.count, &text);
        break;
      case 'E':
      case 'e':
      case 'c':
        if (part.letter == 'E' || part.count > 2) {
          text += NameOf(DayNames(), ShortDayNames(), (time.day_of_week() + 5) % 7, part.count);
          break;
        }
        AppendPadded(time.day_of_week(), part.count, &text);
        break;
      case 'a':
        text += time.hour() < 12 ? "AM" : "PM";
        break;
      case 'S':
        AppendFraction(time.micros_of_second(), part.count, &text);
        break;
      default:
        AppendPadded(NumberOf(part.letter, time), part.count, &text);
    }
  }
  return text;
}

size_t TimeFormat::ParseNumber(const Part& part, std::string_view text, size_t at, Fields* fields) {
  bool negative = false, positive = false;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
    negative = text[at] == '-';
    positive = !negative;
    if (part.sign == 0 || (positive && part.sign == 'n')) return kFailed;
    ++at;
  }
  size_t end = at;
  const size_t most = static_cast<size_t>(part.max_width + part.reserved);
  while (end < text.size() && end - at < most && IsDigit(text[end])) ++end;
  size_t length = end - at;
  if (part.reserved > 0) {
    length = std::max<size_t>(static_cast<size_t>(part.min_width),
                              length - std::min(length, static_cast<size_t>(part.reserved)));
  }
  if (length < static_cast<size_t>(part.min_width) || at + length > end || length == 0 || length > 18) return kFailed;
  if (part.sign == 'e') {
    const bool exceeds = length > static_cast<size_t>(part.min_width);
    if (!negative && exceeds != positive) return kFailed;
  }
  int64_t value = 0;
  for (char c : text.substr(at, length)) value = value * 10 + (c - '0');
  if (negative && value == 0) return kFailed;
  if (negative) value = -value;
  char letter = part.letter;
  if (letter == 'L') letter = 'M';
  if ((letter == 'u' || letter == 'y') && part.count == 2) {
    value += 2000;
    if (letter == 'y') letter = 'u';
  }
  if (letter == 'S') {
    for (size_t i = length; i < 9; ++i) value *= 10;
    letter = 'n';
  }
  return fields->Set(letter, value) ? at + length : kFailed;
}

size_t TimeFormat::ParseName(const Part& part, std::string_view text, size_t at, Fields* fields) {
  auto match = [&](char letter, std::span<const std::string_view> names) {
    size_t longest = 0, index = 0;
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i].size() <= longest || !text.substr(at).starts_with(names[i])) continue;
      longest = names[i].size();
      index = i;
    }
    return longest > 0 && fields->Set(letter, static_cast<int64_t>(index)) ? at + longest : kFailed;
  };
  constexpr std::string_view kHalves[] = {"AM", "PM"};
  constexpr std::string_view kEras[] = {"BC", "AD"};
  switch (part.letter) {
    case 'a':
      return match('a', kHalves);
    case 'G':
      return part.count <= 3 ? match('G', kEras) : kFailed;
    case 'M':
    case 'L': {
      Fields name;
      std::swap(name, *fields);
      const size_t end = match('M', part.count == 4 ? MonthNames() : ShortMonthNames());
      std::swap(name, *fields);
      if (end == kFailed || part.count == 5) return kFailed;
      return fields->Set('M', *name.Get('M') + 1) ? end : kFailed;
    }
    case 'E':
    case 'e':
    case 'c':
      return part.count == 5 ? kFailed : match('E', part.count == 4 ? DayNames() : ShortDayNames());
    default:
      return kFailed;
  }
}

size_t TimeFormat::ParseFraction(const Part&, std::string_view text, size_t at, Fields* fields) {
  if (at >= text.size() || text[at] != '.') return at;
  size_t end = at + 1;
  int64_t nanos = 0;
  for (int i = 0; i < 9; ++i) {
    const bool digit = end < text.size() && IsDigit(text[end]);
    nanos = nanos * 10 + (digit ? text[end] - '0' : 0);
    if (digit) ++end;
  }
  return fields->Set('n', nanos) ? end : kFailed;
}

size_t TimeFormat::ParseParts(size_t from, size_t to, std::string_view text, size_t at, Fields* fields) const {
  for (size_t i = from; i < to; ++i) {
    const Part& part = parts_[i];
    if (part.letter == '[') {
      Fields tried = *fields;
      const size_t end = ParseParts(i + 1, part.end, text, at, &tried);
      if (end != kFailed) {
        at = end;
        *fields = tried;
      }
      i = part.end;
    } else if (part.letter == 0) {
      if (!text.substr(at).starts_with(part.text)) return kFailed;
      at += part.text.size();
    } else {
      at = part.letter == kOptionalFraction ? ParseFraction(part, text, at, fields)
           : part.max_width > 0             ? ParseNumber(part, text, at, fields)
                                            : ParseName(part, text, at, fields);
      if (at == kFailed) return kFailed;
    }
  }
  return at;
}

std::optional<int64_t> TimeFormat::Fields::Resolve() const {
  auto within = [&](char letter, int64_t low, int64_t high) {
    return !Get(letter) || (*Get(letter) >= low && *Get(letter) <= high);
  };
  if (!within('M', 1, 12) || !within('d', 1, 31) || !within('D', 1, 366) || !within('m', 0, 59) ||
      !within('s', 0, 59) || !within('H', 0, 24) || !within('k', 1, 24) || !within('h', 1, 12) || !within('K', 0, 11) ||
      !within('n', 0, 999'999'999) || !within('y', 1, 999'999'999) || !within('u', -999'999'999, 999'999'999)) {
    return std::nullopt;
  }
  std::optional<int64_t> year = Get('u');
  if (Get('y')) {
    const int64_t of_era = Get('G') && *Get('G') == 0 ? 1 - *Get('y') : *Get('y');
    if (year && *year != of_era) return std::nullopt;
    year = of_era;
  }
  absl::CivilDay date(year.value_or(1970), 1, 1);
  if (year && Get('M') && Get('d')) {
    const absl::CivilMonth month(*year, *Get('M'));
    date = std::min(absl::CivilDay(month) + (*Get('d') - 1), absl::CivilDay(month + 1) - 1);
  } else if (year && Get('D')) {
    date += *Get('D') - 1;
    if (date.year() != *year) return std::nullopt;
  } else {
    const int64_t month = Get('M').value_or(1), day = Get('d').value_or(1);
    date = absl::CivilDay(year.value_or(1970), month, day);
    if (date.day() != day) return std::nullopt;
  }
  std::optional<int64_t> hour = Get('H');
  if (!hour && Get('k')) hour = *Get('k') % 24;
  if (!hour && Get('a')) {
    std::optional<int64_t> of_half = Get('K');
    if (!of_half && Get('h')) of_half = *Get('h') % 12;
    if (of_half) hour = *Get('a') * 12 + *of_half;
  }
  const int64_t minute = Get('m').value_or(0), second = Get('s').value_or(0), nanos = Get('n').value_or(0);
  if (hour == 24 && (minute != 0 || second != 0 || nanos != 0)) return std::nullopt;
  const int64_t seconds = hour.value_or(0) * 3600 + minute * 60 + second;
  if (Get('E')) {
    const int64_t day = ExtractFromDate(TemporalUnit::kIsoDayOfWeek, static_cast<int32_t>(DaysOf(date))) - 1;
    if (year && day != *Get('E')) return std::nullopt;
  }
  // What 64 bits of microseconds cannot hold is no time for us.
  if (date.year() > 290'000 || date.year() < -290'000) return std::nullopt;
  return DaysOf(date) * kMicrosPerDay + seconds * kMicrosPerSecond + nanos / 1000;
}

std::optional<int64_t> TimeFormat::Parse(std::string_view text) const {
  Fields fields;
  if (ParseParts(0, parts_.size(), text, 0, &fields) != text.size()) return std::nullopt;
  return fields.Resolve();
}

}  // namespace millrace
