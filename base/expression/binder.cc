#include "base/expression/binder.h"

#include <vector>

#include "arrow/api.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/expression/cast.h"
#include "base/expression/function_registry.h"
#include "base/macros.h"

namespace millrace {
namespace {

class ColumnExpression final : public BoundExpression {
 public:
  ColumnExpression(int column, DataType type, std::string name)
      : BoundExpression(std::move(type), std::move(name)), column_(column) {}
  absl::StatusOr<arrow::Datum> Evaluate(Evaluation& evaluation) const override {
    return arrow::Datum(evaluation.batch->column(column_));
  }
  bool CanFail() const override { return false; }
  int column() const override { return column_; }

 private:
  const int column_;
};

// One of several places of one expression; the first that is evaluated computes it for all.
class SharedExpression final : public BoundExpression {
 public:
  SharedExpression(std::shared_ptr<const BoundExpression> expression, size_t number)
      : BoundExpression(expression->data_type(), expression->text()),
        expression_(std::move(expression)),
        number_(number) {}
  absl::StatusOr<arrow::Datum> Evaluate(Evaluation& evaluation) const override {
    if (evaluation.shared.size() <= number_) evaluation.shared.resize(number_ + 1);
    if (evaluation.shared[number_].kind() == arrow::Datum::NONE) {
      ASSIGN_OR_RETURN(arrow::Datum value, expression_->Evaluate(evaluation));
      if (evaluation.shared.size() <= number_) evaluation.shared.resize(number_ + 1);
      evaluation.shared[number_] = std::move(value);
    }
    return evaluation.shared[number_];
  }
  bool CanFail() const override { return expression_->CanFail(); }

 private:
  const std::shared_ptr<const BoundExpression> expression_;
  const size_t number_;
};

// The SQL type that the plan gave the column, if it did: Arrow's does not know a TIMESTAMP's digits.
absl::StatusOr<DataType> TypeOf(const arrow::Field& field) {
  if (field.HasMetadata()) {
    auto sql = field.metadata()->Get("millrace.sql_type");
    if (sql.ok()) return ParseDataType(*sql);
  }
  return ParseDataType(SqlTypeOf(*field.type(), field.nullable()));
}

// Whether it gives the same result each time, and is worth to be kept.
bool CanBeShared(const v1::Expression& expression) {
  if (expression.has_cast()) return !expression.cast().operand().has_literal();
  return expression.has_call() && IsDeterministic(expression.call());
}

}  // namespace

void ExpressionBinder::Count(const v1::Expression& expression) {
  // What is within a part that was seen before is shared with it.
  if (CanBeShared(expression) && ++occurrences_[expression.SerializeAsString()] > 1) return;
  if (expression.has_cast()) Count(expression.cast().operand());
  for (const v1::Expression& arg : expression.call().args()) Count(arg);
}

absl::StatusOr<ExpressionPtr> ExpressionBinder::Bind(const v1::Expression& expression) {
  if (occurrences_.empty() || !CanBeShared(expression) || !IsDeterministic(expression)) return BindNew(expression);
  std::string key = expression.SerializeAsString();
  auto counted = occurrences_.find(key);
  if (counted == occurrences_.end() || counted->second < 2) return BindNew(expression);
  auto found = shared_.find(key);
  if (found == shared_.end()) {
    ASSIGN_OR_RETURN(ExpressionPtr bound, BindNew(expression));
    const size_t number = shared_.size();
    found = shared_.emplace(std::move(key), Shared{.expression = std::move(bound), .number = number}).first;
  }
  return std::make_unique<SharedExpression>(found->second.expression, found->second.number);
}

absl::StatusOr<ExpressionPtr> ExpressionBinder::BindNew(const v1::Expression& expression) {
  switch (expression.kind_case()) {
    case v1::Expression::kColumn: {
      const int column = input_->GetFieldIndex(expression.column());
      if (column < 0) {
        return InvalidArgument("bind column: there is none of that name, or two: \"", expression.column(), "\"");
      }
      ASSIGN_OR_RETURN(DataType type, TypeOf(*input_->field(column)));
      return std::make_unique<ColumnExpression>(column, std::move(type), expression.column());
    }
    case v1::Expression::kLiteral:
      return BindLiteral(expression.literal());
    case v1::Expression::kCall: {
      std::vector<ExpressionPtr> args;
      for (const v1::Expression& arg : expression.call().args()) {
        ASSIGN_OR_RETURN(args.emplace_back(), Bind(arg));
      }
      return BindCall(expression.call().function(), std::move(args), expression.call().zone());
    }
    case v1::Expression::kCast: {
      ASSIGN_OR_RETURN(ExpressionPtr operand, Bind(expression.cast().operand()));
      ASSIGN_OR_RETURN(DataType type, ParseDataType(expression.cast().type()));
      return BindCast(std::move(operand), type, expression.cast().mode(), expression.cast().zone());
    }
    case v1::Expression::KIND_NOT_SET:
      break;
  }
  return InvalidArgument("bind expression: it is none of column, literal, call, cast");
}

absl::StatusOr<ExpressionPtr> BindExpression(const v1::Expression& expression, const arrow::Schema& input) {
  return ExpressionBinder(&input).Bind(expression);
}

}  // namespace millrace
