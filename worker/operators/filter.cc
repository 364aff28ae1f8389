#include "worker/operators/filter.h"

#include "arrow/api.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/expression/take_rows.h"

namespace millrace {

absl::StatusOr<std::unique_ptr<Operator>> FilterOperator::Make(const internal::v1::ChainNode& node) {
  if (node.input_schemas_size() < 1)
    return InvalidArgument("operator ", node.uid(), ": filter needs the schema of its input");
  ASSIGN_OR_RETURN(auto input, SchemaOf(node.input_schemas(0).columns()));
  absl::StatusOr<ExpressionPtr> condition = BindExpression(node.filter().condition(), *input);
  if (!condition.ok()) return Annotate(condition.status(), "operator ", node.uid());
  if ((*condition)->type()->id() != arrow::Type::BOOL) {
    return InvalidArgument("operator ", node.uid(), ": a filter's condition must be BOOLEAN: ", (*condition)->text(),
                           " is ", (*condition)->data_type().sql);
  }
  return std::unique_ptr<Operator>(new FilterOperator(node.uid(), *std::move(condition)));
}

absl::Status FilterOperator::ProcessBatch(uint32_t /*input*/, uint32_t /*port*/, const BatchPtr& rows, Output& out) {
  if (rows->num_rows() == 0) return absl::OkStatus();
  Evaluation evaluation(rows, evaluation_ ? &*evaluation_ : nullptr);
  absl::StatusOr<std::shared_ptr<arrow::Array>> mask = EvaluateArray(*condition_, evaluation);
  RETURN_IF_ERROR(mask.status());
  const auto& is_true = static_cast<const arrow::BooleanArray&>(**mask);
  std::vector<uint32_t> kept;
  auto keep = [&](uint32_t row) {
    if (is_true.IsValid(row) && is_true.Value(row)) kept.push_back(row);
  };
  if (evaluation.errors.empty()) {
    for (int64_t i = 0; i < is_true.length(); ++i) keep(static_cast<uint32_t>(i));
  } else {
    std::vector<uint32_t> rest;
    RETURN_IF_ERROR(failed_rows_.SetAside(rows, {&evaluation.errors, 1}, out, rest));
    for (uint32_t row : rest) keep(row);
  }
  if (kept.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(BatchPtr passed, TakeRows(rows, kept));
  out.EmitFrom(0, std::move(passed), &kept);
  return absl::OkStatus();
}

}  // namespace millrace
