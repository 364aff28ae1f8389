#include "coordinator/sql/parse_moment.h"

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"

namespace millrace::sql {
namespace {

// The number that `digits` digits in front say, which are taken away; nullopt: they are not digits.
std::optional<int> TakeDigits(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (size_t at = 0; at < digits; ++at) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(text[at]))) return std::nullopt;
    value = value * 10 + (text[at] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool Take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

bool IsDateText(std::string_view text) {
  const std::optional<int> year = TakeDigits(text, 4);
  if (!year || *year == 0 || !Take(text, '-')) return false;
  const std::optional<int> month = TakeDigits(text, 2);
  if (!month || !Take(text, '-')) return false;
  const std::optional<int> day = TakeDigits(text, 2);
  if (!day || !text.empty()) return false;
  const absl::CivilDay normal(*year, *month, *day);
  return normal.month() == *month && normal.day() == *day;
}

std::optional<int> TimeTextPrecision(std::string_view text) {
  const std::optional<int> hour = TakeDigits(text, 2);
  if (!hour || *hour > 23 || !Take(text, ':')) return std::nullopt;
  const std::optional<int> minute = TakeDigits(text, 2);
  if (!minute || *minute > 59 || !Take(text, ':')) return std::nullopt;
  const std::optional<int> second = TakeDigits(text, 2);
  if (!second || *second > 59) return std::nullopt;
  if (text.empty()) return 0;
  if (!Take(text, '.') || text.empty()) return std::nullopt;
  const int precision = static_cast<int>(text.size());
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
  }
  return precision;
}

std::optional<int> TimestampTextPrecision(std::string_view text) {
  if (text.size() < 11 || text[10] != ' ' || !IsDateText(text.substr(0, 10))) return std::nullopt;
  return TimeTextPrecision(text.substr(11));
}

}  // namespace millrace::sql
