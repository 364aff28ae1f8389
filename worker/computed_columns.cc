#include "worker/computed_columns.h"

#include "arrow/api.h"
#include "base/error.h"
#include "base/expression/evaluation_context.h"
#include "base/macros.h"

namespace millrace {

absl::StatusOr<std::shared_ptr<const ComputedColumns>> ComputedColumns::Make(const internal::v1::ChainNode& source) {
  const int num_decoded = source.used_columns_size();
  if (source.output_schemas().empty() || source.output_schemas(0).columns_size() <= num_decoded) return nullptr;
  const auto& columns = source.output_schemas(0).columns();
  internal::v1::Schema decoded;
  decoded.mutable_columns()->Add(columns.begin(), columns.begin() + num_decoded);
  ASSIGN_OR_RETURN(auto input, SchemaOf(decoded.columns()));
  auto made = std::shared_ptr<ComputedColumns>(new ComputedColumns());
  made->uid_ = source.uid();
  ASSIGN_OR_RETURN(made->schema_, SchemaOf(columns));
  for (int i = num_decoded; i < columns.size(); ++i) {
    const v1::NamedExpression* computed = nullptr;
    for (const v1::NamedExpression& column : source.source().computed()) {
      if (column.name() == columns[i].name()) computed = &column;
    }
    if (computed == nullptr) return InvalidArgument("source ", made->uid_, ": column \"", columns[i].name(), "\" is not computed");
    absl::StatusOr<ExpressionPtr> bound = BindExpression(computed->expression(), *input);
    if (!bound.ok()) return Annotate(bound.status(), "source ", made->uid_, ": column \"", computed->name(), "\"");
    if (!(*bound)->type()->Equals(*made->schema_->field(i)->type())) {
      return InvalidArgument("source ", made->uid_, ": column \"", computed->name(), "\" is ", (*bound)->data_type().sql,
                             ", and the plan says ", columns[i].type());
    }
    made->expressions_.push_back(*std::move(bound));
  }
  return std::shared_ptr<const ComputedColumns>(std::move(made));
}

absl::StatusOr<BatchPtr> ComputedColumns::Append(const BatchPtr& rows, EvaluationContext& context) const {
  Evaluation evaluation(rows, &context);
  std::vector<std::shared_ptr<arrow::Array>> columns = rows->columns();
  for (size_t i = 0; i < expressions_.size(); ++i) {
    absl::StatusOr<std::shared_ptr<arrow::Array>> column = EvaluateArray(*expressions_[i], evaluation);
    if (!evaluation.errors.empty()) column = InvalidArgument(evaluation.errors.ByRow().front().message);
    if (!column.ok()) {
      return Annotate(column.status(), "source ", uid_, ": column \"", schema_->field(static_cast<int>(columns.size()))->name(), "\"");
    }
    columns.push_back(*std::move(column));
  }
  return arrow::RecordBatch::Make(schema_, rows->num_rows(), std::move(columns));
}

}  // namespace millrace
