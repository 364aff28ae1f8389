#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/expression/expression.h"

namespace millrace {

// Expressions over one input that are evaluated together: a part that occurs more than once in them (and is more than
// a column or a literal) is computed once for a batch.
//
// Thread:  immutable; any.
// Fails:   as BoundExpression.
class ExpressionSet {
 public:
  // Fails with InvalidArgument that quotes the part that is wrong; `failed` is then its expression's number.
  static absl::StatusOr<ExpressionSet> Bind(std::span<const v1::Expression* const> expressions,
                                            const arrow::Schema& input, size_t* failed = nullptr);

  // A column for each expression, of the batch's length. Rows that failed are in `errors`; their values do not matter.
  // `context`: as of Evaluation.
  absl::StatusOr<std::vector<std::shared_ptr<arrow::Array>>> Evaluate(const BatchPtr& batch, RowErrors& errors,
                                                                      EvaluationContext* context = nullptr) const;
  // The same, with errors by expression. Empty: no row failed.
  absl::StatusOr<std::vector<std::shared_ptr<arrow::Array>>> Evaluate(const BatchPtr& batch,
                                                                      std::vector<RowErrors>& errors,
                                                                      EvaluationContext* context = nullptr) const;

  size_t size() const { return expressions_.size(); }
  const BoundExpression& operator[](size_t i) const { return *expressions_[i]; }
  // How many parts are shared.
  size_t num_shared() const { return num_shared_; }

 private:
  std::vector<ExpressionPtr> expressions_;
  size_t num_shared_ = 0;
};

}  // namespace millrace
