#include "base/expression/temporal_pattern.h"

#include <cstdint>

#include "base/error.h"

namespace millrace {
namespace {

constexpr std::string_view kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
constexpr std::string_view kShortMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::string_view kDays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::string_view kShortDays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

std::span<const std::string_view> MonthNames() { return kMonths; }
std::span<const std::string_view> ShortMonthNames() { return kShortMonths; }
std::span<const std::string_view> DayNames() { return kDays; }
std::span<const std::string_view> ShortDayNames() { return kShortDays; }

absl::StatusOr<std::vector<PatternPart>> SplitTemporalPattern(std::string_view pattern, bool brackets) {
  std::vector<PatternPart> parts;
  auto add_text = [&](std::string_view text) {
    if (parts.empty() || parts.back().letter != 0) parts.emplace_back();
    parts.back().text += text;
  };
  int depth = 0;
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (IsLetter(c)) {
      size_t end = i;
      while (end < pattern.size() && pattern[end] == c) ++end;
      parts.push_back({c, static_cast<int>(end - i), ""});
      i = end;
    } else if (c == '\'') {
      if (pattern.substr(i + 1).starts_with('\'')) {
        add_text("'");
        i += 2;
        continue;
      }
      std::string quoted;
      for (++i;; ++i) {
        if (i >= pattern.size()) return InvalidArgument("the pattern '", pattern, "' ends within quotes; close them");
        if (pattern[i] == '\'' && !pattern.substr(i + 1).starts_with('\'')) break;
        if (pattern[i] == '\'') ++i;
        quoted += pattern[i];
      }
      add_text(quoted);
      ++i;
    } else if (brackets && (c == '[' || c == ']')) {
      depth += c == '[' ? 1 : -1;
      if (depth < 0)
        return InvalidArgument("the pattern '", pattern, "' closes a part with ']' that it has not opened");
      parts.push_back({c, 1, ""});
      ++i;
    } else if (brackets && (c == '{' || c == '}' || c == '#')) {
      return InvalidArgument("the pattern '", pattern, "' has a '", std::string(1, c),
                             "', which is reserved; quote it");
    } else {
      add_text(pattern.substr(i, 1));
      ++i;
    }
  }
  for (; depth > 0; --depth) parts.push_back({']', 1, ""});
  return parts;
}

void AppendPadded(int64_t number, int width, std::string* text) {
  std::string digits = std::to_string(number < 0 ? -static_cast<uint64_t>(number) : static_cast<uint64_t>(number));
  if (number < 0) text->push_back('-');
  if (static_cast<int>(digits.size()) < width) text->append(static_cast<size_t>(width) - digits.size(), '0');
  *text += digits;
}

}  // namespace millrace
