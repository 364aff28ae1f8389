#include <algorithm>
#include <array>
#include <span>

#include "base/expression/temporal_calendar.h"
#include "base/expression/temporal_format.h"
#include "base/expression/temporal_pattern.h"

namespace millrace {
namespace {

constexpr size_t kFailed = std::string_view::npos;
constexpr int64_t kMicrosPerSecond = 1'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

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
      at = part.max_width > 0 ? ParseNumber(part, text, at, fields) : ParseName(part, text, at, fields);
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
