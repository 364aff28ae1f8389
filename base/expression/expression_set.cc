#include "base/expression/expression_set.h"

#include <utility>

#include "base/expression/binder.h"
#include "base/macros.h"

namespace millrace {

absl::StatusOr<ExpressionSet> ExpressionSet::Bind(std::span<const v1::Expression* const> expressions,
                                                  const arrow::Schema& input, size_t* failed) {
  ExpressionBinder binder(&input);
  for (const v1::Expression* expression : expressions) binder.Count(*expression);
  ExpressionSet set;
  for (size_t i = 0; i < expressions.size(); ++i) {
    if (failed != nullptr) *failed = i;
    ASSIGN_OR_RETURN(ExpressionPtr bound, binder.Bind(*expressions[i]));
    set.expressions_.push_back(std::move(bound));
  }
  set.num_shared_ = binder.num_shared();
  return set;
}

absl::StatusOr<std::vector<std::shared_ptr<arrow::Array>>> ExpressionSet::Evaluate(
    const BatchPtr& batch, RowErrors& errors, EvaluationContext* context) const {
  Evaluation evaluation(batch, context);
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const ExpressionPtr& expression : expressions_) {
    ASSIGN_OR_RETURN(columns.emplace_back(), EvaluateArray(*expression, evaluation));
  }
  errors = std::move(evaluation.errors);
  return columns;
}

absl::StatusOr<std::vector<std::shared_ptr<arrow::Array>>> ExpressionSet::Evaluate(
    const BatchPtr& batch, std::vector<RowErrors>& errors, EvaluationContext* context) const {
  Evaluation evaluation(batch, context);
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (size_t i = 0; i < expressions_.size(); ++i) {
    ASSIGN_OR_RETURN(columns.emplace_back(), EvaluateArray(*expressions_[i], evaluation));
    if (evaluation.errors.empty()) continue;
    errors.resize(expressions_.size());
    errors[i] = std::exchange(evaluation.errors, RowErrors());
  }
  return columns;
}

}  // namespace millrace
