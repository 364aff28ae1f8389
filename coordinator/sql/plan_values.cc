#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "arrow/type.h"
#include "base/expression/constant_folding.h"
#include "base/value_text.h"
#include "coordinator/sql/query_binder.h"
#include "coordinator/sql/query_hook.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/sql_types.h"

namespace millrace::sql {
namespace {

std::string JsonString(std::string_view text) {
  std::string json;
  AppendJsonString(text, &json);
  return json;
}

// -12.5e-3, without a leading zero too many or a point at an end.
bool IsJsonNumber(std::string_view text) {
  const auto digits = [&text] {
    size_t count = 0;
    while (count < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[count]))) ++count;
    const bool zero_in_front = count > 1 && text[0] == '0';
    text.remove_prefix(count);
    return std::pair(count, zero_in_front);
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto [whole, zero_in_front] = digits();
  if (whole == 0 || zero_in_front) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (digits().first == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (digits().first == 0) return false;
  }
  return text.empty();
}

// The constant as the source of VALUES reads it; nullopt: it is computed instead.
std::optional<std::string> JsonOf(const TypedExpression& value) {
  if (!value.plan.has_literal()) return std::nullopt;
  if (!value.plan.literal().has_value()) return "null";
  const std::string& text = value.plan.literal().value();
  switch (value.type.arrow->id()) {
    case arrow::Type::BOOL:
      return text;
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL128:
      return IsJsonNumber(text) ? std::optional(text) : std::nullopt;
    case arrow::Type::STRING:
      return JsonString(text);
    case arrow::Type::DATE32:
    case arrow::Type::TIME32:
      return JsonString(text);
    case arrow::Type::TIMESTAMP:
      return IsZonedTimestamp(value.type) ? std::nullopt : std::optional(JsonString(text));
    default:
      return std::nullopt;
  }
}

using Row = std::vector<TypedExpression>;

std::optional<std::string> JsonRows(const std::vector<Row>& rows, const std::vector<PlanColumn>& columns) {
  std::string json;
  for (const Row& row : rows) {
    json += "{";
    for (size_t i = 0; i < row.size(); ++i) {
      const std::optional<std::string> value = JsonOf(row[i]);
      if (!value) return std::nullopt;
      absl::StrAppend(&json, i == 0 ? "" : ",", JsonString(columns[i].name), ":", *value);
    }
    json += "}\n";
  }
  return json;
}

}  // namespace

Relation QueryBinder::OneRow() {
  Relation relation;
  LogicalNode*& node = sources_["\none row"].node;
  if (node == nullptr) {
    node = plan_.AddValues({{"one", SqlType(arrow::int32(), false), false}}, "{\"one\":1}\n");
    node->name = "one-row";
  }
  relation.node = node;
  return relation;
}

std::optional<Relation> QueryBinder::BindValues(const Values& values) {
  const Scope nothing;
  QueryHook hook(*this, nothing, nullptr, "VALUES");
  ExpressionBinder binder(nothing, session_, diagnostics_, &hook);
  std::vector<Row> rows;
  bool right = true;
  for (const Expression& expression : values.rows) {
    const auto* constructor = std::get_if<RowConstructor>(&expression.node);
    Row row;
    const size_t width = constructor != nullptr ? constructor->values.size() : 1;
    for (size_t i = 0; i < width; ++i) {
      std::optional<TypedExpression> value =
          binder.BindTyped(constructor != nullptr ? constructor->values[i] : expression);
      if (value) row.push_back(*std::move(value));
    }
    if (row.size() != width) {
      right = false;
      continue;
    }
    if (!rows.empty() && rows[0].size() != width) {
      ReportWrong(diagnostics_, expression.range, "this row has ", width, width == 1 ? " value" : " values",
                  ", but the first one has ", rows[0].size());
      right = false;
      continue;
    }
    rows.push_back(std::move(row));
  }
  if (!right || rows.empty()) return std::nullopt;
  std::vector<PlanColumn> columns;
  for (size_t column = 0; column < rows[0].size(); ++column) {
    std::vector<DataType> types;
    for (const Row& row : rows) types.push_back(row[column].type);
    std::optional<DataType> type = CommonSqlType(types);
    if (!type) {
      const size_t other = static_cast<size_t>(
          std::find_if(types.begin(), types.end(), [&](const DataType& t) { return !IsSameType(t, types[0]); }) -
          types.begin());
      ReportWrong(diagnostics_, values.rows[other].range, "value ", column + 1, " is ", types[other].sql, " here and ",
                  types[0].sql, " in the first row; CAST one of them");
      return std::nullopt;
    }
    for (Row& row : rows) {
      row[column] = ConvertTo(std::move(row[column]), *type, session_);
      row[column].plan = FoldConstants(row[column].plan);
    }
    columns.push_back({Cat("EXPR$", column), *std::move(type), false});
  }
  Relation relation;
  if (const std::optional<std::string> json = JsonRows(rows, columns)) {
    relation.node = plan_.AddValues(columns, *json);
  } else {
    std::vector<LogicalNode*> inputs;
    for (const Row& row : rows) {
      std::vector<NamedColumn> own;
      for (size_t i = 0; i < row.size(); ++i) own.push_back({columns[i].name, row[i]});
      inputs.push_back(plan_.AddProject(OneRow().node, own));
    }
    relation.node = plan_.AddUnion(inputs);
  }
  for (const PlanColumn& column : columns)
    relation.scope.columns.push_back({"", column.name, column.type, column.name, false});
  return relation;
}

}  // namespace millrace::sql
