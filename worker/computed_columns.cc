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
  ASSIGN_OR_RETURN(made->schema_, SchemaOf(columns));
  std::vector<const v1::Expression*> expressions;
  for (int i = num_decoded; i < columns.size(); ++i) {
    const v1::NamedExpression* computed = nullptr;
    for (const v1::NamedExpression& column : source.source().computed()) {
      if (column.name() == columns[i].name()) computed = &column;
    }
    if (computed == nullptr) return InvalidArgument("source ", source.uid(), ": column \"", columns[i].name(), "\" is not computed");
    expressions.push_back(&computed->expression());
  }
  size_t number = 0;
  absl::StatusOr<ExpressionSet> bound = ExpressionSet::Bind(expressions, *input, &number);
  if (!bound.ok()) {
    const std::string& name = columns[num_decoded + static_cast<int>(number)].name();
    return Annotate(bound.status(), "source ", source.uid(), ": column \"", name, "\"");
  }
  for (int i = num_decoded; i < columns.size(); ++i) {
    const BoundExpression& expression = (*bound)[static_cast<size_t>(i - num_decoded)];
    if (expression.type()->Equals(*made->schema_->field(i)->type())) continue;
    return InvalidArgument("source ", source.uid(), ": column \"", columns[i].name(), "\" is ", expression.data_type().sql,
                           ", and the plan says ", columns[i].type());
  }
  made->expressions_ = *std::move(bound);
  return std::shared_ptr<const ComputedColumns>(std::move(made));
}

absl::StatusOr<BatchPtr> ComputedColumns::Append(const BatchPtr& rows, std::vector<RowErrors>& errors,
                                                 EvaluationContext& context) const {
  std::vector<std::shared_ptr<arrow::Array>> columns = rows->columns();
  ASSIGN_OR_RETURN(auto computed, expressions_.Evaluate(rows, errors, &context));
  columns.insert(columns.end(), computed.begin(), computed.end());
  return arrow::RecordBatch::Make(schema_, rows->num_rows(), std::move(columns));
}

std::vector<std::string> ComputedColumns::names() const {
  std::vector<std::string> names = schema_->field_names();
  names.erase(names.begin(), names.end() - static_cast<std::ptrdiff_t>(expressions_.size()));
  return names;
}

}  // namespace millrace
