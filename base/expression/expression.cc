#include "base/expression/expression.h"

#include "absl/strings/numbers.h"
#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "arrow/util/decimal.h"
#include "arrow/util/key_value_metadata.h"
#include "base/arrow_status.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/expression/cast.h"
#include "base/expression/function_registry.h"
#include "base/expression/type_rules.h"
#include "base/macros.h"

namespace millrace {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;
using DatumResult = absl::StatusOr<arrow::Datum>;

class ColumnExpression final : public BoundExpression {
 public:
  ColumnExpression(int column, DataType type, std::string name)
      : BoundExpression(std::move(type), std::move(name)), column_(column) {}
  DatumResult Evaluate(Evaluation& evaluation) const override {
    return arrow::Datum(evaluation.batch->column(column_));
  }
  bool CanFail() const override { return false; }
  int column() const override { return column_; }

 private:
  const int column_;
};

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
    case arrow::Type::BINARY:
      return std::make_shared<arrow::BinaryScalar>(text);
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

// The SQL type that the plan gave the column, if it did: Arrow's does not know a TIMESTAMP's digits.
absl::StatusOr<DataType> TypeOf(const arrow::Field& field) {
  if (field.HasMetadata()) {
    auto sql = field.metadata()->Get("millrace.sql_type");
    if (sql.ok()) return ParseDataType(*sql);
  }
  return ParseDataType(SqlTypeOf(*field.type(), field.nullable()));
}

}  // namespace

absl::StatusOr<ExpressionPtr> BindLiteral(const v1::Literal& literal) {
  ASSIGN_OR_RETURN(DataType type, ParseDataType(literal.type()));
  std::string text =
      literal.has_value() ? Cat(literal.type(), " '", literal.value(), "'") : Cat("NULL of ", literal.type());
  absl::StatusOr<std::shared_ptr<arrow::Scalar>> value = ScalarOf(literal, type.arrow);
  if (!value.ok()) return InvalidArgument("bind ", text, ": not a value of that type: ", value.status().message());
  type = WithNullability(std::move(type), !literal.has_value());
  return std::make_unique<LiteralExpression>(std::move(type), literal, *std::move(value), std::move(text));
}

absl::StatusOr<ExpressionPtr> BindExpression(const v1::Expression& expression, const arrow::Schema& input) {
  switch (expression.kind_case()) {
    case v1::Expression::kColumn: {
      int column = input.GetFieldIndex(expression.column());
      if (column < 0)
        return InvalidArgument("bind column: there is none of that name, or two: \"", expression.column(), "\"");
      ASSIGN_OR_RETURN(DataType type, TypeOf(*input.field(column)));
      return std::make_unique<ColumnExpression>(column, std::move(type), expression.column());
    }
    case v1::Expression::kLiteral:
      return BindLiteral(expression.literal());
    case v1::Expression::kCall: {
      std::vector<ExpressionPtr> args;
      for (const v1::Expression& arg : expression.call().args()) {
        ASSIGN_OR_RETURN(args.emplace_back(), BindExpression(arg, input));
      }
      return BindCall(expression.call().function(), std::move(args), expression.call().zone());
    }
    case v1::Expression::kCast: {
      ASSIGN_OR_RETURN(ExpressionPtr operand, BindExpression(expression.cast().operand(), input));
      ASSIGN_OR_RETURN(DataType type, ParseDataType(expression.cast().type()));
      return BindCast(std::move(operand), type, expression.cast().mode(), expression.cast().zone());
    }
    case v1::Expression::KIND_NOT_SET:
      break;
  }
  return InvalidArgument("bind expression: it is none of column, literal, call, cast");
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
