#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "base/arrow_status.h"
#include "base/expression/function_table.h"
#include "base/expression/nodes.h"
#include "base/expression/row_kernel.h"
#include "base/expression/type_rules.h"
#include "base/macros.h"

namespace millrace {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

// AND and OR, whose right side may fail only where the left one leaves the result open.
class LogicNode final : public BoundExpression {
 public:
  LogicNode(bool is_and, ExpressionPtr left, ExpressionPtr right, DataType type, std::string text)
      : BoundExpression(std::move(type), std::move(text)),
        is_and_(is_and),
        left_(std::move(left)),
        right_(std::move(right)) {}

  absl::StatusOr<arrow::Datum> Evaluate(Evaluation& evaluation) const override {
    ASSIGN_OR_RETURN(ArrayPtr left, EvaluateArray(*left_, evaluation));
    ArrayPtr right;
    if (right_->CanFail()) {
      ASSIGN_OR_RETURN(right, RightWhereOpen(static_cast<const arrow::BooleanArray&>(*left), evaluation));
    } else {
      ASSIGN_OR_RETURN(right, EvaluateArray(*right_, evaluation));
    }
    return FromArrow(arrow::compute::CallFunction(is_and_ ? "and_kleene" : "or_kleene", {left, right}));
  }
  bool CanFail() const override { return left_->CanFail() || right_->CanFail(); }

 private:
  absl::StatusOr<ArrayPtr> RightWhereOpen(const arrow::BooleanArray& left, Evaluation& evaluation) const {
    std::vector<uint32_t> open;
    for (int64_t i = 0; i < left.length(); ++i) {
      if (left.IsNull(i) || left.Value(i) == is_and_) open.push_back(static_cast<uint32_t>(i));
    }
    ASSIGN_OR_RETURN(ArrayPtr values, EvaluateFor(*right_, evaluation, open));
    if (open.size() == static_cast<size_t>(left.length())) return values;
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

NodeFactory Logic(bool is_and) {
  return [is_and](const KernelRequest& request, std::vector<ExpressionPtr> args,
                  std::string text) -> absl::StatusOr<ExpressionPtr> {
    ExpressionPtr all = std::move(args[0]);
    for (size_t i = 1; i < args.size(); ++i) {
      all = std::make_unique<LogicNode>(is_and, std::move(all), std::move(args[i]), request.result, text);
    }
    return all;
  };
}

}  // namespace

std::vector<Function> LogicalFunctions() {
  using enum ArgumentKind;
  std::vector<Function> functions = {
      {.name = "and", .family = "logical", .signature = "condition AND condition",
       .description = "the second is not evaluated where the first is FALSE",
       .null_rule = "three-valued: FALSE if one is FALSE, else NULL if one is NULL",
       .rule = Takes({kBoolean, kBoolean}, "BOOLEAN", {.repeated = true}), .node = Logic(true)},
      {.name = "or", .family = "logical", .signature = "condition OR condition",
       .description = "the second is not evaluated where the first is TRUE",
       .null_rule = "three-valued: TRUE if one is TRUE, else NULL if one is NULL",
       .rule = Takes({kBoolean, kBoolean}, "BOOLEAN", {.repeated = true}), .node = Logic(false)},
      {.name = "not", .family = "logical", .signature = "NOT condition", .rule = Takes({kBoolean}, "BOOLEAN"),
       .kernel = Rows([](bool value) { return !value; })},
  };
  auto test = [&](std::string name, std::string words, KernelFactory kernel) {
    functions.push_back({.name = std::move(name), .family = "logical", .signature = "condition IS " + words,
                         .null_rule = "never NULL", .rule = Takes({kBoolean}, "BOOLEAN", {.never_null = true}),
                         .kernel = std::move(kernel)});
  };
  using Tested = std::optional<bool>;
  test("is_true", "TRUE", Rows([](Tested value) { return value == Tested(true); }));
  test("is_not_true", "NOT TRUE", Rows([](Tested value) { return value != Tested(true); }));
  test("is_false", "FALSE", Rows([](Tested value) { return value == Tested(false); }));
  test("is_not_false", "NOT FALSE", Rows([](Tested value) { return value != Tested(false); }));
  return functions;
}

}  // namespace millrace
