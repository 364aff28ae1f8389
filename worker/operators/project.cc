#include "worker/operators/project.h"

#include "arrow/api.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {

absl::StatusOr<std::unique_ptr<Operator>> ProjectOperator::Make(const internal::v1::ChainNode& node) {
  const auto& wanted = node.project().columns();
  if (node.input_schemas_size() < 1 || node.output_schemas_size() < 1 ||
      node.output_schemas(0).columns_size() != wanted.size()) {
    return InvalidArgument("operator ", node.uid(),
                           ": project needs the schema of its input, and an output column per expression");
  }
  ASSIGN_OR_RETURN(auto input, SchemaOf(node.input_schemas(0).columns()));
  ASSIGN_OR_RETURN(auto output, SchemaOf(node.output_schemas(0).columns()));
  std::vector<ExpressionPtr> columns;
  for (int i = 0; i < wanted.size(); ++i) {
    absl::StatusOr<ExpressionPtr> bound = BindExpression(wanted[i].expression(), *input);
    if (!bound.ok()) return Annotate(bound.status(), "operator ", node.uid(), ": column \"", wanted[i].name(), "\"");
    if (!(*bound)->type()->Equals(*output->field(i)->type())) {
      return InvalidArgument("operator ", node.uid(), ": column \"", wanted[i].name(), "\" is ",
                             (*bound)->data_type().sql, ", and the plan says ", output->field(i)->type()->ToString());
    }
    columns.push_back(*std::move(bound));
  }
  return std::unique_ptr<Operator>(new ProjectOperator(node.uid(), std::move(output), std::move(columns)));
}

absl::Status ProjectOperator::ProcessBatch(uint32_t /*input*/, uint32_t /*port*/, const BatchPtr& rows, Output& out) {
  if (rows->num_rows() == 0) return absl::OkStatus();
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const ExpressionPtr& column : columns_) {
    absl::StatusOr<std::shared_ptr<arrow::Array>> array = EvaluateArray(*column, rows);
    if (!array.ok()) return Annotate(array.status(), "operator ", uid_);
    arrays.push_back(*std::move(array));
  }
  out.Emit(0, arrow::RecordBatch::Make(schema_, rows->num_rows(), std::move(arrays)));
  return absl::OkStatus();
}

}  // namespace millrace
