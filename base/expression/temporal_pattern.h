#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace {

// A part of a pattern of Java's: a letter with its count, a text (letter 0), or a bracket of an optional part.
struct PatternPart {
  char letter = 0;
  int count = 0;
  std::string text;
};

// Splits a pattern of java.time.DateTimeFormatter or, without brackets, of java.text.SimpleDateFormat. Fails with
// InvalidArgument that quotes it.
absl::StatusOr<std::vector<PatternPart>> SplitTemporalPattern(std::string_view pattern, bool brackets);

// English names, as Java's for en_US.
std::span<const std::string_view> MonthNames();       // from January
std::span<const std::string_view> ShortMonthNames();  // from Jan
std::span<const std::string_view> DayNames();         // from Monday
std::span<const std::string_view> ShortDayNames();    // from Mon

// With zeros in front, to at least `width` digits; a minus before them.
void AppendPadded(int64_t number, int width, std::string* text);

}  // namespace millrace
