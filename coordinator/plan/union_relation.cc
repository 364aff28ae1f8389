#include "coordinator/plan/union_relation.h"

#include <algorithm>

namespace millrace {
namespace {

std::string WithoutNotNull(std::string sql) {
  constexpr std::string_view kNotNull = " NOT NULL";
  if (std::string_view(sql).ends_with(kNotNull)) sql.resize(sql.size() - kNotNull.size());
  return sql;
}

void CheckInput(const Relation& first, const Relation& input, const std::string& field, Diagnostics& diagnostics) {
  if (input.columns.size() != first.columns.size()) {
    diagnostics.Add(field, "it has ", input.columns.size(), input.columns.size() == 1 ? " column" : " columns", ", and inputs[0] ",
                    first.columns.size(), "; a union puts the same columns together: project them");
    return;
  }
  for (size_t i = 0; i < first.columns.size(); ++i) {
    const TypedColumn& ours = input.columns[i];
    const TypedColumn& theirs = first.columns[i];
    if (WithoutNotNull(ours.type.sql) == WithoutNotNull(theirs.type.sql)) continue;
    diagnostics.Add(field, "its column ", i + 1, ", '", ours.name, "', is ", ours.type.sql, ", and that of inputs[0], '", theirs.name,
                    "', is ", theirs.type.sql, "; cast one in a project");
  }
}

}  // namespace

std::optional<Relation> UnionRelation(std::span<const Relation* const> inputs, const std::string& field, UnionColumns& taken,
                                      Diagnostics& diagnostics) {
  const size_t before = diagnostics.list().size();
  if (inputs.empty() || std::find(inputs.begin(), inputs.end(), nullptr) != inputs.end()) return std::nullopt;
  for (size_t i = 1; i < inputs.size(); ++i) CheckInput(*inputs[0], *inputs[i], Cat(field, ".inputs[", i, "]"), diagnostics);
  if (diagnostics.list().size() != before) return std::nullopt;
  taken.clear();
  for (const Relation* input : inputs) taken.push_back(input->Names());
  return UnionOf(inputs, taken);
}

UnionColumns ReadByUnion(const UnionColumns& taken, const Relation& output, const std::set<std::string>& used) {
  std::vector<size_t> kept;
  for (size_t i = 0; i < output.columns.size(); ++i) {
    if (output.columns[i].row_time || used.contains(output.columns[i].name)) kept.push_back(i);
  }
  if (kept.empty()) kept.push_back(0);
  UnionColumns read;
  for (const std::vector<std::string>& names : taken) {
    read.emplace_back();
    for (size_t i : kept) read.back().push_back(names[i]);
  }
  return read;
}

Relation UnionOf(std::span<const Relation* const> inputs, const UnionColumns& taken) {
  Relation output;
  for (size_t i = 0; i < taken[0].size(); ++i) {
    TypedColumn column = *inputs[0]->Find(taken[0][i]);
    for (size_t k = 1; k < inputs.size(); ++k) {
      const TypedColumn& other = *inputs[k]->Find(taken[k][i]);
      column.row_time &= other.row_time;
      if (column.start_of != other.start_of) column.start_of.clear();
      if (column.end_of != other.end_of) column.end_of.clear();
      if (other.type.nullable && !column.type.nullable) column.type = *ParseDataType(WithoutNotNull(column.type.sql));
    }
    output.columns.push_back(std::move(column));
  }
  return output;
}

}  // namespace millrace
