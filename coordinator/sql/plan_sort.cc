#include <utility>

#include "absl/strings/numbers.h"
#include "arrow/type.h"
#include "coordinator/sql/plan_order.h"
#include "coordinator/sql/query_binder.h"
#include "coordinator/sql/query_hook.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/sql_types.h"

namespace millrace::sql {

std::optional<size_t> OrdinalOf(const OrderItem& item, size_t num_columns, std::vector<Diagnostic>& diagnostics) {
  const auto* literal = std::get_if<Literal>(&item.expression.node);
  if (literal == nullptr || literal->kind != Literal::Kind::kExact) return std::nullopt;
  size_t ordinal = 0;
  if (absl::SimpleAtoi(literal->text, &ordinal) && ordinal >= 1 && ordinal <= num_columns) return ordinal - 1;
  ReportWrong(diagnostics, item.range, "there is no column ", literal->text, ": SELECT has ", num_columns);
  return num_columns;
}

v1::SortKey SortKeyOf(const OrderItem& item, const std::string& column) {
  v1::SortKey key;
  key.set_column(column);
  const bool descending = item.direction == OrderItem::Direction::kDescending;
  key.set_descending(descending);
  // As Flink: NULL is lower than everything.
  key.set_nulls_last(item.nulls == OrderItem::Nulls::kUnsaid ? descending : item.nulls == OrderItem::Nulls::kLast);
  return key;
}

// ORDER BY of what is no SELECT: it sees the columns of the result.
std::optional<Relation> QueryBinder::Sort(Relation input, const Query& query, CommonTables* common) {
  std::vector<v1::SortKey> keys;
  std::vector<NamedColumn> columns;
  UniqueNames names;
  for (const PlanColumn& column : input.node->columns) {
    columns.push_back({names.Take(column.name), ColumnOf(column)});
  }
  const size_t own = columns.size();
  bool right = true;
  QueryHook hook(*this, input.scope, common, "ORDER BY");
  ExpressionBinder binder(input.scope, session_, diagnostics_, &hook);
  for (const OrderItem& item : query.order_by) {
    if (const std::optional<size_t> ordinal = OrdinalOf(item, input.scope.columns.size(), diagnostics_)) {
      right = right && *ordinal < input.scope.columns.size();
      if (right) keys.push_back(SortKeyOf(item, input.scope.columns[*ordinal].plan_column));
      continue;
    }
    std::optional<TypedExpression> key = binder.BindTyped(item.expression);
    right = right && key.has_value();
    if (!key) continue;
    if (key->plan.has_column()) {
      keys.push_back(SortKeyOf(item, key->plan.column()));
      continue;
    }
    columns.push_back({names.Take("order_" + Digest(key->plan.SerializeAsString())), *std::move(key)});
    keys.push_back(SortKeyOf(item, columns.back().name));
  }
  if (!right) return std::nullopt;
  if (columns.size() == own) return AddSort(std::move(input), std::move(keys), query);
  const std::vector<PlanColumn> kept = input.node->columns;
  input.node = plan_.AddProject(input.node, columns);
  input = AddSort(std::move(input), std::move(keys), query);
  std::vector<NamedColumn> back;
  for (const PlanColumn& column : kept) back.push_back({column.name, ColumnOf(column)});
  input.node = plan_.AddProject(input.node, back);
  return input;
}

std::optional<int64_t> QueryBinder::Count(const std::optional<Expression>& count, std::string_view what) {
  const auto* literal = std::get_if<Literal>(&count->node);
  int64_t value = 0;
  if (literal != nullptr && literal->kind == Literal::Kind::kExact && absl::SimpleAtoi(literal->text, &value))
    return value;
  ReportWrong(diagnostics_, count->range, what, " takes a whole number that is not negative");
  return std::nullopt;
}

Relation QueryBinder::AddSort(Relation input, std::vector<v1::SortKey> keys, const Query& query) {
  const std::optional<int64_t> limit = query.limit ? Count(query.limit, "LIMIT") : std::nullopt;
  const std::optional<int64_t> offset = query.offset ? Count(query.offset, "OFFSET") : 0;
  if (!input.node->bounded) {
    const SourceRange range = !query.order_by.empty() ? query.order_by[0].range
                              : query.limit           ? query.limit->range
                                                      : query.offset->range;
    ReportUnsupported(diagnostics_, range,
                      !query.order_by.empty() ? "ORDER BY"
                      : query.limit           ? "LIMIT"
                                              : "OFFSET",
                      " over unbounded input is not supported: there is no last row; bound the source, such as with "
                      "'scan.bounded.mode'");
    return input;
  }
  LogicalNode node;
  v1::Sort& sort = *node.node.mutable_sort();
  for (v1::SortKey& key : keys) {
    const PlanColumn* column = input.node->Find(key.column());
    if (column != nullptr && column->type.arrow->num_fields() > 0) {
      ReportWrong(diagnostics_, query.order_by[0].range, "ORDER BY does not take ", column->type.sql,
                  "; name a part of it");
    }
    *sort.add_keys() = std::move(key);
  }
  sort.set_offset(offset.value_or(0));
  if (limit) sort.set_limit(*limit);
  node.inputs = {{input.node, ""}};
  for (const PlanColumn& column : input.node->columns) node.columns.push_back({column.name, column.type, false});
  node.bounded = true;
  input.node = plan_.Add(std::move(node));
  for (ScopeColumn& column : input.scope.columns) column.row_time = false;
  input.window = std::nullopt;
  return input;
}

}  // namespace millrace::sql
