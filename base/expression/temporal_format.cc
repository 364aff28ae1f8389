#include "base/expression/temporal_format.h"

#include <algorithm>
#include <span>

#include "base/error.h"
#include "base/expression/temporal_calendar.h"
#include "base/expression/temporal_pattern.h"
#include "base/macros.h"

namespace millrace {
namespace {

constexpr size_t kFailed = std::string_view::npos;
constexpr int64_t kMicrosPerSecond = 1'000'000;

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

}  // namespace millrace
