#include "coordinator/plan/unnest_relation.h"

#include <vector>

#include "arrow/type.h"
#include "base/element_types.h"
#include "base/nearest_name.h"

namespace millrace {
namespace {

constexpr std::string_view kNotNull = " NOT NULL";

DataType Nullable(DataType type, bool nullable) {
  if (nullable && !type.nullable) {
    type.sql.resize(type.sql.size() - kNotNull.size());
    type.nullable = true;
  }
  return type;
}

// Types of the columns that an element becomes; none: the type has no elements.
std::vector<DataType> ElementColumns(const DataType& type) {
  const arrow::Type::type id = type.arrow->id();
  if (id != arrow::Type::MAP && id != arrow::Type::LIST) return {};
  std::vector<DataType> columns = *ElementTypesOf(type);
  if (id == arrow::Type::MAP || columns[0].arrow->id() != arrow::Type::STRUCT) return columns;
  const DataType item = std::move(columns[0]);
  columns = *ElementTypesOf(item);
  // The fields of a row that is NULL are.
  for (DataType& column : columns) column = Nullable(std::move(column), item.nullable);
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
