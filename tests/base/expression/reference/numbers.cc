// Arithmetic and mathematics.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numbers>

#include "arrow/type.h"
#include "tests/base/expression/reference/functions.h"
#include "tests/base/expression/reference/times.h"

namespace millrace::reference {
namespace {

bool IsFloat(const DataType& type) { return type.arrow->id() == arrow::Type::FLOAT; }

// As many bits as the type has; the rest is lost.
int64_t Wrapped(int64_t value, const DataType& type) {
  switch (type.arrow->id()) {
    case arrow::Type::INT8:
      return static_cast<int8_t>(value);
    case arrow::Type::INT16:
      return static_cast<int16_t>(value);
    case arrow::Type::INT32:
      return static_cast<int32_t>(value);
    default:
      return value;
  }
}

// NULL: it has too many digits.
Result Fitted(const Whole& value, const DataType& type) {
  return value.NumDigits() > DigitsOf(type).precision ? Result(Null()) : Result(value);
}

Result Decimals(const Call& call) {
  const Whole &a = call[0].decimal(), &b = call[1].decimal();
  const int x = DigitsOf(call.types[0]).scale, y = DigitsOf(call.types[1]).scale;
  const int scale = DigitsOf(call.result).scale, common = std::max(x, y);
  const Whole left = a.Rescaled(x, common), right = b.Rescaled(y, common);
  if (call.name == "plus") return Fitted((left + right).Rescaled(common, scale), call.result);
  if (call.name == "minus") return Fitted((left - right).Rescaled(common, scale), call.result);
  if (call.name == "times") return Fitted((a * b).Rescaled(x + y, scale), call.result);
  if (b.IsZero()) return Fails();
  if (call.name == "divide") return Fitted((left * Whole::Power10(scale)).Rounded(right), call.result);
  Whole rest;
  left.DividedBy(right, &rest);
  return Fitted(rest.Rescaled(common, scale), call.result);
}

template <typename T>
double Floating(const std::string& name, T a, T b) {
  T result = a / b;
  if (name == "plus") result = a + b;
  if (name == "minus") result = a - b;
  if (name == "times") result = a * b;
  return static_cast<double>(result);
}

Result Arithmetic(const Call& call) {
  if (FamilyOf(call.types[0]) != TypeFamily::kNumber || FamilyOf(call.types[1]) != TypeFamily::kNumber) {
    return TimeArithmetic(call);
  }
  if (IsDecimal(call.types[0])) return Decimals(call);
  if (IsFloat(call.types[0])) {
    return Floating(call.name, static_cast<float>(call[0].real()), static_cast<float>(call[1].real()));
  }
  if (IsFloating(call.types[0])) return Floating(call.name, call[0].real(), call[1].real());
  const Whole a = call[0].number(), b = call[1].number();
  if (call.name == "plus") return Wrapped((a + b).LowBits(), call.result);
  if (call.name == "minus") return Wrapped((a - b).LowBits(), call.result);
  if (call.name == "times") return Wrapped((a * b).LowBits(), call.result);
  if (b.IsZero()) return Fails();
  Whole rest;
  const Whole quotient = a.DividedBy(b, &rest);
  return Wrapped((call.name == "divide" ? quotient : rest).LowBits(), call.result);
}

Result Negate(const Call& call) {
  if (FamilyOf(call.types[0]) != TypeFamily::kNumber) return TimeArithmetic(call);
  if (IsDecimal(call.types[0])) return -call[0].decimal();
  if (IsFloating(call.types[0])) return -call[0].real();
  return Wrapped((-Whole(call[0].number())).LowBits(), call.result);
}

Result Absolute(const Call& call) {
  if (IsDecimal(call.types[0])) return call[0].decimal().IsNegative() ? -call[0].decimal() : call[0].decimal();
  if (IsFloating(call.types[0])) return std::fabs(call[0].real());
  return call[0].number() < 0 ? Negate(call) : Result(call[0]);
}

Result Sign(const Call& call) {
  if (IsDecimal(call.types[0])) {
    const Whole& value = call[0].decimal();
    const int sign = value.IsZero() ? 0 : value.IsNegative() ? -1 : 1;
    return Fitted(Whole(sign) * Whole::Power10(DigitsOf(call.result).scale), call.result);
  }
  if (!IsFloating(call.types[0])) return int64_t{call[0].number() > 0} - int64_t{call[0].number() < 0};
  // Math.signum: zeros and NaN are themselves.
  const double value = call[0].real();
  return value > 0 ? 1.0 : value < 0 ? -1.0 : value;
}

Result ToWhole(const Call& call) {
  const bool up = call.name == "ceil";
  if (IsFloating(call.types[0])) return up ? std::ceil(call[0].real()) : std::floor(call[0].real());
  if (!IsDecimal(call.types[0])) return call[0];
  Whole rest;
  Whole whole = call[0].decimal().DividedBy(Whole::Power10(DigitsOf(call.types[0]).scale), &rest);
  if (!rest.IsZero() && rest.IsNegative() != up) whole = whole + Whole(up ? 1 : -1);
  return Fitted(whole, call.result);
}

// value · 10^−scale with so many digits behind the point (negative: zeros in front of it), with its old scale.
Whole WithDigits(const Whole& value, int64_t scale, int64_t digits, bool truncates) {
  if (digits >= scale) return value;
  const Whole unit = Whole::Power10(scale - digits);
  return (truncates ? value.DividedBy(unit) : value.Rounded(unit)) * unit;
}

// The digits that a double is written with, as a whole number and how many of them stand behind the point.
std::pair<Whole, int64_t> DecimalOf(double value) {
  std::string text = JavaText(value, false);
  int64_t scale = 0;
  if (const size_t mark = text.find('E'); mark != std::string::npos) {
    scale = -std::strtoll(text.c_str() + mark + 1, nullptr, 10);
    text.resize(mark);
  }
  const size_t point = text.find('.');
  scale += static_cast<int64_t>(text.size() - point - 1);
  text.erase(point, 1);
  Whole digits = Whole::Of(text);
  if (scale < 0) return {digits * Whole::Power10(-scale), 0};
  return {digits, scale};
}

Result Round(const Call& call) {
  const bool truncates = call.name == "truncate";
  const int64_t digits = call.size() == 2 ? call[1].number() : 0;
  if (digits > 400 || digits < -400) return Unknown();
  if (IsDecimal(call.types[0])) {
    const int scale = DigitsOf(call.types[0]).scale;
    const Whole rounded = WithDigits(call[0].decimal(), scale, digits, truncates);
    return Fitted(rounded.Rescaled(scale, DigitsOf(call.result).scale), call.result);
  }
  if (!IsFloating(call.types[0])) {
    return Wrapped(WithDigits(Whole(call[0].number()), 0, digits, truncates).LowBits(), call.result);
  }
  // By way of a BigDecimal, which has neither NaN nor infinities nor a negative zero.
  if (!std::isfinite(call[0].real())) return Unknown();
  const auto [value, scale] = DecimalOf(call[0].real());
  const std::string rounded = WithDigits(value, scale, digits, truncates).Text() + "e" + std::to_string(-scale);
  if (IsFloat(call.types[0])) return static_cast<double>(std::strtof(rounded.c_str(), nullptr));
  return std::strtod(rounded.c_str(), nullptr);
}

template <double (*kFunction)(double)>
Result Real(const Call& call) {
  return kFunction(call[0].real());
}

double Cotangent(double x) { return 1.0 / std::tan(x); }
double Log2(double x) { return std::log(x) / std::log(2.0); }
double Degrees(double x) { return x * 57.29577951308232; }
double Radians(double x) { return x * 0.017453292519943295; }

Result Logarithm(const Call& call) {
  if (call.size() == 1) return std::log(call[0].real());
  return std::log(call[1].real()) / std::log(call[0].real());
}

std::string InBase(uint64_t value, unsigned base) {
  std::string digits;
  do {
    digits.insert(0, 1, "0123456789ABCDEF"[value % base]);
    value /= base;
  } while (value != 0);
  return digits;
}

Result Hexadecimal(const Call& call) {
  if (FamilyOf(call.types[0]) == TypeFamily::kNumber) return InBase(static_cast<uint64_t>(call[0].number()), 16);
  std::string digits;
  for (const char c : call[0].text()) {
    const auto byte = static_cast<unsigned char>(c);
    digits += "0123456789ABCDEF"[byte / 16];
    digits += "0123456789ABCDEF"[byte % 16];
  }
  return digits;
}

}  // namespace

std::string JavaText(double value, bool is_float) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  char buffer[64];
  char* end = is_float
                  ? std::to_chars(buffer, buffer + 64, static_cast<float>(value), std::chars_format::scientific).ptr
                  : std::to_chars(buffer, buffer + 64, value, std::chars_format::scientific).ptr;
  std::string text(buffer, end);
  if (text.find('.') == std::string::npos) {
    // Java writes two digits at least, and takes the nearest number that has two.
    std::snprintf(buffer, sizeof(buffer), "%.1e", value);
    const bool same =
        is_float ? std::strtof(buffer, nullptr) == static_cast<float>(value) : std::strtod(buffer, nullptr) == value;
    if (same) text = buffer;
  }
  const bool negative = text.starts_with('-');
  if (negative) text.erase(0, 1);
  const size_t mark = text.find('e');
  const int exponent = std::atoi(text.c_str() + mark + 1);
  std::string digits = text.substr(0, mark);
  if (digits.size() > 1) digits.erase(1, 1);
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  std::string written;
  if (exponent >= 7 || exponent < -3) {
    written = digits.substr(0, 1) + "." + (digits.size() > 1 ? digits.substr(1) : "0") + "E" + std::to_string(exponent);
  } else if (exponent < 0) {
    written = "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  } else {
    const auto whole = static_cast<size_t>(exponent + 1);
    if (digits.size() < whole + 1) digits.append(whole + 1 - digits.size(), '0');
    written = digits.substr(0, whole) + "." + digits.substr(whole);
  }
  return (negative ? "-" : "") + written;
}

std::string DecimalText(const Whole& value, int scale) {
  std::string digits = (value.IsNegative() ? -value : value).Text();
  const auto behind = static_cast<size_t>(scale);
  if (digits.size() <= behind) digits.insert(0, behind + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - behind, 1, '.');
  return (value.IsNegative() ? "-" : "") + digits;
}

void AddNumbers(FunctionTable& table) {
  for (const char* name : {"plus", "minus", "times", "divide", "modulo"}) table[name] = {Arithmetic};
  table["negate"] = {Negate};
  table["abs"] = {Absolute};
  table["sign"] = {Sign};
  table["ceil"] = {ToWhole};
  table["floor"] = {ToWhole};
  table["round"] = {Round};
  table["truncate"] = {Round};
  table["bin"] = {[](const Call& call) -> Result { return InBase(static_cast<uint64_t>(call[0].number()), 2); }};
  table["hex"] = {Hexadecimal};
  table["pi"] = {[](const Call&) -> Result { return std::numbers::pi; }};
  table["e"] = {[](const Call&) -> Result { return std::numbers::e; }};
  table["power"] = {[](const Call& call) -> Result { return std::pow(call[0].real(), call[1].real()); }};
  table["atan2"] = {[](const Call& call) -> Result { return std::atan2(call[0].real(), call[1].real()); }};
  table["log"] = {Logarithm};
  table["sqrt"] = {Real<std::sqrt>};
  table["exp"] = {Real<std::exp>};
  table["ln"] = {Real<std::log>};
  table["log10"] = {Real<std::log10>};
  table["log2"] = {Real<Log2>};
  table["sin"] = {Real<std::sin>};
  table["cos"] = {Real<std::cos>};
  table["tan"] = {Real<std::tan>};
  table["cot"] = {Real<Cotangent>};
  table["asin"] = {Real<std::asin>};
  table["acos"] = {Real<std::acos>};
  table["atan"] = {Real<std::atan>};
  table["sinh"] = {Real<std::sinh>};
  table["cosh"] = {Real<std::cosh>};
  table["tanh"] = {Real<std::tanh>};
  table["degrees"] = {Real<Degrees>};
  table["radians"] = {Real<Radians>};
}

}  // namespace millrace::reference
