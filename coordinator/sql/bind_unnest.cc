#include <utility>

#include "arrow/type.h"
#include "base/element_types.h"
#include "coordinator/sql/query_binder.h"
#include "coordinator/sql/query_hook.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/sql_types.h"

namespace millrace::sql {
namespace {

// What the rows of the collection have, with Flink's names.
std::vector<PlanColumn> ElementColumns(const DataType& collection) {
  const std::vector<DataType> parts = *ElementTypesOf(collection);
  if (collection.arrow->id() == arrow::Type::MAP)
    return {{"KEY", parts[0], false}, {"VALUE", parts[1], false}};
  const DataType& element = parts[0];
  if (element.arrow->id() != arrow::Type::STRUCT) return {{"EXPR$0", element, false}};
  const std::vector<DataType> fields = *ElementTypesOf(element);
  std::vector<PlanColumn> columns;
  for (const DataType& field : fields) {
    const std::string& name = element.arrow->field(static_cast<int>(columns.size()))->name();
    columns.push_back({name, WithNull(field, field.nullable || element.nullable), false});
  }
  return columns;
}

}  // namespace

std::optional<Relation> QueryBinder::BindUnnest(Relation left, const Unnest& unnest, bool outer,
                                                const SourceRange& range) {
  if (left.window) left.window->bare = nullptr;
  if (unnest.collections.size() != 1) {
    ReportUnsupported(diagnostics_, range, "UNNEST of several collections at once is not supported; unnest one by one");
    return std::nullopt;
  }
  QueryHook hook(*this, left.scope, nullptr, "UNNEST");
  ExpressionBinder binder(left.scope, session_, diagnostics_, &hook);
  std::optional<TypedExpression> collection = binder.BindTyped(unnest.collections[0]);
  if (!collection) return std::nullopt;
  const arrow::Type::type id = collection->type.arrow->id();
  if (id != arrow::Type::LIST && id != arrow::Type::MAP) {
    ReportWrong(diagnostics_, unnest.collections[0].range, "UNNEST takes an ARRAY or a MAP, not ",
                collection->type.sql);
    return std::nullopt;
  }
  UniqueNames names;
  for (const PlanColumn& column : left.node->columns) names.Take(column.name);
  LogicalNode node;
  v1::Unnest& plan = *node.node.mutable_unnest();
  if (collection->plan.has_column()) {
    plan.set_column(collection->plan.column());
  } else {
    std::vector<NamedColumn> columns;
    for (const PlanColumn& column : left.node->columns) columns.push_back({column.name, ColumnOf(column)});
    plan.set_column(names.Take("collection_" + Digest(collection->plan.SerializeAsString())));
    columns.push_back({plan.column(), *collection});
    left.node = plan_.AddProject(left.node, columns);
  }
  std::vector<PlanColumn> added = ElementColumns(collection->type);
  if (unnest.with_ordinality) added.push_back({"ORDINALITY", SqlType(arrow::int32(), false), false});
  if (unnest.alias && !unnest.alias->columns.empty()) {
    if (unnest.alias->columns.size() != added.size()) {
      ReportWrong(diagnostics_, unnest.alias->name.range, "'", unnest.alias->name.text, "' names ",
                  unnest.alias->columns.size(), " columns, but UNNEST of ", collection->type.sql,
                  unnest.with_ordinality ? " WITH ORDINALITY" : "", " gives ", added.size());
      return std::nullopt;
    }
    for (size_t i = 0; i < added.size(); ++i) added[i].name = unnest.alias->columns[i].text;
  }
  plan.set_ordinality(unnest.with_ordinality);
  plan.set_outer(outer);
  node.inputs = {{left.node, ""}};
  node.bounded = left.node->bounded;
  node.columns = left.node->columns;
  Relation relation = std::move(left);
  for (PlanColumn& column : added) {
    if (outer) column.type = WithNull(column.type, true);
    const std::string name = names.Take(column.name);
    plan.add_names(name);
    relation.scope.columns.push_back(
        {unnest.alias ? unnest.alias->name.text : "", column.name, column.type, name, false});
    node.columns.push_back({name, column.type, false});
  }
  relation.node = plan_.Add(std::move(node));
  return relation;
}

}  // namespace millrace::sql
