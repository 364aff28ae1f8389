#include "worker/operators/project.h"

#include "arrow/api.h"
#include "base/error.h"
#include "base/expression/take_rows.h"
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
  std::vector<const v1::Expression*> expressions;
  for (const v1::NamedExpression& column : wanted) expressions.push_back(&column.expression());
  size_t number = 0;
  absl::StatusOr<ExpressionSet> columns = ExpressionSet::Bind(expressions, *input, &number);
  if (!columns.ok()) {
    const std::string& name = wanted[static_cast<int>(number)].name();
    return Annotate(columns.status(), "operator ", node.uid(), ": column \"", name, "\"");
  }
  for (int i = 0; i < wanted.size(); ++i) {
    const BoundExpression& bound = (*columns)[static_cast<size_t>(i)];
    if (!bound.type()->Equals(*output->field(i)->type())) {
      return InvalidArgument("operator ", node.uid(), ": column \"", wanted[i].name(), "\" is ", bound.data_type().sql,
                             ", and the plan says ", output->field(i)->type()->ToString());
    }
  }
  return std::unique_ptr<Operator>(new ProjectOperator(node.uid(), std::move(output), *std::move(columns)));
}

absl::Status ProjectOperator::ProcessBatch(uint32_t /*input*/, uint32_t /*port*/, const BatchPtr& rows, Output& out) {
  if (rows->num_rows() == 0) return absl::OkStatus();
  std::vector<RowErrors> errors;
  ASSIGN_OR_RETURN(auto arrays, columns_.Evaluate(rows, errors, evaluation_ ? &*evaluation_ : nullptr));
  BatchPtr projected = arrow::RecordBatch::Make(schema_, rows->num_rows(), std::move(arrays));
  if (errors.empty()) {
    out.EmitFrom(0, std::move(projected), nullptr);
    return absl::OkStatus();
  }
  std::vector<uint32_t> rest;
  RETURN_IF_ERROR(failed_rows_.SetAside(rows, errors, out, rest));
  if (rest.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(projected, TakeRows(projected, rest));
  out.EmitFrom(0, std::move(projected), &rest);
  return absl::OkStatus();
}

}  // namespace millrace
