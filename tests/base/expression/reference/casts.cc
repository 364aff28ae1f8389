// CAST as Flink converts.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "arrow/type.h"
#include "re2/re2.h"
#include "tests/base/expression/reference/functions.h"
#include "tests/base/expression/reference/text.h"
#include "tests/base/expression/reference/times.h"

namespace millrace::reference {
namespace {

bool IsFloat(const DataType& type) { return type.arrow->id() == arrow::Type::FLOAT; }

int64_t Lowest(const DataType& type) { return -(int64_t{1} << (type.arrow->bit_width() - 2)) * 2; }
int64_t Highest(const DataType& type) { return ~Lowest(type); }

int64_t Wrapped(int64_t value, const DataType& type) {
  const int bits = type.arrow->bit_width();
  return bits == 64 ? value : static_cast<int64_t>(static_cast<uint64_t>(value) << (64 - bits)) >> (64 - bits);
}

Result Fitted(const Whole& value, const DataType& type) {
  return value.NumDigits() > DigitsOf(type).precision ? Result(Null()) : Result(value);
}

Result RealOf(double value, const DataType& type) {
  return IsFloat(type) ? static_cast<double>(static_cast<float>(value)) : value;
}

// Text of digits, '.', exponent as a DECIMAL.
Result DecimalOf(std::string text, const DataType& to) {
  int64_t exponent = 0;
  if (const size_t mark = text.find_first_of("eE"); mark != std::string::npos) {
    if (text.size() - mark > 6) return Unknown();
    exponent = std::atoll(text.c_str() + mark + 1);
    text.resize(mark);
  }
  if (text.starts_with('+')) text.erase(0, 1);
  if (const size_t point = text.find('.'); point != std::string::npos) {
    exponent -= static_cast<int64_t>(text.size() - point - 1);
    text.erase(point, 1);
  }
  const Whole digits = Whole::Of(text);
  if (digits.IsZero()) return digits;
  if (exponent > 60) return Null();
  if (exponent < 0) return Fitted(digits.Rescaled(-exponent, DigitsOf(to).scale), to);
  return Fitted((digits * Whole::Power10(exponent)).Rescaled(0, DigitsOf(to).scale), to);
}

Result NumberToNumber(const Value& value, const DataType& from, const DataType& to) {
  if (IsDecimal(from)) {
    const int scale = DigitsOf(from).scale;
    if (IsDecimal(to)) return Fitted(value.decimal().Rescaled(scale, DigitsOf(to).scale), to);
    if (IsFloating(to)) {
      return RealOf(std::strtod(DecimalText(value.decimal(), scale).c_str(), nullptr), to);
    }
    return Wrapped(value.decimal().DividedBy(Whole::Power10(scale)).LowBits(), to);
  }
  if (IsInteger(from)) {
    const int64_t number = value.number();
    if (IsInteger(to)) return Wrapped(number, to);
    if (IsDecimal(to)) return Fitted(Whole(number).Rescaled(0, DigitsOf(to).scale), to);
    return IsFloat(to) ? static_cast<double>(static_cast<float>(number)) : static_cast<double>(number);
  }
  const double real = value.real();
  if (IsFloating(to)) return RealOf(real, to);
  if (IsDecimal(to)) return std::isfinite(real) ? DecimalOf(JavaText(real, false), to) : Unknown();
  if (std::isnan(real)) return int64_t{0};
  // Cut to 64 bits, or to 32 and then to fewer.
  const bool wide = to.arrow->bit_width() == 64;
  const int64_t least = wide ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int32_t>::min();
  const int64_t most = ~least;
  const double cut = std::trunc(real);
  if (cut >= -static_cast<double>(least)) return Wrapped(most, to);
  if (cut <= static_cast<double>(least)) return Wrapped(least, to);
  return Wrapped(static_cast<int64_t>(cut), to);
}

std::string WithFraction(int64_t micros, int precision) {
  if (precision == 0) return "";
  return "." + std::string(absl::StrFormat("%06d", micros)).substr(0, static_cast<size_t>(precision));
}

std::string DateText(int64_t days) {
  const Date date = DateOf(days);
  return absl::StrFormat("%04d-%02d-%02d", date.year, date.month, date.day);
}

std::string TimeText(int64_t micros, int precision) {
  const int64_t seconds = micros / 1'000'000;
  return absl::StrFormat("%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60) +
         WithFraction(micros % 1'000'000, precision);
}

// What is written of a year that has more than four digits, or is before Christ, is not agreed on.
bool HasPlainYear(int64_t days) {
  const int64_t year = DateOf(days).year;
  return year >= 0 && year <= 9999;
}

Result TextOf(const Value& value, const DataType& from, const std::string& zone);

Result NestedText(const Value& value, const arrow::DataType& type, const std::string& zone) {
  const bool map = type.id() == arrow::Type::MAP, list = type.id() == arrow::Type::LIST;
  std::string text = map ? "{" : list ? "[" : "(";
  for (size_t i = 0; i < value.items().size(); ++i) {
    std::shared_ptr<arrow::Field> field = list || map ? nullptr : type.field(static_cast<int>(i));
    if (list) field = type.field(0);
    if (map) {
      const auto& map_type = static_cast<const arrow::MapType&>(type);
      field = i % 2 == 0 ? map_type.key_field() : map_type.item_field();
    }
    if (i > 0) text += map && i % 2 == 1 ? "=" : ", ";
    const Value& item = value.items()[i];
    const Result written = item.null() ? Result("NULL") : TextOf(item, MakeType(field->type(), true, 6), zone);
    if (!written.ok()) return written;
    text += written.value.text();
  }
  return text + (map ? "}" : list ? "]" : ")");
}

Result TextOf(const Value& value, const DataType& from, const std::string& zone) {
  switch (FamilyOf(from)) {
    case TypeFamily::kBoolean:
      return value.boolean() ? "TRUE" : "FALSE";
    case TypeFamily::kNumber:
      if (IsInteger(from)) return std::to_string(value.number());
      if (IsDecimal(from)) return DecimalText(value.decimal(), DigitsOf(from).scale);
      return JavaText(value.real(), IsFloat(from));
    case TypeFamily::kString:
      return value;
    case TypeFamily::kBytes:
      return IsUtf8(value.text()) ? Result(value) : Unknown();
    case TypeFamily::kDate:
      return HasPlainYear(value.number()) ? Result(DateText(value.number())) : Unknown();
    case TypeFamily::kTime:
      return TimeText(value.number() * 1000, from.precision);
    case TypeFamily::kTimestamp:
    case TypeFamily::kTimestampLtz: {
      const bool local = FamilyOf(from) == TypeFamily::kTimestampLtz;
      const int64_t micros = local ? LocalTime(value.number(), zone) : value.number();
      const int64_t days = Floor(micros, kDayMicros);
      if (!HasPlainYear(days)) return Unknown();
      return DateText(days) + " " + TimeText(micros - days * kDayMicros, from.precision);
    }
    case TypeFamily::kMonths: {
      const int64_t months = std::abs(value.number());
      return std::string(absl::StrFormat("%s%d-%02d", value.number() < 0 ? "-" : "+", months / 12, months % 12));
    }
    case TypeFamily::kMillis: {
      if (value.number() == std::numeric_limits<int64_t>::min()) return Unknown();
      const int64_t millis = std::abs(value.number());
      return std::string(absl::StrFormat("%s%d %s", value.number() < 0 ? "-" : "+", millis / kDayMillis,
                                         TimeText(millis % kDayMillis * 1000, 3)));
    }
    case TypeFamily::kNested:
      return NestedText(value, *from.arrow, zone);
  }
  return Unknown();
}

// Java's trim().
std::string Trimmed(std::string text) {
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.pop_back();
  size_t begin = 0;
  while (begin < text.size() && static_cast<unsigned char>(text[begin]) <= ' ') ++begin;
  return text.substr(begin);
}

bool Matches(const std::string& text, const char* regex) { return RE2::FullMatch(text, regex); }

Result IntegerOf(const std::string& text, const DataType& to) {
  // Only spaces go; of other blanks nothing is said here.
  const std::string number = Trimmed(text);
  if (text.size() != number.size() && text.find_first_not_of(' ') != text.find(number)) return Unknown();
  if (!Matches(number, "[+-]?[0-9]*(\\.[0-9]*)?") || number.empty() || number == "+" || number == "-") return Fails();
  // Of a number without a digit in front of its point nothing is said.
  if (!Matches(number, "[+-]?[0-9].*")) return Unknown();
  std::string digits = number.substr(number[0] == '+' ? 1 : 0);
  const Whole whole = Whole::Of(digits.substr(0, digits.find('.')));
  if (whole < Whole(Lowest(to)) || whole > Whole(Highest(to))) return Fails();
  return whole.LowBits();
}

Result RealFrom(const std::string& text, const DataType& to) {
  const std::string number = Trimmed(text);
  if (number.find_first_of("xXpP") != std::string::npos) return Unknown();
  if (!Matches(number, "[+-]?(NaN|Infinity|([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?)")) return Fails();
  // C takes no letter behind a number, and "inf" is not at its end.
  return IsFloat(to) ? static_cast<double>(std::strtof(number.c_str(), nullptr)) : std::strtod(number.c_str(), nullptr);
}

int64_t NumberIn(const std::string& text) { return std::atoll(text.c_str()); }

Result DateFrom(const std::string& text) {
  // A time behind it does not matter.
  std::string date = text;
  if (const size_t blank = text.find(' '); blank != std::string::npos && blank > 0) date.resize(blank);
  std::string year, month, day;
  static const RE2 kDate(R"([\s\v]*(\d{1,9})[\s\v]*(?:-[\s\v]*(\d{1,9})[\s\v]*(?:-[\s\v]*(\d{1,9})[\s\v]*)?)?)");
  if (!RE2::FullMatch(date, kDate, &year, &month, &day)) return Fails();
  const Date parsed{NumberIn(year), month.empty() ? 1 : NumberIn(month), day.empty() ? 1 : NumberIn(day)};
  if (parsed.year > 9999 || parsed.month < 1 || parsed.month > 12 || parsed.day < 1) return Fails();
  if (parsed.day > DaysInMonth(parsed.year, parsed.month)) return Fails();
  return DaysOf(parsed);
}

// "h:m:s.f"; −1: out of range.
int64_t TimeFrom(const std::string& text) {
  int hour = 0, minute = 0, second = 0;
  std::sscanf(text.c_str(), "%d:%d:%d", &hour, &minute, &second);
  if (hour > 23 || minute > 59 || second > 59) return -1;
  std::string fraction = text.find('.') == std::string::npos ? "" : text.substr(text.find('.') + 1);
  fraction.resize(6, '0');
  return ((hour * 60 + minute) * 60 + second) * int64_t{1'000'000} + NumberIn(fraction);
}

Result TimeOfDayFrom(const std::string& text, int precision) {
  const std::string time = Trimmed(text);
  // Zones, blanks between the parts and more digits are read by Flink in ways of their own.
  if (!Matches(time, "[0-9]{1,2}(:[0-9]{1,2}(:[0-9]{1,2}(\\.[0-9]{0,9})?)?)?")) {
    return Matches(time, ".*[A-Za-z].*") && time.find(':') == std::string::npos ? Fails() : Unknown();
  }
  const int64_t micros = TimeFrom(time);
  if (micros < 0) return Fails();
  return CutMicros(micros, precision) / 1000;
}

Result TimestampFrom(const std::string& text, int precision) {
  std::string year, month, day, time;
  static const RE2 kTimestamp(R"((\d{4})-(\d{1,2})-(\d{1,2})(?: (\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d{0,9})?))?)");
  if (!RE2::FullMatch(text, kTimestamp, &year, &month, &day, &time)) return Fails();
  Date date{NumberIn(year), NumberIn(month), NumberIn(day)};
  if (date.year == 0) return Unknown();
  if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31) return Fails();
  date.day = std::min(date.day, DaysInMonth(date.year, date.month));
  const int64_t micros = time.empty() ? 0 : TimeFrom(time);
  if (micros < 0) return Fails();
  return CutMicros(DaysOf(date) * kDayMicros + micros, precision);
}

Result FromText(const std::string& text, const DataType& to, const std::string& zone) {
  switch (FamilyOf(to)) {
    case TypeFamily::kBoolean: {
      const std::string word = absl::AsciiStrToLower(text);
      for (const char* known : {"t", "true", "y", "yes", "1"}) {
        if (word == known) return true;
      }
      for (const char* known : {"f", "false", "n", "no", "0"}) {
        if (word == known) return false;
      }
      return Fails();
    }
    case TypeFamily::kNumber: {
      if (IsInteger(to)) return IntegerOf(text, to);
      if (IsFloating(to)) return RealFrom(text, to);
      const std::string number = Trimmed(text);
      if (!Matches(number, "[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?")) return Fails();
      return DecimalOf(number, to);
    }
    case TypeFamily::kDate:
      return DateFrom(text);
    case TypeFamily::kTime:
      return TimeOfDayFrom(text, to.precision);
    case TypeFamily::kTimestamp:
      return TimestampFrom(text, to.precision);
    case TypeFamily::kTimestampLtz: {
      Result local = TimestampFrom(text, to.precision);
      return local.ok() ? Result(Instant(local.value.number(), zone)) : local;
    }
    default:
      return Unknown();
  }
}

Result BetweenTimes(const Value& value, const DataType& from, const DataType& to, const std::string& zone) {
  const TypeFamily a = FamilyOf(from), b = FamilyOf(to);
  if (a == TypeFamily::kTime && b == TypeFamily::kTime) return CutMicros(value.number() * 1000, to.precision) / 1000;
  // The time that a clock shows; without a zone, what is there already.
  int64_t local = value.number();
  if (a == TypeFamily::kDate) local *= kDayMicros;
  if (a == TypeFamily::kTime) local *= 1000;
  if (a == TypeFamily::kTimestampLtz) {
    if (b == TypeFamily::kTimestampLtz) return CutMicros(local, to.precision);
    local = LocalTime(local, zone);
  }
  switch (b) {
    case TypeFamily::kDate:
      // Of a TIMESTAMP, whole days are cut towards 1970.
      if (a == TypeFamily::kTimestamp) return Floor(local, 1000) / kDayMillis;
      return Floor(local, kDayMicros);
    case TypeFamily::kTime:
      // Flink makes a time of less than nothing of it.
      if (a == TypeFamily::kTimestamp && local < 0) {
        return local - Floor(local, kDayMicros) * kDayMicros >= 1000 ? Fails() : Result(int64_t{0});
      }
      return CutMicros(local - Floor(local, kDayMicros) * kDayMicros, to.precision) / 1000;
    case TypeFamily::kTimestampLtz:
      return Instant(CutMicros(local, to.precision), zone);
    default:
      return CutMicros(local, to.precision);
  }
}

Result CastNested(const Value& value, const DataType& from, const DataType& to, const std::string& zone) {
  auto type_of = [](const std::shared_ptr<arrow::Field>& field) { return MakeType(field->type(), true, 6); };
  std::vector<Value> items;
  Result::Kind kind = Result::Kind::kValue;
  for (size_t i = 0; i < value.items().size(); ++i) {
    const int field = from.arrow->id() == arrow::Type::LIST ? 0 : static_cast<int>(i);
    DataType x, y;
    if (from.arrow->id() == arrow::Type::MAP) {
      const auto &a = static_cast<const arrow::MapType&>(*from.arrow),
                 &b = static_cast<const arrow::MapType&>(*to.arrow);
      x = type_of(i % 2 == 0 ? a.key_field() : a.item_field());
      y = type_of(i % 2 == 0 ? b.key_field() : b.item_field());
    } else {
      x = type_of(from.arrow->field(field));
      y = type_of(to.arrow->field(field));
    }
    Result item = value.items()[i].null() ? Result(Null()) : CastAsSql(value.items()[i], x, y, zone);
    if (item.kind == Result::Kind::kFails || kind == Result::Kind::kValue) kind = item.kind;
    items.push_back(std::move(item.value));
  }
  if (kind != Result::Kind::kValue) return Result(kind);
  return items;
}

bool IsInterval(const DataType& type) {
  return FamilyOf(type) == TypeFamily::kMonths || FamilyOf(type) == TypeFamily::kMillis;
}

}  // namespace

Result CastAsSql(const Value& value, const DataType& from, const DataType& to, const std::string& zone) {
  const TypeFamily a = FamilyOf(from), b = FamilyOf(to);
  if (b == TypeFamily::kString) {
    Result text = TextOf(value, from, zone);
    if (!text.ok()) return text;
    const TextLength length = LengthOf(to);
    if (length.length < 0) return text;
    std::u32string characters = Characters(text.value.text());
    if (static_cast<int64_t>(characters.size()) > length.length || length.fixed) {
      characters.resize(static_cast<size_t>(length.length), U' ');
    }
    return Utf8(characters);
  }
  if (b == TypeFamily::kBytes) {
    std::string bytes = value.text();
    const TextLength length = LengthOf(to);
    if (length.length >= 0 && (static_cast<int64_t>(bytes.size()) > length.length || length.fixed)) {
      bytes.resize(static_cast<size_t>(length.length));
    }
    return bytes;
  }
  if (a == TypeFamily::kString) return FromText(value.text(), to, zone);
  if (a == TypeFamily::kNumber && b == TypeFamily::kNumber) return NumberToNumber(value, from, to);
  if (a == TypeFamily::kNumber && b == TypeFamily::kBoolean) {
    if (IsDecimal(from)) return !value.decimal().IsZero();
    return IsFloating(from) ? value.real() != 0 : value.number() != 0;
  }
  if (a == TypeFamily::kBoolean && b == TypeFamily::kNumber) {
    const int64_t number = value.boolean() ? 1 : 0;
    if (IsDecimal(to)) return Fitted(Whole(number).Rescaled(0, DigitsOf(to).scale), to);
    return IsFloating(to) ? Result(static_cast<double>(number)) : Result(number);
  }
  if (a == TypeFamily::kBoolean) return value;
  if (IsInterval(from) || IsInterval(to)) {
    if (a == b || b == TypeFamily::kMillis) return value;
    if (b == TypeFamily::kMonths) return int64_t{static_cast<int32_t>(value.number())};
    return Wrapped(value.number(), to);
  }
  if (a == TypeFamily::kNested) return CastNested(value, from, to, zone);
  if (a == TypeFamily::kDate && b == TypeFamily::kDate) return value;
  return BetweenTimes(value, from, to, zone);
}

}  // namespace millrace::reference
