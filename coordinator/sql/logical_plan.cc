#include "coordinator/sql/logical_plan.h"

#include <xxhash.h>

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/error.h"
#include "coordinator/sql/sql_types.h"

namespace millrace::sql {

const PlanColumn* LogicalNode::Find(std::string_view column) const {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const PlanColumn& own) { return own.name == column; });
  return found == columns.end() ? nullptr : &*found;
}

LogicalNode* LogicalPlan::Add(LogicalNode node) {
  nodes_.push_back(std::make_unique<LogicalNode>(std::move(node)));
  return nodes_.back().get();
}

LogicalNode* LogicalPlan::AddValues(const std::vector<PlanColumn>& columns, const std::string& json_rows) {
  LogicalNode values;
  v1::Source& source = *values.node.mutable_source();
  source.set_connector("values");
  (*source.mutable_options())["rows"] = json_rows;
  for (const PlanColumn& column : columns) {
    v1::Column& own = *source.add_columns();
    own.set_name(column.name);
    own.set_type(column.type.sql);
  }
  values.columns = columns;
  values.bounded = true;
  values.name = "values";
  return Add(std::move(values));
}

LogicalNode* LogicalPlan::AddFilter(LogicalNode* input, v1::Expression condition) {
  LogicalNode filter;
  *filter.node.mutable_filter()->mutable_condition() = std::move(condition);
  filter.inputs = {{input, ""}};
  filter.columns = input->columns;
  filter.bounded = input->bounded;
  return Add(std::move(filter));
}

LogicalNode* LogicalPlan::AddProject(LogicalNode* input, const std::vector<NamedColumn>& columns) {
  LogicalNode project;
  for (const NamedColumn& column : columns) {
    v1::NamedExpression& own = *project.node.mutable_project()->add_columns();
    own.set_name(column.name);
    *own.mutable_expression() = column.expression.plan;
    // The time of its window is event time if a column is.
    const v1::Expression& plan = column.expression.plan;
    const v1::Expression& time = plan.call().function() == "window_time" ? plan.call().args(0) : plan;
    const PlanColumn* copied = time.has_column() ? input->Find(time.column()) : nullptr;
    project.columns.push_back({column.name, column.expression.type, copied != nullptr && copied->row_time});
  }
  project.inputs = {{input, ""}};
  project.bounded = input->bounded;
  return Add(std::move(project));
}

LogicalNode* LogicalPlan::AddUnion(const std::vector<LogicalNode*>& inputs) {
  Check(!inputs.empty(), "a union has inputs");
  if (inputs.size() == 1) return inputs[0];
  LogicalNode all;
  all.node.mutable_union_();
  all.columns = inputs[0]->columns;
  all.bounded = true;
  for (LogicalNode* input : inputs) {
    all.inputs.push_back({input, ""});
    all.bounded = all.bounded && input->bounded;
    for (size_t i = 0; i < all.columns.size(); ++i) {
      PlanColumn& column = all.columns[i];
      column.row_time = column.row_time && input->columns[i].row_time;
      if (input->columns[i].type.nullable && !column.type.nullable) column.type = WithNull(column.type, true);
    }
  }
  return Add(std::move(all));
}

std::string UniqueNames::Take(const std::string& wanted) {
  std::string name = wanted;
  for (int attempt = 0; Has(name); ++attempt) name = Cat(wanted, attempt);
  taken_.push_back(name);
  return name;
}

bool UniqueNames::Has(const std::string& name) const {
  return std::find(taken_.begin(), taken_.end(), name) != taken_.end();
}

TypedExpression ColumnOf(const PlanColumn& column) {
  TypedExpression expression;
  expression.plan.set_column(column.name);
  expression.type = column.type;
  return expression;
}

void CollectColumns(const v1::Expression& expression, std::vector<std::string>& names) {
  if (expression.has_column()) names.push_back(expression.column());
  if (expression.has_cast()) CollectColumns(expression.cast().operand(), names);
  for (const v1::Expression& argument : expression.call().args()) CollectColumns(argument, names);
}

std::string Digest(std::string_view text) {
  return absl::StrFormat("%06x", XXH3_64bits(text.data(), text.size()) & 0xffffff);
}

}  // namespace millrace::sql
