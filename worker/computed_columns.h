#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "base/expression/expression_set.h"
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

  // The rows with them. Rows for which one has no value are in `errors`, by column; empty: there are none.
  absl::StatusOr<BatchPtr> Append(const BatchPtr& rows, std::vector<RowErrors>& errors,
                                  EvaluationContext& context) const;
  // Their names, and how they are computed, for messages.
  std::vector<std::string> names() const;
  const std::string& text(size_t column) const { return expressions_[column].text(); }

 private:
  ComputedColumns() = default;
  std::shared_ptr<arrow::Schema> schema_;
  ExpressionSet expressions_;
};

}  // namespace millrace
