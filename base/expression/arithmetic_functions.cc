#include <cmath>
#include <optional>
#include <type_traits>

#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "base/error.h"
#include "base/expression/decimal_math.h"
#include "base/expression/function_table.h"
#include "base/expression/nodes.h"
#include "base/expression/row_kernel.h"
#include "base/expression/type_rules.h"

namespace millrace {
namespace {

enum class Operation { kPlus, kMinus, kTimes, kDivide, kModulo };

// The type in which two numbers are computed, neither DECIMAL unless the other is exact; of two approximate ones the
// first, as Calcite has it.
std::shared_ptr<arrow::DataType> Computed(const DataType& a, const DataType& b) {
  const DataType types[] = {a, b};
  return CommonType(types)->arrow;
}

DataType DecimalResult(Operation operation, const DataType& a, const DataType& b, bool nullable) {
  const DecimalDigits x = DigitsOf(a), y = DigitsOf(b);
  int scale = std::max(x.scale, y.scale);
  int precision = std::max(x.precision - x.scale, y.precision - y.scale) + scale + 1;
  if (operation == Operation::kTimes) {
    scale = x.scale + y.scale;
    precision = x.precision + y.precision + 1;
  } else if (operation == Operation::kDivide) {
    scale = std::max(6, x.scale + y.precision + 1);
    precision = x.precision - x.scale + y.scale + scale;
  } else if (operation == Operation::kModulo) {
    precision = std::min(x.precision - x.scale, y.precision - y.scale) + scale;
  }
  // A product has one digit less than Flink's type makes room for.
  const int digits = operation == Operation::kTimes ? precision - 1 : precision;
  return MakeType(FittedDecimal(precision, scale), nullable || digits > 38);
}

ResolveRule ArithmeticRule(Operation operation) {
  return [operation](std::span<const CallArgument> args) -> std::optional<Resolution> {
    if (args.size() != 2) return std::nullopt;
    const DataType &a = args[0].type, &b = args[1].type;
    if (FamilyOf(a) != TypeFamily::kNumber || FamilyOf(b) != TypeFamily::kNumber) return std::nullopt;
    const bool nullable = AnyNullable(args);
    const bool floating = IsFloating(a) || IsFloating(b);
    if (operation == Operation::kModulo && floating) return std::nullopt;
    auto converted = [&](const std::shared_ptr<arrow::DataType>& to, DataType result) {
      return Resolution{.arguments = {MakeType(to, a.nullable), MakeType(to, b.nullable)}, .result = std::move(result)};
    };
    if (floating || (IsInteger(a) && IsInteger(b))) {
      const auto computed = Computed(a, b);
      // A remainder's type is the divisor's, but it is computed in the wider.
      return converted(computed, MakeType(operation == Operation::kModulo ? b.arrow : computed, nullable));
    }
    auto decimal = [](const DataType& type) {
      const DecimalDigits digits = DigitsOf(type);
      return IsDecimal(type) ? type : MakeType(arrow::decimal128(digits.precision, digits.scale), type.nullable);
    };
    return Resolution{.arguments = {decimal(a), decimal(b)}, .result = DecimalResult(operation, a, b, nullable)};
  };
}

template <Operation kOperation, typename T>
Kernel NumberKernel(const DataType& result) {
  if constexpr (std::is_floating_point_v<T>) {
    return RowKernel(
        [](T a, T b) {
          if constexpr (kOperation == Operation::kPlus) return a + b;
          if constexpr (kOperation == Operation::kMinus) return a - b;
          if constexpr (kOperation == Operation::kTimes) return a * b;
          return a / b;
        },
        result);
  } else if constexpr (kOperation == Operation::kDivide || kOperation == Operation::kModulo) {
    constexpr bool kIsModulo = kOperation == Operation::kModulo;
    auto divide = [](T a, T b) -> absl::StatusOr<T> {
      if (b == 0) return InvalidArgument("division by zero: ", +a);
      // The smallest integer has no positive counterpart; C++ leaves this undefined, Java wraps.
      if (b == -1) return kIsModulo ? T{0} : static_cast<T>(-static_cast<std::make_unsigned_t<T>>(a));
      return static_cast<T>(kIsModulo ? a % b : a / b);
    };
    if constexpr (kIsModulo) {
      // The remainder is not larger than a divisor of the narrower type.
      switch (result.arrow->id()) {
        case arrow::Type::INT8:
          return RowKernel([divide](T a, T b) -> absl::StatusOr<int8_t> { return divide(a, b); }, result);
        case arrow::Type::INT16:
          return RowKernel([divide](T a, T b) -> absl::StatusOr<int16_t> { return divide(a, b); }, result);
        case arrow::Type::INT32:
          return RowKernel([divide](T a, T b) -> absl::StatusOr<int32_t> { return divide(a, b); }, result);
        default:
          return RowKernel([divide](T a, T b) -> absl::StatusOr<int64_t> { return divide(a, b); }, result);
      }
    } else {
      return RowKernel(divide, result);
    }
  } else {
    constexpr const char* kName = kOperation == Operation::kPlus    ? "add"
                                  : kOperation == Operation::kMinus ? "subtract"
                                                                    : "multiply";
    return ArrowKernel(kName);
  }
}

// Exact, then rounded to the result's scale. Nothing: a quotient of more than 38 digits.
template <Operation kOperation>
std::optional<WideDecimal> Compute(const WideDecimal& a, const WideDecimal& b, DecimalDigits x, DecimalDigits y,
                                   int scale) {
  const int common = std::max(x.scale, y.scale);
  auto left = [&] { return WideDecimal(a.IncreaseScaleBy(common - x.scale)); };
  auto right = [&] { return WideDecimal(b.IncreaseScaleBy(common - y.scale)); };
  if constexpr (kOperation == Operation::kPlus) return Rescaled(left() + right(), common, scale);
  if constexpr (kOperation == Operation::kMinus) return Rescaled(Subtract(left(), right()), common, scale);
  if constexpr (kOperation == Operation::kTimes) return Rescaled(a * b, x.scale + y.scale, scale);
  if constexpr (kOperation == Operation::kModulo) {
    return Rescaled(DividedBy(left(), right()).remainder, common, scale);
  }
  const int shift = scale + y.scale - x.scale;
  if (shift <= 0) return RoundedQuotient(a, b * Power10(-shift));
  // A dividend of more digits means a quotient of more than 38: the divisor has no more than that.
  if (shift > kWideDigits || AbsoluteValue(a) >= Power10(kWideDigits - shift)) {
    return a == WideDecimal(0) ? std::optional(a) : std::nullopt;
  }
  return RoundedQuotient(WideDecimal(a.IncreaseScaleBy(shift)), b);
}

template <Operation kOperation>
Kernel DecimalKernel(const KernelRequest& request) {
  const DecimalDigits x = DigitsOf(request.arguments[0]), y = DigitsOf(request.arguments[1]);
  const DecimalDigits digits = DigitsOf(request.result);
  auto compute = [x, y, digits](const arrow::Decimal128& a, const arrow::Decimal128& b) -> std::optional<arrow::Decimal128> {
    std::optional<WideDecimal> value = Compute<kOperation>(WideDecimal(a), WideDecimal(b), x, y, digits.scale);
    return value ? Fitted(*value, digits.precision) : std::nullopt;
  };
  if constexpr (kOperation == Operation::kDivide || kOperation == Operation::kModulo) {
    using Result = absl::StatusOr<std::optional<arrow::Decimal128>>;
    auto divide = [compute, x](const arrow::Decimal128& a, const arrow::Decimal128& b) -> Result {
      if (b == arrow::Decimal128(0)) return InvalidArgument("division by zero: ", a.ToString(x.scale));
      return compute(a, b);
    };
    return RowKernel(divide, request.result);
  } else {
    return RowKernel(compute, request.result);
  }
}

template <Operation kOperation>
absl::StatusOr<Kernel> Arithmetic(const KernelRequest& request) {
  switch (request.arguments[0].arrow->id()) {
    case arrow::Type::INT8:
      return NumberKernel<kOperation, int8_t>(request.result);
    case arrow::Type::INT16:
      return NumberKernel<kOperation, int16_t>(request.result);
    case arrow::Type::INT32:
      return NumberKernel<kOperation, int32_t>(request.result);
    case arrow::Type::INT64:
      return NumberKernel<kOperation, int64_t>(request.result);
    case arrow::Type::FLOAT:
      return NumberKernel<kOperation, float>(request.result);
    case arrow::Type::DOUBLE:
      return NumberKernel<kOperation, double>(request.result);
    default:
      return DecimalKernel<kOperation>(request);
  }
}

}  // namespace

std::vector<Function> ArithmeticFunctions() {
  using enum ArgumentKind;
  const std::string decimals = "NULL if an argument is, or a DECIMAL result has too many digits";
  const std::string nullable = "a DECIMAL result that would need more than 38 digits is typed as one that may be NULL";
  return {
      {.name = "plus", .family = "arithmetic", .signature = "number + number",
       .description = "integers wrap around; DECIMAL is exact, then rounded half away from zero",
       .null_rule = decimals, .difference = nullable, .rule = ArithmeticRule(Operation::kPlus),
       .kernel = Arithmetic<Operation::kPlus>},
      {.name = "minus", .family = "arithmetic", .signature = "number - number", .description = "as +",
       .null_rule = decimals, .difference = nullable, .rule = ArithmeticRule(Operation::kMinus),
       .kernel = Arithmetic<Operation::kMinus>},
      {.name = "times", .family = "arithmetic", .signature = "number * number", .description = "as +",
       .null_rule = decimals, .difference = nullable, .rule = ArithmeticRule(Operation::kTimes),
       .kernel = Arithmetic<Operation::kTimes>},
      {.name = "divide", .family = "arithmetic", .signature = "number / number",
       .description = "integers are cut towards zero; an exact division by zero fails", .null_rule = decimals,
       .difference = nullable, .rule = ArithmeticRule(Operation::kDivide), .kernel = Arithmetic<Operation::kDivide>},
      {.name = "modulo", .aliases = {"mod"}, .family = "arithmetic", .signature = "MOD(exact number, exact number)",
       .description = "has the dividend's sign and, of integers, the divisor's type; MOD(x, 0) fails",
       .rule = ArithmeticRule(Operation::kModulo), .kernel = Arithmetic<Operation::kModulo>},
  };
}

}  // namespace millrace
