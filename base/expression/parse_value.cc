#include "base/expression/parse_value.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/time/civil_time.h"
#include "base/error.h"
#include "base/expression/decimal_math.h"
#include "base/expression/zone_math.h"
#include "base/macros.h"

namespace millrace {
namespace {

template <typename... Words>
absl::Status Unreadable(std::string_view text, const Words&... type) {
  return InvalidArgument("cannot read '", text, "' as ", type...);
}

// What Java's trim() leaves.
std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

template <typename T>
absl::StatusOr<T> ParseFloating(std::string_view text, std::string_view type) {
  std::string_view number = Trimmed(text);
  const bool negative = number.starts_with('-');
  if (negative || number.starts_with('+')) number.remove_prefix(1);
  T value = 0;
  if (number == "NaN") return std::numeric_limits<T>::quiet_NaN();
  if (number == "Infinity") {
    value = std::numeric_limits<T>::infinity();
    return negative ? -value : value;
  }
  // The letter that Java lets stand behind a number.
  if (number.size() > 1 && std::string_view("dDfF").find(number.back()) != std::string_view::npos) number.remove_suffix(1);
  if (number.empty() || !(IsDigit(number.front()) || number.front() == '.')) return Unreadable(text, type);
  auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (end != number.data() + number.size() || error == std::errc::invalid_argument) return Unreadable(text, type);
  if (error == std::errc::result_out_of_range) {
    // Too small or too large; from_chars does not say which.
    const size_t mark = number.find_first_of("eE");
    const bool tiny = mark != std::string_view::npos ? number[mark + 1] == '-' : number.front() == '0' || number.front() == '.';
    value = tiny ? T{0} : std::numeric_limits<T>::infinity();
  }
  return negative ? -value : value;
}

// A number of one to nine digits, blanks around it skipped; −1: it is none.
int64_t SmallNumber(std::string_view text) {
  text = Trimmed(text);
  if (text.empty() || text.size() > 9) return -1;
  int64_t number = 0;
  for (char c : text) {
    if (!IsDigit(c)) return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

// Takes one to `most` digits off the front; −1: there are none.
int64_t TakeDigits(std::string_view& text, size_t least, size_t most) {
  size_t count = 0;
  int64_t number = 0;
  while (count < text.size() && count < most && IsDigit(text[count])) number = number * 10 + (text[count++] - '0');
  if (count < least) return -1;
  text.remove_prefix(count);
  return number;
}

bool TakeChar(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// The digits of a fraction as micros: "5" is 500000. Digits behind the sixth are cut off.
int64_t FractionMicros(std::string_view digits) {
  int64_t micros = 0;
  for (size_t i = 0; i < 6; ++i) micros = micros * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return micros;
}

// "hh:mm:ss.fraction" whole, with hours, minutes and seconds of one or two digits; −1: it is none. In µs.
int64_t TimeOfDay(std::string_view text, bool seconds_needed) {
  const int64_t hour = TakeDigits(text, 1, 2);
  if (hour < 0 || hour > 23 || !TakeChar(text, ':')) return -1;
  const int64_t minute = TakeDigits(text, 1, 2);
  if (minute < 0 || minute > 59) return -1;
  int64_t second = 0, micros = 0;
  if (TakeChar(text, ':')) {
    second = TakeDigits(text, 1, 2);
    if (second < 0 || second > 59) return -1;
    if (TakeChar(text, '.')) {
      size_t digits = 0;
      while (digits < text.size() && IsDigit(text[digits])) ++digits;
      micros = FractionMicros(text.substr(0, digits));
      text.remove_prefix(digits);
    }
  } else if (seconds_needed) {
    return -1;
  }
  if (!text.empty()) return -1;
  return ((hour * 60 + minute) * 60 + second) * 1'000'000 + micros;
}

int64_t DaysOf(int64_t year, int64_t month, int64_t day) {
  return absl::CivilDay(year, static_cast<int>(month), static_cast<int>(day)) - absl::CivilDay(1970, 1, 1);
}

}  // namespace

absl::StatusOr<int64_t> ParseInteger(std::string_view text, int64_t low, int64_t high) {
  std::string_view number = Trimmed(text);
  const bool negative = number.starts_with('-');
  if (negative || number.starts_with('+')) number.remove_prefix(1);
  const size_t whole = number.find('.');
  const std::string_view digits = number.substr(0, whole);
  const std::string_view rest = whole == std::string_view::npos ? std::string_view() : number.substr(whole + 1);
  if (digits.empty()) return Unreadable(text, "a whole number");
  __int128 value = 0;
  for (char c : digits) {
    if (!IsDigit(c)) return Unreadable(text, "a whole number");
    if (value < (__int128{1} << 64)) value = value * 10 + (c - '0');
  }
  for (char c : rest) {
    if (!IsDigit(c)) return Unreadable(text, "a whole number");
  }
  if (negative) value = -value;
  if (value < low || value > high) return InvalidArgument("'", text, "' is not within ", low, " and ", high);
  return static_cast<int64_t>(value);
}

absl::StatusOr<double> ParseDouble(std::string_view text) { return ParseFloating<double>(text, "DOUBLE"); }
absl::StatusOr<float> ParseFloat(std::string_view text) { return ParseFloating<float>(text, "FLOAT"); }

absl::StatusOr<std::optional<arrow::Decimal128>> ParseDecimal(std::string_view text, int precision, int scale) {
  std::string_view number = Trimmed(text);
  const bool negative = number.starts_with('-');
  if (negative || number.starts_with('+')) number.remove_prefix(1);
  std::string digits;
  int64_t exponent = 0;
  bool point = false;
  size_t i = 0;
  for (; i < number.size() && (IsDigit(number[i]) || (number[i] == '.' && !point)); ++i) {
    if (number[i] == '.') {
      point = true;
      continue;
    }
    if (point) --exponent;
    if (digits.empty() && number[i] == '0') {
      digits = "0";
    } else if (digits == "0") {
      digits = number[i];
    } else {
      digits += number[i];
    }
  }
  if (digits.empty()) return Unreadable(text, "DECIMAL");
  if (i < number.size()) {
    if (number[i] != 'e' && number[i] != 'E') return Unreadable(text, "DECIMAL");
    std::string_view power = number.substr(i + 1);
    const bool down = power.starts_with('-');
    if (down || power.starts_with('+')) power.remove_prefix(1);
    const int64_t size = SmallNumber(power);
    if (size < 0 || (!power.empty() && !IsDigit(power.front()))) return Unreadable(text, "DECIMAL");
    exponent += down ? -size : size;
  }
  // digits · 10^exponent, as a number of 10^−scale.
  const int64_t shift = exponent + scale;
  if (digits == "0") return std::optional(arrow::Decimal128(0));
  if (static_cast<int64_t>(digits.size()) + shift > precision) return std::optional<arrow::Decimal128>();
  if (static_cast<int64_t>(digits.size()) + shift < 0) return std::optional(arrow::Decimal128(0));
  bool up = false;
  if (shift < 0) {
    const size_t kept = digits.size() - static_cast<size_t>(-shift);
    up = digits[kept] >= '5';
    digits.resize(kept);
    if (digits.empty()) digits = "0";
  } else {
    digits.append(static_cast<size_t>(shift), '0');
  }
  arrow::Decimal256 value;
  if (!arrow::Decimal256::FromString(digits, &value, nullptr, nullptr).ok()) return Unreadable(text, "DECIMAL");
  if (up) value += arrow::Decimal256(1);
  if (negative) value = arrow::Decimal256(value.Negate());
  return Fitted(value, precision);
}

absl::StatusOr<bool> ParseBoolean(std::string_view text) {
  for (const char* word : {"t", "true", "y", "yes", "1"}) {
    if (absl::EqualsIgnoreCase(AbslView(text), word)) return true;
  }
  for (const char* word : {"f", "false", "n", "no", "0"}) {
    if (absl::EqualsIgnoreCase(AbslView(text), word)) return false;
  }
  return Unreadable(text, "BOOLEAN");
}

absl::StatusOr<int32_t> ParseDate(std::string_view text) {
  std::string_view date = text;
  const size_t blank = date.find(' ');
  if (blank != std::string_view::npos && blank > 0) date = date.substr(0, blank);
  int64_t parts[] = {-1, 1, 1};
  for (size_t i = 0; i < 3; ++i) {
    const size_t end = i < 2 ? date.find('-') : std::string_view::npos;
    parts[i] = SmallNumber(date.substr(0, end));
    if (end == std::string_view::npos) break;
    date.remove_prefix(end + 1);
  }
  const auto [year, month, day] = parts;
  const bool plausible = year >= 0 && year <= 9999 && month >= 1 && month <= 12 && day >= 1;
  if (!plausible || absl::CivilDay(year, static_cast<int>(month), static_cast<int>(day)).day() != day) {
    return Unreadable(text, "DATE");
  }
  return static_cast<int32_t>(DaysOf(year, month, day));
}

absl::StatusOr<int32_t> ParseTime(std::string_view text, int precision) {
  std::string_view time = Trimmed(text);
  int64_t micros = -1;
  if (time.find(':') == std::string_view::npos) {
    const int64_t hour = SmallNumber(time);
    if (hour >= 0 && hour <= 23) micros = hour * 3'600'000'000;
  } else {
    micros = TimeOfDay(time, /*seconds_needed=*/false);
  }
  if (micros < 0) return Unreadable(text, "TIME");
  return static_cast<int32_t>(CutTimestamp(micros, precision) / 1000);
}

absl::StatusOr<int64_t> ParseTimestamp(std::string_view text, int precision) {
  std::string_view rest = text;
  const int64_t year = TakeDigits(rest, 4, 4);
  if (year < 0 || !TakeChar(rest, '-')) return Unreadable(text, "TIMESTAMP");
  const int64_t month = TakeDigits(rest, 1, 2);
  if (month < 1 || month > 12 || !TakeChar(rest, '-')) return Unreadable(text, "TIMESTAMP");
  int64_t day = TakeDigits(rest, 1, 2);
  if (day < 1 || day > 31) return Unreadable(text, "TIMESTAMP");
  while (absl::CivilDay(year, static_cast<int>(month), static_cast<int>(day)).day() != day) --day;
  int64_t micros = 0;
  if (!rest.empty()) {
    if (!TakeChar(rest, ' ')) return Unreadable(text, "TIMESTAMP");
    micros = TimeOfDay(rest, /*seconds_needed=*/true);
    if (micros < 0) return Unreadable(text, "TIMESTAMP");
  }
  return CutTimestamp(DaysOf(year, month, day) * 86'400'000'000 + micros, precision);
}

int64_t CutTimestamp(int64_t micros, int precision) {
  constexpr int64_t kUnits[] = {1'000'000, 100'000, 10'000, 1000, 100, 10, 1};
  if (precision >= 3) return FloorDivide(micros, kUnits[precision]) * kUnits[precision];
  return FloorDivide(micros, 1000) * 1000 / kUnits[precision] * kUnits[precision];
}

}  // namespace millrace
