#include "base/value_text.h"

#include <charconv>
#include <cmath>

#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "arrow/util/decimal.h"

namespace millrace {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;
constexpr int64_t kMillisPerDay = 86'400'000;

// `text` is what std::to_chars wrote: "d.ddde-05". Java writes 10^-3 up to 10^7 without an exponent.
void AppendJavaDigits(std::string_view text, std::string* out) {
  if (text.front() == '-') {
    *out += '-';
    text.remove_prefix(1);
  }
  const size_t mark = text.find('e');
  int exponent = 0;
  const char* number = text.data() + mark + (text[mark + 1] == '+' ? 2 : 1);
  std::from_chars(number, text.data() + text.size(), exponent);
  std::string digits(1, text[0]);
  if (mark > 2 && text.substr(1, mark - 1) != ".0") digits += text.substr(2, mark - 2);
  if (exponent >= -3 && exponent < 7) {
    if (exponent < 0) {
      *out += "0.";
      out->append(static_cast<size_t>(-exponent - 1), '0');
      *out += digits;
      return;
    }
    const size_t whole = static_cast<size_t>(exponent) + 1;
    if (digits.size() <= whole) digits.append(whole + 1 - digits.size(), '0');
    out->append(digits, 0, whole);
    *out += '.';
    out->append(digits, whole);
    return;
  }
  *out += digits[0];
  *out += '.';
  *out += digits.size() > 1 ? digits.substr(1) : "0";
  absl::StrAppendFormat(out, "E%d", exponent);
}

template <typename Value>
void AppendJavaReal(Value value, std::string* out) {
  if (std::isnan(value)) {
    *out += "NaN";
  } else if (std::isinf(value)) {
    *out += value < 0 ? "-Infinity" : "Infinity";
  } else if (value == 0) {
    *out += std::signbit(value) ? "-0.0" : "0.0";
  } else {
    char text[64];
    auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
    std::string_view digits(text, static_cast<size_t>(end.ptr - text));
    // Java always has a digit behind the point, and of all pairs takes the nearest: 4.9E-324, not 5.0E-324.
    char pair[64];
    if (digits.find('.') == digits.npos) {
      auto pair_end = std::to_chars(pair, pair + sizeof pair, value, std::chars_format::scientific, 1);
      Value read = 0;
      std::from_chars(pair, pair_end.ptr, read);
      if (read == value) digits = {pair, static_cast<size_t>(pair_end.ptr - pair)};
    }
    AppendJavaDigits(digits, out);
  }
}

int64_t FloorDivide(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

}  // namespace

void AppendJavaDouble(double value, std::string* out) { AppendJavaReal(value, out); }
void AppendJavaFloat(float value, std::string* out) { AppendJavaReal(value, out); }

void AppendDecimal(const arrow::Decimal128& value, int32_t scale, std::string* out) {
  const bool negative = value < arrow::Decimal128(0);
  std::string digits = arrow::Decimal128(arrow::Decimal128::Abs(value)).ToIntegerString();
  const auto fraction = static_cast<size_t>(scale);
  if (digits.size() <= fraction) digits.insert(0, fraction + 1 - digits.size(), '0');
  if (negative) *out += '-';
  out->append(digits, 0, digits.size() - fraction);
  if (fraction == 0) return;
  *out += '.';
  out->append(digits, digits.size() - fraction);
}

void AppendDate(int64_t days, std::string* out) {
  const absl::CivilDay day = absl::CivilDay(1970, 1, 1) + days;
  const int64_t year = day.year();
  if (year > 9999) *out += '+';
  if (year < 0) *out += '-';
  absl::StrAppendFormat(out, "%04d-%02d-%02d", year < 0 ? -year : year, day.month(), day.day());
}

void AppendTimeOfDay(int64_t micros, std::string* out) {
  const int64_t seconds = micros / kMicrosPerSecond;
  absl::StrAppendFormat(out, "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  const int64_t fraction = micros % kMicrosPerSecond;
  if (fraction == 0) return;
  absl::StrAppendFormat(out, ".%06d", fraction);
  while (out->back() == '0') out->pop_back();
}

void AppendTimestamp(int64_t micros, char between, std::string* out) {
  const int64_t days = FloorDivide(micros, kMicrosPerDay);
  AppendDate(days, out);
  *out += between;
  AppendTimeOfDay(micros - days * kMicrosPerDay, out);
}

void AppendYearToMonth(int32_t months, std::string* out) {
  const int64_t size = std::abs(static_cast<int64_t>(months));
  absl::StrAppendFormat(out, "%c%d-%02d", months < 0 ? '-' : '+', size / 12, size % 12);
}

void AppendDayToSecond(int64_t millis, std::string* out) {
  const uint64_t size = millis < 0 ? 0 - static_cast<uint64_t>(millis) : static_cast<uint64_t>(millis);
  const uint64_t seconds = size / 1000;
  absl::StrAppendFormat(out, "%c%d %02d:%02d:%02d.%03d", millis < 0 ? '-' : '+', size / kMillisPerDay, seconds / 3600 % 24,
                        seconds / 60 % 60, seconds % 60, size % 1000);
}

void AppendJsonString(std::string_view utf8, std::string* out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  *out += '"';
  for (char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (byte < 0x20) {
      *out += "\\u00";
      *out += kHex[byte >> 4];
      *out += kHex[byte & 15];
    } else {
      *out += c;
    }
  }
  *out += '"';
}

}  // namespace millrace
