#include "coordinator/plan/unnest_relation.h"

#include <vector>

#include "arrow/type.h"
#include "base/nearest_name.h"

namespace millrace {
namespace {

constexpr std::string_view kNotNull = " NOT NULL";

// `text` cut at the commas that stand in no bracket and no back ticks.
std::vector<std::string> CutAtCommas(std::string_view text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  bool quoted = false;
  for (char c : text) {
    if (c == '`') quoted = !quoted;
    if (!quoted && (c == '<' || c == '(')) ++depth;
    if (!quoted && (c == '>' || c == ')')) --depth;
    if (c == ',' && depth == 0 && !quoted) {
      parts.emplace_back();
      continue;
    }
    // What stands behind a comma begins with a blank.
    if (c == ' ' && parts.back().empty()) continue;
    parts.back() += c;
  }
  return parts;
}

// What stands between the outer < and > of a canonical type.
std::string_view Inside(std::string_view sql) {
  const size_t first = sql.find('<') + 1;
  return sql.substr(first, sql.rfind('>') - first);
}

// "name TYPE" → "TYPE"
std::string WithoutName(const std::string& field) {
  size_t end = 0;
  bool quoted = false;
  while (end < field.size() && (quoted || field[end] != ' ')) quoted ^= field[end++] == '`';
  return field.substr(std::min(field.size(), end + 1));
}

DataType Nullable(DataType type, bool nullable) {
  if (nullable && !type.nullable) {
    type.sql.resize(type.sql.size() - kNotNull.size());
    type.nullable = true;
  }
  return type;
}

// Types of the columns that an element becomes; none: the type has no elements.
std::vector<DataType> ElementColumns(const DataType& type) {
  std::vector<DataType> columns;
  if (type.arrow->id() == arrow::Type::MAP) {
    for (const std::string& part : CutAtCommas(Inside(type.sql))) columns.push_back(*ParseDataType(part));
  }
  if (type.arrow->id() != arrow::Type::LIST) return columns;
  DataType item = *ParseDataType(Inside(type.sql));
  if (item.arrow->id() != arrow::Type::STRUCT) return {item};
  // The fields of a row that is NULL are.
  for (const std::string& part : CutAtCommas(Inside(item.sql))) {
    columns.push_back(Nullable(*ParseDataType(WithoutName(part)), item.nullable));
  }
  return columns;
}

}  // namespace

std::optional<Relation> UnnestRelation(const v1::Unnest& unnest, const Relation& input, const std::string& field,
                                       Diagnostics& diagnostics) {
  const size_t before = diagnostics.list().size();
  const TypedColumn* nested = input.Find(unnest.column());
  if (nested == nullptr) {
    diagnostics.Add(field + ".column", "the input has no column '", unnest.column(), "'", NameAdvice(unnest.column(), input.Names()));
    return std::nullopt;
  }
  std::vector<DataType> added = ElementColumns(nested->type);
  if (added.empty()) {
    diagnostics.Add(field + ".column", "'", nested->name, "' is ", nested->type.sql, ", which has no elements; unnest an ARRAY or a MAP");
    return std::nullopt;
  }
  if (unnest.ordinality()) added.push_back(*ParseDataType("INT NOT NULL"));
  if (static_cast<size_t>(unnest.names_size()) != added.size()) {
    diagnostics.Add(field + ".names", "an element of ", nested->type.sql, unnest.ordinality() ? " with its number" : "", " becomes ",
                    added.size(), added.size() == 1 ? " column" : " columns", ", and ", unnest.names_size(),
                    unnest.names_size() == 1 ? " has a name" : " have names", "; give each one");
    return std::nullopt;
  }
  Relation relation = input;
  for (int i = 0; i < unnest.names_size(); ++i) {
    const std::string where = Cat(field, ".names[", i, "]");
    if (unnest.names(i).empty()) diagnostics.Add(where, "the column has no name; give it one");
    if (relation.Find(unnest.names(i)) != nullptr) {
      diagnostics.Add(where, "the output already has a column '", unnest.names(i), "'; choose another name");
    }
    relation.columns.push_back({unnest.names(i), Nullable(std::move(added[static_cast<size_t>(i)]), unnest.outer()), false});
  }
  if (diagnostics.list().size() != before) return std::nullopt;
  return relation;
}

}  // namespace millrace
