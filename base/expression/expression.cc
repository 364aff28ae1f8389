#include "base/expression/expression.h"

#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "arrow/util/decimal.h"
#include "arrow/util/key_value_metadata.h"
#include "base/arrow_status.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/expression/function_registry.h"
#include "base/macros.h"

namespace millrace {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;
using DatumResult = absl::StatusOr<arrow::Datum>;

class ColumnExpression final : public BoundExpression {
 public:
  ColumnExpression(int column, DataType type, std::string name)
      : BoundExpression(std::move(type), std::move(name)), column_(column) {}
  DatumResult Evaluate(const BatchPtr& batch) const override { return arrow::Datum(batch->column(column_)); }
  bool CanFail() const override { return false; }
  int column() const override { return column_; }

 private:
  const int column_;
};

class LiteralExpression final : public BoundExpression {
 public:
  LiteralExpression(DataType type, std::shared_ptr<arrow::Scalar> value, std::string text)
      : BoundExpression(std::move(type), std::move(text)), value_(std::move(value)) {}
  DatumResult Evaluate(const BatchPtr& /*batch*/) const override { return arrow::Datum(value_); }
  bool CanFail() const override { return false; }

 private:
  const std::shared_ptr<arrow::Scalar> value_;
};

class CastExpression final : public BoundExpression {
 public:
  CastExpression(ExpressionPtr operand, DataType type, std::string text)
      : BoundExpression(std::move(type), std::move(text)), operand_(std::move(operand)) {}

  DatumResult Evaluate(const BatchPtr& batch) const override {
    ASSIGN_OR_RETURN(arrow::Datum value, operand_->Evaluate(batch));
    if (type()->id() == arrow::Type::TIMESTAMP && arrow::is_string(value.type()->id())) {
      // Arrow wants an offset in the text if the type has a zone; SQL has none. Zones are UTC here.
      RETURN_IF_ERROR(Convert(value, arrow::timestamp(arrow::TimeUnit::MICRO)));
    }
    RETURN_IF_ERROR(Convert(value, type()));
    RETURN_IF_ERROR(CheckDigits(value));
    return value;
  }
  bool CanFail() const override { return true; }

 private:
  absl::Status Convert(arrow::Datum& value, const TypePtr& to) const {
    auto cast = arrow::compute::Cast(value, arrow::compute::CastOptions::Safe(to));
    if (!cast.ok()) return InvalidArgument("evaluate ", text(), ": a value does not fit: ", cast.status().message());
    value = std::move(cast).ValueUnsafe();
    return absl::OkStatus();
  }

  absl::Status CheckDigits(const arrow::Datum& value) const {
    if (type()->id() != arrow::Type::TIMESTAMP || data_type().precision >= 6) return absl::OkStatus();
    int64_t unit = 1;
    for (int digit = data_type().precision; digit < 6; ++digit) unit *= 10;
    auto check = [&](bool is_valid, int64_t micros) {
      if (!is_valid || micros % unit == 0) return absl::OkStatus();
      return InvalidArgument("evaluate ", text(), ": a value has more than ", data_type().precision,
                             " digits of a second: ", micros, " µs");
    };
    if (value.is_scalar()) {
      return check(value.scalar()->is_valid, static_cast<const arrow::TimestampScalar&>(*value.scalar()).value);
    }
    auto times = std::static_pointer_cast<arrow::TimestampArray>(value.make_array());
    for (int64_t i = 0; i < times->length(); ++i) RETURN_IF_ERROR(check(times->IsValid(i), times->Value(i)));
    return absl::OkStatus();
  }

  const ExpressionPtr operand_;
};

absl::StatusOr<std::shared_ptr<arrow::Scalar>> ScalarOf(const v1::Literal& literal, const TypePtr& type) {
  if (!literal.has_value()) return arrow::MakeNullScalar(type);
  const std::string& text = literal.value();
  switch (type->id()) {
    case arrow::Type::STRING:
      return arrow::MakeScalar(text);
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

absl::StatusOr<ExpressionPtr> BindLiteral(const v1::Literal& literal) {
  ASSIGN_OR_RETURN(DataType type, ParseDataType(literal.type()));
  std::string text =
      literal.has_value() ? Cat(literal.type(), " '", literal.value(), "'") : Cat("NULL of ", literal.type());
  absl::StatusOr<std::shared_ptr<arrow::Scalar>> value = ScalarOf(literal, type.arrow);
  if (!value.ok()) return InvalidArgument("bind ", text, ": not a value of that type: ", value.status().message());
  type.nullable = !literal.has_value();
  return std::make_unique<LiteralExpression>(std::move(type), *std::move(value), std::move(text));
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

absl::StatusOr<ExpressionPtr> BindCast(ExpressionPtr operand, const DataType& to) {
  ASSIGN_OR_RETURN(DataType type, CastResultType(operand->data_type(), to));
  std::string text = Cat("CAST(", operand->text(), " AS ", to.sql, ")");
  if (!operand->type()->Equals(*to.arrow) && !arrow::compute::CanCast(*operand->type(), *to.arrow)) {
    return InvalidArgument("bind ", text, ": there is no conversion from ", operand->data_type().sql);
  }
  return std::make_unique<CastExpression>(std::move(operand), std::move(type), std::move(text));
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
      return BindCall(expression.call().function(), std::move(args));
    }
    case v1::Expression::kCast: {
      ASSIGN_OR_RETURN(ExpressionPtr operand, BindExpression(expression.cast().operand(), input));
      ASSIGN_OR_RETURN(DataType type, ParseDataType(expression.cast().type()));
      return BindCast(std::move(operand), type);
    }
    case v1::Expression::KIND_NOT_SET:
      break;
  }
  return InvalidArgument("bind expression: it is none of column, literal, call, cast");
}

absl::StatusOr<std::shared_ptr<arrow::Array>> EvaluateArray(const BoundExpression& expression, const BatchPtr& batch) {
  ASSIGN_OR_RETURN(arrow::Datum value, expression.Evaluate(batch));
  if (value.is_scalar()) return FromArrow(arrow::MakeArrayFromScalar(*value.scalar(), batch->num_rows()));
  return value.make_array();
}

}  // namespace millrace
