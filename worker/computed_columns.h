#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "base/expression/expression.h"
#include "millrace/internal/v1/control.pb.h"

namespace millrace {

// Columns that a source computes from those that it decodes, behind them.
//
// Thread:  immutable; any.
class ComputedColumns {
 public:
  // Those that are in the node's output. Null: none is.
  // Fails: InvalidArgument: an expression is wrong, or of another type than the output says.
  static absl::StatusOr<std::shared_ptr<const ComputedColumns>> Make(const internal::v1::ChainNode& source);

  // The rows with them. Fails as BoundExpression, naming the column.
  absl::StatusOr<BatchPtr> Append(const BatchPtr& rows, EvaluationContext& context) const;

 private:
  ComputedColumns() = default;
  std::string uid_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<ExpressionPtr> expressions_;
};

}  // namespace millrace
