#include "connectors/format/json_scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace millrace::json_scalar {
namespace {

constexpr const char* kNotANumber = "is not a number";
constexpr const char* kLossy = "does not fit without loss";
constexpr const char* kOutOfRange = "is out of range";
constexpr const char* kTooFine = "has more digits of a second than the column's type";
constexpr int kMaxDigits = 38;
constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

__int128 PowerOfTen(int exponent) {
  __int128 power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

// `count` digits at `at`; -1 if they are not digits.
int DigitsAt(std::string_view text, size_t at, size_t count) {
  if (text.size() < at + count) return -1;
  int value = 0;
  for (size_t i = at; i < at + count; ++i) {
    if (!IsDigit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool IsLeapYear(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int DaysInMonth(int year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

// Days since 1970-01-01 of a date of years 0 to 9999: whole years first, then the days of this one.
int32_t DaysSinceEpoch(int year, int month, int day) {
  static constexpr int kBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  int last = year - 1;
  int leap_days = year == 0 ? 0 : last / 4 - last / 100 + last / 400 + 1;
  int of_year = kBefore[month - 1] + day - 1 + (month > 2 && IsLeapYear(year) ? 1 : 0);
  return year * 365 + leap_days + of_year - 719'528;
}

template <typename T>
const char* ParseReal(std::string_view text, T* value) {
  std::string_view digits = text;
  bool negative = false;
  if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) {
    negative = digits[0] == '-';
    digits.remove_prefix(1);
  }
  if (digits == "NaN") {
    *value = std::numeric_limits<T>::quiet_NaN();
    return nullptr;
  }
  if (digits == "Infinity") {
    *value = negative ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::infinity();
    return nullptr;
  }
  if (digits.empty() || !(IsDigit(digits[0]) || digits[0] == '.')) return kNotANumber;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *value);
  if (error == std::errc::result_out_of_range) return kOutOfRange;
  if (error != std::errc() || end != digits.data() + digits.size()) return kNotANumber;
  if (negative) *value = -*value;
  return nullptr;
}

}  // namespace

const char* ParseExact(std::string_view text, int scale, __int128* value) {
  size_t at = 0;
  bool negative = false;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) negative = text[at++] == '-';
  // Digits without leading and trailing zeros; the zeros only move the exponent.
  __int128 digits = 0;
  int num_digits = 0;
  int64_t zeros = 0;
  int64_t exponent = 0;
  bool any = false;
  bool in_fraction = false;
  bool too_many = false;
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (c == '.' && !in_fraction) {
      in_fraction = true;
      continue;
    }
    if (!IsDigit(c)) break;
    any = true;
    if (in_fraction) --exponent;
    if (c == '0') {
      if (num_digits > 0) ++zeros;
      continue;
    }
    if (num_digits + zeros + 1 > kMaxDigits) {
      too_many = true;
      continue;
    }
    for (; zeros > 0; --zeros, ++num_digits) digits *= 10;
    digits = digits * 10 + (c - '0');
    ++num_digits;
  }
  if (!any) return kNotANumber;
  exponent += zeros;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    bool negative_exponent = false;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) negative_exponent = text[at++] == '-';
    if (at == text.size()) return kNotANumber;
    int64_t written = 0;
    for (; at < text.size() && IsDigit(text[at]); ++at) written = std::min<int64_t>(written * 10 + (text[at] - '0'), 1 << 30);
    exponent += negative_exponent ? -written : written;
  }
  if (at != text.size()) return kNotANumber;
  if (too_many) return in_fraction ? kLossy : kOutOfRange;
  *value = 0;
  if (digits == 0) return nullptr;
  int64_t shift = exponent + scale;
  if (shift < 0) {
    // The last digit is not zero, so that any digit cut off is a loss.
    if (shift < -kMaxDigits) return kLossy;
    __int128 power = PowerOfTen(static_cast<int>(-shift));
    if (digits % power != 0) return kLossy;
    digits /= power;
  } else {
    if (num_digits + shift > kMaxDigits) return kOutOfRange;
    digits *= PowerOfTen(static_cast<int>(shift));
  }
  *value = negative ? -digits : digits;
  return nullptr;
}

const char* ParseDigits(std::string_view text, int64_t* value) {
  std::string_view digits = text;
  if (!digits.empty() && digits[0] == '+') digits.remove_prefix(1);
  if (digits.empty() || (digits.size() < text.size() && digits[0] == '-')) return kNotANumber;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *value);
  if (error == std::errc::invalid_argument || end != digits.data() + digits.size()) return kNotANumber;
  return error == std::errc() ? nullptr : kOutOfRange;
}

const char* ParseDouble(std::string_view text, double* value) { return ParseReal(text, value); }
const char* ParseFloat(std::string_view text, float* value) { return ParseReal(text, value); }

const char* ParseDate(std::string_view text, int32_t* days) {
  constexpr const char* kWrong = "is not a date of the form yyyy-MM-dd";
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return kWrong;
  int year = DigitsAt(text, 0, 4);
  int month = DigitsAt(text, 5, 2);
  int day = DigitsAt(text, 8, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month)) return kWrong;
  *days = DaysSinceEpoch(year, month, day);
  return nullptr;
}

const char* ParseTime(std::string_view text, int precision, bool seconds_optional, int64_t* micros) {
  constexpr const char* kWrong = "is not a time of the form HH:mm:ss[.fraction]";
  int hour = DigitsAt(text, 0, 2);
  int minute = DigitsAt(text, 3, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || text[2] != ':') return kWrong;
  int second = 0;
  int64_t fraction = 0;
  if (text.size() == 5) {
    if (!seconds_optional) return kWrong;
  } else {
    second = DigitsAt(text, 6, 2);
    if (text[5] != ':' || second < 0 || second > 59) return kWrong;
    if (text.size() > 8) {
      if (text[8] != '.' || text.size() > 18) return kWrong;
      int64_t unit = kMicrosPerSecond;
      for (size_t i = 9; i < text.size(); ++i) {
        if (!IsDigit(text[i])) return kWrong;
        unit /= 10;
        if (text[i] != '0' && static_cast<int>(i) - 9 >= precision) return kTooFine;
        fraction += unit * (text[i] - '0');
      }
    }
  }
  *micros = ((hour * 60 + minute) * 60 + second) * kMicrosPerSecond + fraction;
  return nullptr;
}

const char* ParseTimestamp(std::string_view text, TimestampFormat format, bool with_zone, int precision, int64_t* micros) {
  const bool iso = format == TimestampFormat::kIso8601;
  const char* wrong = iso ? (with_zone ? "is not a time of the form yyyy-MM-ddTHH:mm:ss[.fraction]Z"
                                       : "is not a time of the form yyyy-MM-ddTHH:mm:ss[.fraction]")
                          : (with_zone ? "is not a time of the form yyyy-MM-dd HH:mm:ss[.fraction]Z"
                                       : "is not a time of the form yyyy-MM-dd HH:mm:ss[.fraction]");
  if (text.size() < 16 || text[10] != (iso ? 'T' : ' ')) return wrong;
  int32_t days = 0;
  if (ParseDate(text.substr(0, 10), &days) != nullptr) return wrong;
  std::string_view time = text.substr(11);
  int64_t offset_minutes = 0;
  if (with_zone) {
    if (time.back() == 'Z') {
      time.remove_suffix(1);
    } else {
      // +HH:mm
      size_t sign = time.size() >= 6 ? time.size() - 6 : 0;
      int hours = DigitsAt(time, sign + 1, 2);
      int minutes = DigitsAt(time, sign + 4, 2);
      if (!iso || sign == 0 || (time[sign] != '+' && time[sign] != '-') || time[sign + 3] != ':' || hours < 0 || hours > 18 ||
          minutes < 0 || minutes > 59) {
        return wrong;
      }
      offset_minutes = (hours * 60 + minutes) * (time[sign] == '-' ? -1 : 1);
      time = time.substr(0, sign);
    }
  }
  int64_t of_day = 0;
  if (time.size() < 5) return wrong;
  if (const char* error = ParseTime(time, precision, iso, &of_day)) return error == kTooFine ? error : wrong;
  *micros = days * kMicrosPerDay + of_day - offset_minutes * 60 * kMicrosPerSecond;
  return nullptr;
}

const char* ParseEpochMillis(std::string_view text, int precision, int64_t* micros) {
  __int128 millis = 0;
  if (const char* error = ParseExact(text, 0, &millis)) return error;
  constexpr int64_t kLimit = std::numeric_limits<int64_t>::max() / 1000;
  if (millis > kLimit || millis < -kLimit) return kOutOfRange;
  if (precision < 3 && millis % PowerOfTen(3 - precision) != 0) return kTooFine;
  *micros = static_cast<int64_t>(millis) * 1000;
  return nullptr;
}

}  // namespace millrace::json_scalar
