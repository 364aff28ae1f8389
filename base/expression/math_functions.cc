#include <cmath>
#include <numbers>
#include <type_traits>

#include "absl/strings/str_format.h"
#include "arrow/api.h"
#include "base/error.h"
#include "base/expression/decimal_math.h"
#include "base/expression/format_value.h"
#include "base/expression/function_table.h"
#include "base/expression/parse_value.h"
#include "base/expression/row_kernel.h"
#include "base/expression/type_rules.h"
#include "base/value_text.h"

namespace millrace {
namespace {

using arrow::Decimal128;

// A kernel made for the C type of the first argument: `make.operator()<T>(request)`.
template <typename Make>
KernelFactory ForFirst(Make make) {
  return [make](const KernelRequest& request) -> absl::StatusOr<Kernel> {
    switch (request.arguments[0].arrow->id()) {
      case arrow::Type::INT8:
        return make.template operator()<int8_t>(request);
      case arrow::Type::INT16:
        return make.template operator()<int16_t>(request);
      case arrow::Type::INT32:
        return make.template operator()<int32_t>(request);
      case arrow::Type::INT64:
        return make.template operator()<int64_t>(request);
      case arrow::Type::FLOAT:
        return make.template operator()<float>(request);
      case arrow::Type::DOUBLE:
        return make.template operator()<double>(request);
      default:
        return make.template operator()<Decimal128>(request);
    }
  };
}

// −x; the smallest integer has no positive counterpart and stays what it is, as in Java.
template <typename T>
T Negated(T value) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(-static_cast<std::make_unsigned_t<T>>(value));
  } else if constexpr (std::is_same_v<T, Decimal128>) {
    return Decimal128(value.Negate());
  } else {
    return -value;
  }
}

template <typename T>
T AbsoluteOf(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::fabs(value);
  } else {
    return value < T(0) ? Negated(value) : value;
  }
}

KernelFactory Negate() {
  return ForFirst([]<typename T>(const KernelRequest& request) { return RowKernel(Negated<T>, request.result); });
}

KernelFactory Absolute() {
  return ForFirst([]<typename T>(const KernelRequest& request) { return RowKernel(AbsoluteOf<T>, request.result); });
}

KernelFactory Sign() {
  return ForFirst([]<typename T>(const KernelRequest& request) {
    if constexpr (std::is_same_v<T, Decimal128>) {
      const DecimalDigits digits = DigitsOf(request.result);
      const WideDecimal one = Power10(digits.scale);
      return RowKernel(
          [one, digits](T value) -> std::optional<T> {
            if (value == T(0)) return T(0);
            return Fitted(value < T(0) ? Subtract(WideDecimal(0), one) : one, digits.precision);
          },
          request.result);
    } else {
      return RowKernel([](T value) -> T { return value > 0 ? T(1) : value < 0 ? T(-1) : value; }, request.result);
    }
  });
}

DataType WholeDecimal(std::span<const CallArgument> args) {
  const DataType& type = args[0].type;
  return IsDecimal(type) ? MakeType(arrow::decimal128(DigitsOf(type).precision, 0), true) : type;
}

// ⌈x⌉ or ⌊x⌋.
KernelFactory ToWhole(bool up) {
  return ForFirst([up]<typename T>(const KernelRequest& request) {
    if constexpr (std::is_same_v<T, Decimal128>) {
      const WideDecimal unit = Power10(DigitsOf(request.arguments[0]).scale);
      const int precision = DigitsOf(request.result).precision;
      return RowKernel(
          [up, unit, precision](T value) -> std::optional<T> {
            auto [quotient, remainder] = DividedBy(WideDecimal(value), unit);
            const bool negative = value < T(0);
            if (remainder != WideDecimal(0) && negative != up) quotient += WideDecimal(up ? 1 : -1);
            return Fitted(quotient, precision);
          },
          request.result);
    } else if constexpr (std::is_floating_point_v<T>) {
      return RowKernel([up](T value) -> T { return up ? std::ceil(value) : std::floor(value); }, request.result);
    } else {
      return RowKernel([](T value) { return value; }, request.result);
    }
  });
}

// The digits behind the point that a constant asks for; 0 if there is none.
std::optional<int64_t> WantedDigits(std::span<const CallArgument> args) {
  if (args.size() < 2) return 0;
  if (args[1].literal == nullptr || !args[1].literal->has_value()) return std::nullopt;
  absl::StatusOr<int64_t> digits = ParseInteger(args[1].literal->value(), INT32_MIN, INT32_MAX);
  return digits.ok() ? std::optional(*digits) : std::nullopt;
}

DataType RoundedType(std::span<const CallArgument> args) {
  const DataType& type = args[0].type;
  if (!IsDecimal(type)) return type;
  const DecimalDigits digits = DigitsOf(type);
  const std::optional<int64_t> wanted = WantedDigits(args);
  if (!wanted || *wanted >= digits.scale) return type;
  const int scale = static_cast<int>(std::max<int64_t>(*wanted, 0));
  const int precision = std::min(38, 1 + digits.precision - digits.scale + scale);
  return MakeType(arrow::decimal128(precision, scale), true);
}

// `value` with `digits` behind the point (or, negative, zeros in front of it).
WideDecimal WithDigits(const WideDecimal& value, int scale, int32_t digits, bool truncates) {
  if (digits >= scale) return value;
  const int64_t dropped = static_cast<int64_t>(scale) - digits;
  if (dropped > kWideDigits - 1) return WideDecimal(0);
  const WideDecimal unit = Power10(static_cast<int>(dropped));
  const WideDecimal kept = truncates ? DividedBy(value, unit).quotient : RoundedQuotient(value, unit);
  return kept * unit;
}

// Of the shortest decimal number that is the double, as Java's BigDecimal.valueOf makes it, which has no negative zero.
double RoundedDouble(double value, int32_t digits, bool truncates) {
  if (value == 0) return 0;
  if (!std::isfinite(value) || digits > 400) return value;
  std::string text;
  AppendJavaDouble(value, &text);
  const bool negative = text.starts_with('-');
  if (negative) text.erase(0, 1);
  const size_t mark = text.find('E');
  int64_t exponent = mark == std::string::npos ? 0 : std::stoi(text.substr(mark + 1));
  text = text.substr(0, mark);
  const size_t point = text.find('.');
  exponent -= static_cast<int64_t>(text.size() - point - 1);
  text.erase(point, 1);
  // text · 10^exponent; keep what is worth 10^−digits and more.
  const int64_t dropped = -int64_t{digits} - exponent;
  if (dropped <= 0) return value;
  const auto size = static_cast<int64_t>(text.size());
  std::string kept = dropped >= size ? "0" : text.substr(0, static_cast<size_t>(size - dropped));
  const bool up = !truncates && dropped <= size && text[static_cast<size_t>(size - dropped)] >= '5';
  if (up) {
    size_t i = kept.size();
    while (i > 0 && kept[i - 1] == '9') kept[--i] = '0';
    if (i > 0) {
      ++kept[i - 1];
    } else {
      kept.insert(0, 1, '1');
    }
  }
  const bool is_zero = kept.find_first_not_of('0') == std::string::npos;
  return *ParseDouble(Cat(negative && !is_zero ? "-" : "", kept, "e", -int64_t{digits}));
}

// ROUND and TRUNCATE, with or without a number of digits.
KernelFactory Rounding(bool truncates) {
  return ForFirst([truncates]<typename T>(const KernelRequest& request) {
    const int scale = std::is_same_v<T, Decimal128> ? DigitsOf(request.arguments[0]).scale : 0;
    const DecimalDigits result = IsExact(request.result) ? DigitsOf(request.result) : DecimalDigits{};
    auto round = [=](T value, int32_t digits) -> std::optional<T> {
      if constexpr (std::is_same_v<T, Decimal128>) {
        const WideDecimal rounded = WithDigits(WideDecimal(value), scale, digits, truncates);
        return Fitted(Rescaled(rounded, scale, result.scale), result.precision);
      } else if constexpr (std::is_integral_v<T>) {
        const WideDecimal rounded = WithDigits(WideDecimal(static_cast<int64_t>(value)), 0, digits, truncates);
        return static_cast<T>(rounded.low_bits());
      } else {
        return static_cast<T>(RoundedDouble(value, digits, truncates));
      }
    };
    if (request.arguments.size() == 1) return RowKernel([round](T value) { return round(value, 0); }, request.result);
    return RowKernel(round, request.result);
  });
}

DataType FirstType(std::span<const CallArgument> args) { return args[0].type; }

std::string Binary(int64_t value) {
  std::string digits;
  for (auto rest = static_cast<uint64_t>(value); rest != 0; rest >>= 1) digits.insert(0, 1, rest % 2 == 0 ? '0' : '1');
  return digits.empty() ? "0" : digits;
}

std::string Hexadecimal(std::string_view bytes) {
  std::string digits;
  for (unsigned char byte : bytes) absl::StrAppendFormat(&digits, "%02X", byte);
  return digits;
}

}  // namespace

std::vector<Function> MathFunctions() {
  using enum ArgumentKind;
  std::vector<Function> functions = {
      {.name = "negate", .family = "arithmetic", .signature = "- number", .rule = Takes({kNumber}, FirstType),
       .kernel = Negate()},
      {.name = "abs", .family = "arithmetic", .signature = "ABS(number)", .rule = Takes({kNumber}, FirstType),
       .kernel = Absolute()},
      {.name = "sign", .family = "arithmetic", .signature = "SIGN(number)",
       .description = "-1, 0 or 1, of the number's type", .rule = Takes({kNumber}, FirstType), .kernel = Sign()},
      {.name = "ceil", .aliases = {"ceiling"}, .family = "arithmetic", .signature = "CEIL(number)",
       .rule = Takes({kNumber}, WholeDecimal), .kernel = ToWhole(true)},
      {.name = "floor", .family = "arithmetic", .signature = "FLOOR(number)", .rule = Takes({kNumber}, WholeDecimal),
       .kernel = ToWhole(false)},
      {.name = "round", .family = "arithmetic", .signature = "ROUND(number[, digits])",
       .description = "half away from zero; negative digits are those in front of the point",
       .rule = Takes({kNumber, kInt}, RoundedType, {.optional = 1}), .kernel = Rounding(false)},
      {.name = "truncate", .family = "arithmetic", .signature = "TRUNCATE(number[, digits])",
       .rule = Takes({kNumber, kInt}, RoundedType, {.optional = 1}), .kernel = Rounding(true)},
      {.name = "bin", .family = "arithmetic", .signature = "BIN(integer)",
       .description = "the binary digits, of 64 bits if it is negative", .rule = Takes({kBigint}, "STRING"),
       .kernel = Rows(Binary)},
      {.name = "hex", .family = "arithmetic", .signature = "HEX(integer)",
       .description = "the hexadecimal digits, of 64 bits if it is negative", .rule = Takes({kBigint}, "STRING"),
       .kernel = Rows([](int64_t value) { return std::string(absl::StrFormat("%X", static_cast<uint64_t>(value))); })},
      {.name = "hex", .family = "arithmetic", .signature = "HEX(string)", .description = "the bytes in hexadecimal",
       .rule = Takes({kString}, "STRING"), .kernel = Rows(Hexadecimal)},
      {.name = "power", .family = "arithmetic", .signature = "POWER(number, number)",
       .rule = Takes({kDouble, kDouble}, "DOUBLE"), .kernel = Rows([](double x, double y) { return std::pow(x, y); })},
      {.name = "log", .family = "arithmetic", .signature = "LOG(base, number)",
       .rule = Takes({kDouble, kDouble}, "DOUBLE"),
       .kernel = Rows([](double base, double x) { return std::log(x) / std::log(base); })},
      {.name = "atan2", .family = "arithmetic", .signature = "ATAN2(number, number)",
       .rule = Takes({kDouble, kDouble}, "DOUBLE"), .kernel = Rows([](double y, double x) { return std::atan2(y, x); })},
      {.name = "pi", .family = "arithmetic", .signature = "PI()", .null_rule = "never NULL", .rule = Takes({}, "DOUBLE"),
       .kernel = Rows([] { return std::numbers::pi; })},
      {.name = "e", .family = "arithmetic", .signature = "E()", .null_rule = "never NULL", .rule = Takes({}, "DOUBLE"),
       .kernel = Rows([] { return std::numbers::e; })},
  };
  auto add = [&](std::string name, std::string spelled, auto function) {
    const bool exact = name == "sqrt" || name == "degrees" || name == "radians";
    functions.push_back({.name = std::move(name), .family = "arithmetic", .signature = std::move(spelled),
                         .difference = exact ? "" : "the last digit may differ from Java's",
                         .rule = Takes({kDouble}, "DOUBLE"), .kernel = Rows(function)});
  };
  add("sqrt", "SQRT(number)", [](double x) { return std::sqrt(x); });
  add("exp", "EXP(number)", [](double x) { return std::exp(x); });
  add("ln", "LN(number)", [](double x) { return std::log(x); });
  add("log", "LOG(number)", [](double x) { return std::log(x); });
  add("log10", "LOG10(number)", [](double x) { return std::log10(x); });
  add("log2", "LOG2(number)", [](double x) { return std::log(x) / std::numbers::ln2; });
  add("sin", "SIN(number)", [](double x) { return std::sin(x); });
  add("cos", "COS(number)", [](double x) { return std::cos(x); });
  add("tan", "TAN(number)", [](double x) { return std::tan(x); });
  add("cot", "COT(number)", [](double x) { return 1.0 / std::tan(x); });
  add("asin", "ASIN(number)", [](double x) { return std::asin(x); });
  add("acos", "ACOS(number)", [](double x) { return std::acos(x); });
  add("atan", "ATAN(number)", [](double x) { return std::atan(x); });
  add("sinh", "SINH(number)", [](double x) { return std::sinh(x); });
  add("cosh", "COSH(number)", [](double x) { return std::cosh(x); });
  add("tanh", "TANH(number)", [](double x) { return std::tanh(x); });
  add("degrees", "DEGREES(number)", [](double x) { return x * (180.0 / std::numbers::pi); });
  add("radians", "RADIANS(number)", [](double x) { return x * (std::numbers::pi / 180.0); });
  return functions;
}

}  // namespace millrace
