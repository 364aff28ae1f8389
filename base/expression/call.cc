#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/expression/function_registry.h"
#include "base/expression/nodes.h"
#include "base/expression/take_rows.h"
#include "base/macros.h"

namespace millrace {
namespace {

using DatumResult = absl::StatusOr<arrow::Datum>;

// A function that is one kernel of Arrow.
class KernelExpression final : public BoundExpression {
 public:
  KernelExpression(std::string kernel, std::unique_ptr<arrow::compute::FunctionOptions> options,
                   std::vector<ExpressionPtr> args, DataType type, std::string text)
      : BoundExpression(std::move(type), std::move(text)),
        kernel_(std::move(kernel)),
        options_(std::move(options)),
        args_(std::move(args)) {}

  DatumResult Evaluate(const BatchPtr& batch) const override {
    std::vector<arrow::Datum> values;
    for (const ExpressionPtr& arg : args_) {
      ASSIGN_OR_RETURN(values.emplace_back(), arg->Evaluate(batch));
    }
    auto result = arrow::compute::CallFunction(kernel_, values, options_.get());
    if (!result.ok()) return Annotate(FromArrow(result.status()), "evaluate ", text());
    return std::move(result).ValueUnsafe();
  }
  bool CanFail() const override {
    for (const ExpressionPtr& arg : args_) {
      if (arg->CanFail()) return true;
    }
    return false;
  }

 private:
  const std::string kernel_;
  const std::unique_ptr<arrow::compute::FunctionOptions> options_;
  const std::vector<ExpressionPtr> args_;
};

// AND and OR, whose right side may fail only where the left one leaves the result open.
class LogicExpression final : public BoundExpression {
 public:
  LogicExpression(bool is_and, ExpressionPtr left, ExpressionPtr right, DataType type, std::string text)
      : BoundExpression(std::move(type), std::move(text)),
        is_and_(is_and),
        left_(std::move(left)),
        right_(std::move(right)) {}

  DatumResult Evaluate(const BatchPtr& batch) const override {
    ASSIGN_OR_RETURN(auto left, EvaluateArray(*left_, batch));
    std::shared_ptr<arrow::Array> right;
    if (right_->CanFail()) {
      ASSIGN_OR_RETURN(right, RightWhereOpen(static_cast<const arrow::BooleanArray&>(*left), batch));
    } else {
      ASSIGN_OR_RETURN(right, EvaluateArray(*right_, batch));
    }
    return FromArrow(arrow::compute::CallFunction(is_and_ ? "and_kleene" : "or_kleene", {left, right}));
  }
  bool CanFail() const override { return left_->CanFail() || right_->CanFail(); }

 private:
  absl::StatusOr<std::shared_ptr<arrow::Array>> RightWhereOpen(const arrow::BooleanArray& left,
                                                               const BatchPtr& batch) const {
    std::vector<uint32_t> open;
    for (int64_t i = 0; i < left.length(); ++i) {
      if (left.IsNull(i) || left.Value(i) == is_and_) open.push_back(static_cast<uint32_t>(i));
    }
    if (open.size() == static_cast<size_t>(batch->num_rows())) return EvaluateArray(*right_, batch);
    ASSIGN_OR_RETURN(BatchPtr rows, TakeRows(batch, open));
    ASSIGN_OR_RETURN(auto values, EvaluateArray(*right_, rows));
    const auto& booleans = static_cast<const arrow::BooleanArray&>(*values);
    arrow::BooleanBuilder builder;
    RETURN_IF_ERROR(FromArrow(builder.Reserve(left.length())));
    size_t next = 0;
    for (int64_t i = 0; i < left.length(); ++i) {
      bool is_open = next < open.size() && open[next] == i;
      auto from = static_cast<int64_t>(next);
      if (is_open) ++next;
      if (is_open && booleans.IsValid(from)) {
        builder.UnsafeAppend(booleans.Value(from));
      } else {
        builder.UnsafeAppendNull();
      }
    }
    return FromArrow(builder.Finish());
  }

  const bool is_and_;
  const ExpressionPtr left_;
  const ExpressionPtr right_;
};

std::string TextOf(std::string_view function, const std::vector<ExpressionPtr>& args) {
  std::string text = Cat(function, "(");
  for (size_t i = 0; i < args.size(); ++i) absl::StrAppend(&text, i == 0 ? "" : ", ", AbslView(args[i]->text()));
  return text + ")";
}

std::vector<DataType> TypesOf(const std::vector<ExpressionPtr>& args) {
  std::vector<DataType> types;
  for (const ExpressionPtr& arg : args) types.push_back(arg->data_type());
  return types;
}

// Brings both sides of a comparison to one type that holds all values of both. The common DECIMAL may need 76 digits.
absl::Status Unify(std::vector<ExpressionPtr>& args) {
  ASSIGN_OR_RETURN(DataType common, ScalarResultType("coalesce", TypesOf(args)));
  if (common.arrow->id() == arrow::Type::DECIMAL128) {
    int32_t scale = 0;
    for (ExpressionPtr& arg : args) {
      arg = WidenNumber(std::move(arg), DecimalOf(arg->type()));
      scale = std::max(scale, static_cast<const arrow::Decimal128Type&>(*arg->type()).scale());
    }
    if (static_cast<const arrow::Decimal128Type&>(*common.arrow).scale() < scale)
      common.arrow = arrow::decimal256(76, scale);
  }
  for (ExpressionPtr& arg : args) arg = WidenNumber(std::move(arg), common.arrow);
  return absl::OkStatus();
}

}  // namespace

ExpressionPtr MakeKernelCall(std::string kernel, std::vector<ExpressionPtr> args, DataType type, std::string text,
                             std::unique_ptr<arrow::compute::FunctionOptions> options) {
  return std::make_unique<KernelExpression>(std::move(kernel), std::move(options), std::move(args), std::move(type),
                                            std::move(text));
}

ExpressionPtr WidenNumber(ExpressionPtr operand, const std::shared_ptr<arrow::DataType>& to) {
  if (operand->type()->Equals(*to)) return operand;
  DataType type = operand->data_type();
  type.arrow = to;
  std::string text = operand->text();
  std::vector<ExpressionPtr> args;
  args.push_back(std::move(operand));
  return MakeKernelCall("cast", std::move(args), std::move(type), std::move(text),
                        std::make_unique<arrow::compute::CastOptions>(arrow::compute::CastOptions::Unsafe(to)));
}

absl::StatusOr<ExpressionPtr> BindCall(std::string_view function, std::vector<ExpressionPtr> args) {
  std::string text = TextOf(function, args);
  absl::StatusOr<DataType> bound = ScalarResultType(function, TypesOf(args));
  if (!bound.ok()) return Annotate(bound.status(), "bind ", text);
  DataType type = *std::move(bound);
  auto kernel = [&](std::string name, std::unique_ptr<arrow::compute::FunctionOptions> options = nullptr) {
    return MakeKernelCall(std::move(name), std::move(args), std::move(type), std::move(text), std::move(options));
  };
  if (function == "and" || function == "or") {
    ExpressionPtr all = std::move(args[0]);
    for (size_t i = 1; i < args.size(); ++i) {
      all = std::make_unique<LogicExpression>(function == "and", std::move(all), std::move(args[i]), type, text);
    }
    return all;
  }
  if (function == "not") return kernel("invert");
  if (function == "is_null") return kernel("is_null");
  if (function == "is_not_null") return kernel("is_valid");
  if (function == "upper") return kernel("utf8_upper");
  if (function == "lower") return kernel("utf8_lower");
  if (function == "char_length") return kernel("utf8_length");
  if (function == "concat") {
    v1::Expression separator;
    separator.mutable_literal()->set_type("STRING");
    separator.mutable_literal()->set_value("");
    ASSIGN_OR_RETURN(args.emplace_back(), BindExpression(separator, *arrow::schema({})));
    return kernel("binary_join_element_wise",
                  std::make_unique<arrow::compute::JoinOptions>(arrow::compute::JoinOptions::EMIT_NULL));
  }
  if (function == "coalesce") {
    for (ExpressionPtr& arg : args) arg = WidenNumber(std::move(arg), type.arrow);
    return kernel("coalesce");
  }
  for (std::string_view arithmetic : {"plus", "minus", "times", "divide", "modulo"}) {
    if (function == arithmetic) return BindArithmetic(function, std::move(args), std::move(type), std::move(text));
  }
  for (std::string_view comparison : {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}) {
    if (function != comparison) continue;
    RETURN_IF_ERROR(Unify(args));
    return kernel(std::string(function));
  }
  return InvalidArgument("bind ", text, ": the worker does not know this function");
}

}  // namespace millrace
