#include <array>
#include <cmath>
#include <optional>
#include <type_traits>

#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "arrow/util/decimal.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/expression/nodes.h"
#include "base/macros.h"

namespace millrace {
namespace {

using DatumResult = absl::StatusOr<arrow::Datum>;

// Quotient or remainder as Java computes them.
class DivisionExpression final : public BoundExpression {
 public:
  DivisionExpression(bool is_modulo, ExpressionPtr left, ExpressionPtr right, DataType type, std::string text)
      : BoundExpression(std::move(type), std::move(text)),
        is_modulo_(is_modulo),
        left_(std::move(left)),
        right_(std::move(right)) {}

  DatumResult Evaluate(const BatchPtr& batch) const override {
    ASSIGN_OR_RETURN(auto left, EvaluateArray(*left_, batch));
    ASSIGN_OR_RETURN(auto right, EvaluateArray(*right_, batch));
    switch (type()->id()) {
      case arrow::Type::INT8:
        return Divide<arrow::Int8Type>(*left, *right);
      case arrow::Type::INT16:
        return Divide<arrow::Int16Type>(*left, *right);
      case arrow::Type::INT32:
        return Divide<arrow::Int32Type>(*left, *right);
      case arrow::Type::INT64:
        return Divide<arrow::Int64Type>(*left, *right);
      case arrow::Type::FLOAT:
        return Divide<arrow::FloatType>(*left, *right);
      default:
        return Divide<arrow::DoubleType>(*left, *right);
    }
  }
  bool CanFail() const override { return arrow::is_integer(type()->id()) || left_->CanFail() || right_->CanFail(); }

 private:
  template <typename T>
  T One(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      return is_modulo_ ? std::fmod(a, b) : a / b;
    } else {
      // The smallest integer has no positive counterpart; C++ leaves this undefined, Java wraps.
      if (b == -1) return is_modulo_ ? T{0} : static_cast<T>(-static_cast<std::make_unsigned_t<T>>(a));
      return static_cast<T>(is_modulo_ ? a % b : a / b);
    }
  }

  template <typename Type>
  DatumResult Divide(const arrow::Array& left, const arrow::Array& right) const {
    using ArrayType = typename arrow::TypeTraits<Type>::ArrayType;
    using T = typename Type::c_type;
    const auto& a = static_cast<const ArrayType&>(left);
    const auto& b = static_cast<const ArrayType&>(right);
    typename arrow::TypeTraits<Type>::BuilderType builder;
    RETURN_IF_ERROR(FromArrow(builder.Reserve(a.length())));
    for (int64_t i = 0; i < a.length(); ++i) {
      if (a.IsNull(i) || b.IsNull(i)) {
        builder.UnsafeAppendNull();
        continue;
      }
      if (std::is_integral_v<T> && b.Value(i) == 0)
        return InvalidArgument("evaluate ", text(), ": division by zero: ", +a.Value(i));
      builder.UnsafeAppend(One<T>(a.Value(i), b.Value(i)));
    }
    ASSIGN_OR_RETURN(auto array, FromArrow(builder.Finish()));
    return arrow::Datum(std::move(array));
  }

  const bool is_modulo_;
  const ExpressionPtr left_;
  const ExpressionPtr right_;
};

// Wide enough for any sum, product or shifted dividend of two 38-digit numbers.
using Wide = arrow::Decimal256;
constexpr int kWideDigits = 76;

enum class DecimalOperation { kPlus, kMinus, kTimes, kDivide, kModulo };

Wide Power10(int digits) { return Wide(Wide(1).IncreaseScaleBy(digits)); }

Wide Minus(Wide a, Wide b) { return a + Wide(b.Negate()); }

Wide AbsOf(const Wide& value) { return Wide(Wide::Abs(value)); }

// a / b, half away from zero. `b` is not 0.
Wide RoundedQuotient(const Wide& a, const Wide& b) {
  auto [quotient, remainder] = *a.Divide(b);
  Wide rest = AbsOf(remainder);
  if (rest >= Minus(AbsOf(b), rest)) quotient += Wide(a.IsNegative() == b.IsNegative() ? 1 : -1);
  return quotient;
}

// DECIMAL arithmetic: exact, then rounded to the result's scale; NULL if it has too many digits.
class DecimalExpression final : public BoundExpression {
 public:
  DecimalExpression(DecimalOperation operation, ExpressionPtr left, ExpressionPtr right, DataType type,
                    std::string text)
      : BoundExpression(std::move(type), std::move(text)),
        operation_(operation),
        left_scale_(ScaleOf(*left)),
        right_scale_(ScaleOf(*right)),
        left_(std::move(left)),
        right_(std::move(right)) {}

  DatumResult Evaluate(const BatchPtr& batch) const override {
    ASSIGN_OR_RETURN(auto left, EvaluateArray(*left_, batch));
    ASSIGN_OR_RETURN(auto right, EvaluateArray(*right_, batch));
    const auto& a = static_cast<const arrow::Decimal128Array&>(*left);
    const auto& b = static_cast<const arrow::Decimal128Array&>(*right);
    const auto& result = static_cast<const arrow::Decimal128Type&>(*type());
    arrow::Decimal128Builder builder(type(), arrow::default_memory_pool());
    RETURN_IF_ERROR(FromArrow(builder.Reserve(a.length())));
    for (int64_t i = 0; i < a.length(); ++i) {
      if (a.IsNull(i) || b.IsNull(i)) {
        builder.UnsafeAppendNull();
        continue;
      }
      Wide x(arrow::Decimal128(a.GetValue(i)));
      Wide y(arrow::Decimal128(b.GetValue(i)));
      if ((operation_ == DecimalOperation::kDivide || operation_ == DecimalOperation::kModulo) && y == Wide(0)) {
        return InvalidArgument("evaluate ", text(), ": division by zero: ", a.FormatValue(i));
      }
      std::optional<Wide> value = Compute(x, y, result.scale());
      if (value.has_value() && value->FitsInPrecision(result.precision())) {
        const auto& words = value->little_endian_array();
        builder.UnsafeAppend(arrow::Decimal128(static_cast<int64_t>(words[1]), words[0]));
      } else {
        builder.UnsafeAppendNull();
      }
    }
    ASSIGN_OR_RETURN(auto array, FromArrow(builder.Finish()));
    return arrow::Datum(std::move(array));
  }
  bool CanFail() const override {
    return operation_ == DecimalOperation::kDivide || operation_ == DecimalOperation::kModulo || left_->CanFail() ||
           right_->CanFail();
  }

 private:
  static int ScaleOf(const BoundExpression& expression) {
    return static_cast<const arrow::Decimal128Type&>(*expression.type()).scale();
  }

  std::optional<Wide> Compute(const Wide& a, const Wide& b, int scale) const {
    int common = std::max(left_scale_, right_scale_);
    auto left = [&] { return Wide(a.IncreaseScaleBy(common - left_scale_)); };
    auto right = [&] { return Wide(b.IncreaseScaleBy(common - right_scale_)); };
    switch (operation_) {
      case DecimalOperation::kPlus:
        return Rescaled(left() + right(), common, scale);
      case DecimalOperation::kMinus:
        return Rescaled(Minus(left(), right()), common, scale);
      case DecimalOperation::kTimes:
        return Rescaled(a * b, left_scale_ + right_scale_, scale);
      case DecimalOperation::kModulo:
        return Rescaled(Wide(left().Divide(right())->second), common, scale);
      case DecimalOperation::kDivide:
        break;
    }
    int shift = scale + right_scale_ - left_scale_;
    if (shift <= 0) return RoundedQuotient(a, b * Power10(-shift));
    // A dividend of more digits means a quotient of more than 38: the divisor has no more than that.
    if (shift > kWideDigits || AbsOf(a) >= Power10(kWideDigits - shift))
      return a == Wide(0) ? std::optional(a) : std::nullopt;
    return RoundedQuotient(Wide(a.IncreaseScaleBy(shift)), b);
  }

  static Wide Rescaled(const Wide& value, int from, int to) {
    if (to >= from) return Wide(value.IncreaseScaleBy(to - from));
    return RoundedQuotient(value, Power10(from - to));
  }

  const DecimalOperation operation_;
  const int left_scale_;
  const int right_scale_;
  const ExpressionPtr left_;
  const ExpressionPtr right_;
};

}  // namespace

std::shared_ptr<arrow::DataType> DecimalOf(const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::INT8:
      return arrow::decimal128(3, 0);
    case arrow::Type::INT16:
      return arrow::decimal128(5, 0);
    case arrow::Type::INT32:
      return arrow::decimal128(10, 0);
    case arrow::Type::INT64:
      return arrow::decimal128(19, 0);
    default:
      return type;
  }
}

absl::StatusOr<ExpressionPtr> BindArithmetic(std::string_view function, std::vector<ExpressionPtr> args, DataType type,
                                             std::string text) {
  bool divides = function == "divide" || function == "modulo";
  if (type.arrow->id() == arrow::Type::DECIMAL128) {
    DecimalOperation operation = function == "plus"     ? DecimalOperation::kPlus
                                 : function == "minus"  ? DecimalOperation::kMinus
                                 : function == "times"  ? DecimalOperation::kTimes
                                 : function == "divide" ? DecimalOperation::kDivide
                                                        : DecimalOperation::kModulo;
    for (ExpressionPtr& arg : args) arg = WidenNumber(std::move(arg), DecimalOf(arg->type()));
    return std::make_unique<DecimalExpression>(operation, std::move(args[0]), std::move(args[1]), std::move(type),
                                               std::move(text));
  }
  // A remainder's type is the divisor's, but it is computed in the wider.
  DataType wider = type;
  if (function == "modulo" && args[0]->type()->bit_width() > type.arrow->bit_width()) wider.arrow = args[0]->type();
  for (ExpressionPtr& arg : args) arg = WidenNumber(std::move(arg), wider.arrow);
  if (divides) {
    ExpressionPtr quotient = std::make_unique<DivisionExpression>(
        function == "modulo", std::move(args[0]), std::move(args[1]), std::move(wider), std::move(text));
    return WidenNumber(std::move(quotient), type.arrow);
  }
  std::string kernel = function == "plus" ? "add" : function == "minus" ? "subtract" : "multiply";
  return MakeKernelCall(std::move(kernel), std::move(args), std::move(type), std::move(text));
}

}  // namespace millrace
