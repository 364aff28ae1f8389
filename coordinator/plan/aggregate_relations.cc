#include "coordinator/plan/aggregate_relations.h"

#include <algorithm>

#include "base/expression/aggregate_nullability.h"
#include "base/expression/function_registry.h"
#include "base/nearest_name.h"

namespace millrace {
namespace {

// Nothing: diagnostics say why there is no argument that could be aggregated.
bool CheckColumns(const v1::Aggregate& aggregate, const Relation& input, const std::string& where,
                  std::optional<DataType>& argument, Diagnostics& diagnostics) {
  const size_t before = diagnostics.list().size();
  if (!aggregate.filter().empty()) {
    const TypedColumn* filter = input.Find(aggregate.filter());
    if (filter == nullptr) {
      diagnostics.Add(where + ".filter", "the input has no column '", aggregate.filter(), "'",
                      NameAdvice(aggregate.filter(), input.Names()));
    } else if (!filter->type.sql.starts_with("BOOLEAN")) {
      diagnostics.Add(where + ".filter", "'", filter->name, "' is ", filter->type.sql,
                      ", and a filter is a BOOLEAN column; compare it with something in a project");
    }
  }
  if (aggregate.column().empty()) {
    if (aggregate.distinct()) {
      diagnostics.Add(where + ".distinct", aggregate.function(), " counts rows here, which have no values that could be the same; "
                      "give it a column, or leave distinct out");
    }
    return diagnostics.list().size() == before;
  }
  const TypedColumn* column = input.Find(aggregate.column());
  if (column == nullptr) {
    diagnostics.Add(where + ".column", "the input has no column '", aggregate.column(), "'",
                    NameAdvice(aggregate.column(), input.Names()));
    return false;
  }
  if (aggregate.distinct() && !IsKeyType(column->type)) {
    diagnostics.Add(where + ".distinct", "'", column->name, "' is ", column->type.sql,
                    ", whose values cannot be told apart; project the parts that matter");
  }
  argument = column->type;
  return diagnostics.list().size() == before;
}

}  // namespace

void AddResult(const std::string& where, const std::string& name, DataType type, Relation& relation, Diagnostics& diagnostics) {
  if (relation.Find(name) != nullptr) {
    diagnostics.Add(where, "the output already has a column '", name, "'; choose another name");
  }
  relation.columns.push_back({name, std::move(type), false});
}

void AddKeys(const KeyNames& keys, const Relation& input, const std::string& field, Relation& relation, Diagnostics& diagnostics) {
  for (int i = 0; i < keys.size(); ++i) {
    const std::string where = Cat(field, ".keys[", i, "]");
    const TypedColumn* key = input.Find(keys[i]);
    if (key == nullptr) {
      diagnostics.Add(where, "the input has no column '", keys[i], "'", NameAdvice(keys[i], input.Names()));
    } else if (!IsKeyType(key->type)) {
      diagnostics.Add(where, "'", key->name, "' is ", key->type.sql, ", which cannot be a key; project the parts that matter");
    } else if (relation.Find(key->name) != nullptr) {
      diagnostics.Add(where, "'", key->name, "' is a key twice; remove one");
    } else {
      AddResult(where, key->name, key->type, relation, diagnostics);
    }
  }
}

void AddAggregates(const Aggregates& aggregates, bool groups, const Relation& input, const std::string& field,
                   Relation& relation, Diagnostics& diagnostics) {
  for (int i = 0; i < aggregates.size(); ++i) {
    const v1::Aggregate& aggregate = aggregates[i];
    const std::string where = Cat(field, ".aggregates[", i, "]");
    if (aggregate.name().empty()) diagnostics.Add(where + ".name", "the result has no name; give it one");
    std::optional<DataType> argument;
    if (!CheckColumns(aggregate, input, where, argument, diagnostics)) continue;
    absl::StatusOr<DataType> type = AggregateResultType(aggregate.function(), argument);
    if (!type.ok()) {
      diagnostics.Add(where, type.status());
    } else if (!aggregate.name().empty()) {
      if (groups && argument) *type = ResultOfGroup(aggregate, *argument, *std::move(type));
      AddResult(where + ".name", aggregate.name(), *std::move(type), relation, diagnostics);
    }
  }
}

std::optional<Relation> GroupRelation(const v1::GroupAggregate& group, const Relation& input, const std::string& field,
                                      Diagnostics& diagnostics) {
  const size_t before = diagnostics.list().size();
  Relation relation;
  AddKeys(group.keys(), input, field, relation, diagnostics);
  if (group.keys().empty() && group.aggregates().empty()) {
    diagnostics.Add(field, "it neither groups nor computes anything; add keys, or an aggregate, such as count");
  }
  AddAggregates(group.aggregates(), !group.keys().empty(), input, field, relation, diagnostics);
  if (diagnostics.list().size() != before) return std::nullopt;
  return relation;
}

std::vector<std::string> AggregateReads(const KeyNames& keys, const Aggregates& aggregates) {
  std::vector<std::string> names(keys.begin(), keys.end());
  for (const v1::Aggregate& aggregate : aggregates) {
    if (!aggregate.column().empty()) names.push_back(aggregate.column());
    if (!aggregate.filter().empty()) names.push_back(aggregate.filter());
  }
  return names;
}

bool CountsDistinct(const Aggregates& aggregates) {
  return std::any_of(aggregates.begin(), aggregates.end(), [](const v1::Aggregate& aggregate) {
    return aggregate.distinct() && aggregate.function() != "min" && aggregate.function() != "max";
  });
}

}  // namespace millrace
