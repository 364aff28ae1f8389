#include "base/expression/expression.h"

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "arrow/util/decimal.h"
#include "arrow/util/key_value_metadata.h"
#include "base/arrow_status.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/expression/cast.h"
#include "base/expression/evaluation_context.h"
#include "base/expression/function_registry.h"
#include "base/expression/type_rules.h"
#include "base/macros.h"

namespace millrace {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;
using DatumResult = absl::StatusOr<arrow::Datum>;

class LiteralExpression final : public BoundExpression {
 public:
  LiteralExpression(DataType type, v1::Literal literal, std::shared_ptr<arrow::Scalar> value, std::string text)
      : BoundExpression(std::move(type), std::move(text)), literal_(std::move(literal)), value_(std::move(value)) {}
  DatumResult Evaluate(Evaluation& /*evaluation*/) const override { return arrow::Datum(value_); }
  bool CanFail() const override { return false; }
  const v1::Literal* literal() const override { return &literal_; }
  std::shared_ptr<arrow::Scalar> constant() const override { return value_; }

 private:
  const v1::Literal literal_;
  const std::shared_ptr<arrow::Scalar> value_;
};

absl::StatusOr<std::shared_ptr<arrow::Scalar>> ScalarOf(const v1::Literal& literal, const TypePtr& type) {
  if (!literal.has_value()) return arrow::MakeNullScalar(type);
  const std::string& text = literal.value();
  switch (type->id()) {
    case arrow::Type::STRING:
      return arrow::MakeScalar(text);
    case arrow::Type::INTERVAL_MONTHS: {
      int32_t months = 0;
      if (!absl::SimpleAtoi(text, &months)) return InvalidArgument("it is not a number of months");
      return std::make_shared<arrow::MonthIntervalScalar>(months);
    }
    case arrow::Type::DURATION: {
      int64_t millis = 0;
      if (!absl::SimpleAtoi(text, &millis)) return InvalidArgument("it is not a number of milliseconds");
      return std::make_shared<arrow::DurationScalar>(millis, type);
    }
    case arrow::Type::BINARY: {
      std::string bytes = absl::HexStringToBytes(text);
      if (absl::BytesToHexString(bytes) != text) return InvalidArgument("it is not hexadecimal digits in lower case");
      return std::make_shared<arrow::BinaryScalar>(std::move(bytes));
    }
    case arrow::Type::DECIMAL128: {
      arrow::Decimal128 value;
      int32_t precision = 0;
      int32_t scale = 0;
      RETURN_IF_ERROR(FromArrow(arrow::Decimal128::FromString(text, &value, &precision, &scale)));
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(*type);
      ASSIGN_OR_RETURN(value, FromArrow(value.Rescale(scale, decimal.scale())));
      if (!value.FitsInPrecision(decimal.precision())) return InvalidArgument("it has too many digits");
      return std::make_shared<arrow::Decimal128Scalar>(value, type);
    }
    case arrow::Type::TIMESTAMP: {
      // Arrow wants an offset in the text if the type has a zone; SQL has none. Zones are UTC here.
      ASSIGN_OR_RETURN(auto local, FromArrow(arrow::Scalar::Parse(arrow::timestamp(arrow::TimeUnit::MICRO), text)));
      return std::make_shared<arrow::TimestampScalar>(static_cast<const arrow::TimestampScalar&>(*local).value, type);
    }
    default:
      return FromArrow(arrow::Scalar::Parse(type, text));
  }
}

}  // namespace

Evaluation::Evaluation(BatchPtr rows, EvaluationContext* outside)
    : batch(std::move(rows)), context(outside), now(outside == nullptr ? absl::Time() : outside->Now()) {}

absl::StatusOr<ExpressionPtr> BindLiteral(const v1::Literal& literal) {
  ASSIGN_OR_RETURN(DataType type, ParseDataType(literal.type()));
  std::string text =
      literal.has_value() ? Cat(literal.type(), " '", literal.value(), "'") : Cat("NULL of ", literal.type());
  absl::StatusOr<std::shared_ptr<arrow::Scalar>> value = ScalarOf(literal, type.arrow);
  if (!value.ok()) return InvalidArgument("bind ", text, ": not a value of that type: ", value.status().message());
  type = WithNullability(std::move(type), !literal.has_value());
  return std::make_unique<LiteralExpression>(std::move(type), literal, *std::move(value), std::move(text));
}

absl::StatusOr<std::shared_ptr<arrow::Array>> EvaluateArray(const BoundExpression& expression, Evaluation& evaluation) {
  ASSIGN_OR_RETURN(arrow::Datum value, expression.Evaluate(evaluation));
  if (!value.is_scalar()) return value.make_array();
  return FromArrow(arrow::MakeArrayFromScalar(*value.scalar(), evaluation.batch->num_rows()));
}

absl::StatusOr<std::shared_ptr<arrow::Array>> EvaluateArray(const BoundExpression& expression, const BatchPtr& batch) {
  Evaluation evaluation(batch);
  ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> array, EvaluateArray(expression, evaluation));
  if (!evaluation.errors.empty()) return InvalidArgument(evaluation.errors.ByRow().front().message);
  return array;
}

}  // namespace millrace
