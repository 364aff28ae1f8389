#include "coordinator/plan/plan_relations.h"

#include <algorithm>

#include "base/dead_letter_columns.h"
#include "base/expression/function_registry.h"
#include "base/nearest_name.h"
#include "coordinator/plan/aggregate_relations.h"
#include "coordinator/plan/event_time_columns.h"
#include "coordinator/plan/expression_types.h"
#include "coordinator/plan/unnest_relation.h"
#include "coordinator/plan/window_relations.h"

namespace millrace {
namespace {

void CheckWatermark(const v1::WatermarkSpec& watermark, Relation& relation, const std::string& field, Diagnostics& diagnostics) {
  if (watermark.max_out_of_orderness_ms() < 0) {
    diagnostics.Add(field + ".max_out_of_orderness_ms", watermark.max_out_of_orderness_ms(), " ms is negative; use 0 or more");
  }
  if (watermark.idle_timeout_ms() < 0) {
    diagnostics.Add(field + ".idle_timeout_ms", watermark.idle_timeout_ms(), " ms is negative; use 0 (never idle) or more");
  }
  for (TypedColumn& column : relation.columns) {
    if (column.name != watermark.column()) continue;
    const bool timestamp = column.type.sql.starts_with("TIMESTAMP");
    column.row_time = timestamp && column.type.precision <= 3;
    if (!timestamp) {
      diagnostics.Add(field + ".column", "'", column.name, "' is ", column.type.sql,
                      "; event time is a TIMESTAMP(p) or TIMESTAMP_LTZ(p) with p of at most 3");
    } else if (!column.row_time) {
      diagnostics.Add(field + ".column", "'", column.name, "' is ", column.type.sql,
                      "; event time has a precision of at most 3: declare it as ",
                      column.type.sql.starts_with("TIMESTAMP_LTZ") ? "TIMESTAMP_LTZ(3)" : "TIMESTAMP(3)");
    }
    return;
  }
  diagnostics.Add(field + ".column", "the source has no column '", watermark.column(), "'",
                  NameAdvice(watermark.column(), relation.Names()));
}

std::optional<Relation> SourceRelation(const v1::Source& source, const std::string& field, Diagnostics& diagnostics) {
  const size_t before = diagnostics.list().size();
  if (source.columns().empty()) diagnostics.Add(field + ".columns", "the source has no columns; list what its records hold");
  Relation relation;
  for (int i = 0; i < source.columns_size(); ++i) {
    const v1::Column& column = source.columns(i);
    const std::string where = Cat(field, ".columns[", i, "]");
    if (column.name().empty()) diagnostics.Add(where + ".name", "the column has no name; give it one");
    if (relation.Find(column.name()) != nullptr) {
      diagnostics.Add(where + ".name", "there are two columns named '", column.name(), "'; rename one");
    }
    absl::StatusOr<DataType> type = ParseDataType(column.type());
    if (!type.ok()) diagnostics.Add(where + ".type", type.status());
    if (type.ok()) relation.columns.push_back({column.name(), *std::move(type), false});
  }
  if (diagnostics.list().size() != before) return std::nullopt;
  const Relation decoded = relation;
  for (int i = 0; i < source.computed_size(); ++i) {
    const v1::NamedExpression& column = source.computed(i);
    const std::string where = Cat(field, ".computed[", i, "]");
    if (column.name().empty()) diagnostics.Add(where + ".name", "the column has no name; give it one");
    if (relation.Find(column.name()) != nullptr) {
      diagnostics.Add(where + ".name", "there are two columns named '", column.name(), "'; rename one");
    }
    std::optional<DataType> type = TypeOfExpression(column.expression(), decoded, where + ".expression", diagnostics);
    if (type) relation.columns.push_back({column.name(), *std::move(type), false});
  }
  if (diagnostics.list().size() != before) return std::nullopt;
  if (source.has_watermark()) CheckWatermark(source.watermark(), relation, field + ".watermark", diagnostics);
  return relation;
}

void CheckFilter(const v1::Filter& filter, const Relation& input, const std::string& field, Diagnostics& diagnostics) {
  std::optional<DataType> type = TypeOfExpression(filter.condition(), input, field, diagnostics);
  if (!type || type->sql.starts_with("BOOLEAN")) return;
  diagnostics.Add(field, "a condition is BOOLEAN, but this is ", type->sql, "; compare it with something");
}

std::optional<Relation> ProjectRelation(const v1::Project& project, const Relation& input, const std::string& field,
                                        Diagnostics& diagnostics) {
  const size_t before = diagnostics.list().size();
  if (project.columns().empty()) diagnostics.Add(field + ".columns", "the project has no columns; list at least one");
  Relation relation;
  for (int i = 0; i < project.columns_size(); ++i) {
    const v1::NamedExpression& column = project.columns(i);
    const std::string where = Cat(field, ".columns[", i, "]");
    if (column.name().empty()) diagnostics.Add(where + ".name", "the column has no name; give it one");
    if (relation.Find(column.name()) != nullptr) {
      diagnostics.Add(where + ".name", "there are two columns named '", column.name(), "'; rename one");
    }
    std::optional<DataType> type = TypeOfExpression(column.expression(), input, where + ".expression", diagnostics);
    if (!type) continue;
    relation.columns.push_back({column.name(), *std::move(type)});
    MarkEventTime(column.expression(), input, relation.columns.back());
  }
  if (diagnostics.list().size() != before) return std::nullopt;
  return relation;
}

void CollectColumns(const v1::Expression& expression, std::set<std::string>& names) {
  switch (expression.kind_case()) {
    case v1::Expression::kColumn:
      names.insert(expression.column());
      break;
    case v1::Expression::kCall:
      for (const v1::Expression& arg : expression.call().args()) CollectColumns(arg, names);
      break;
    case v1::Expression::kCast:
      CollectColumns(expression.cast().operand(), names);
      break;
    default:
      break;
  }
}

// The source's columns that are decoded or computed: those in use, its row time, and what those that are computed are
// computed from; its first one if nothing is in use, so that rows have a number.
Relation Decoded(const v1::Source& source, const Relation& all, std::set<std::string> used) {
  for (const TypedColumn& column : all.columns) {
    if (column.row_time) used.insert(column.name);
  }
  for (const v1::NamedExpression& column : source.computed()) {
    if (used.contains(column.name())) CollectColumns(column.expression(), used);
  }
  const auto end_of_records = all.columns.begin() + source.columns_size();
  const bool reads = std::any_of(all.columns.begin(), end_of_records, [&](const TypedColumn& c) { return used.contains(c.name); });
  if (!reads) used.insert(all.columns.front().name);
  Relation decoded;
  for (const TypedColumn& column : all.columns) {
    if (used.contains(column.name)) decoded.columns.push_back(column);
  }
  return decoded;
}

void CheckSort(const v1::Sort& sort, const Relation& input, const std::string& field, Diagnostics& diagnostics) {
  for (int i = 0; i < sort.keys_size(); ++i) {
    const std::string where = Cat(field, ".keys[", i, "].column");
    const std::string& name = sort.keys(i).column();
    const TypedColumn* key = input.Find(name);
    if (key == nullptr) {
      diagnostics.Add(where, "the input has no column '", name, "'", NameAdvice(name, input.Names()));
    } else if (!IsKeyType(key->type)) {
      diagnostics.Add(where, "'", name, "' is ", key->type.sql, ", which has no order; project the parts that matter");
    }
  }
  if (sort.offset() < 0) diagnostics.Add(field + ".offset", sort.offset(), " rows cannot be left out; use 0 or more");
  if (sort.limit() < 0) diagnostics.Add(field + ".limit", sort.limit(), " rows cannot be kept; use 0 or more");
}

// Its rows come when all others have been seen: they carry no event time.
Relation WithoutRowTime(Relation relation) {
  for (TypedColumn& column : relation.columns) column = {column.name, column.type};
  return relation;
}

// `read`: what is in use; null: whole relations.
NodeOutputs OutputsOf(const v1::Node& node, int index, std::span<const Relation* const> inputs, const UsedColumns* read,
                      Diagnostics& diagnostics) {
  const std::string field = Cat("nodes[", index, "]");
  NodeOutputs outputs;
  if (node.has_source()) {
    outputs.main = SourceRelation(node.source(), field + ".source", diagnostics);
    if (outputs.main && read != nullptr) outputs.main = Decoded(node.source(), *outputs.main, read->names[index]);
    outputs.side = DeadLetterRelation();
  }
  if (node.has_union_() && read != nullptr) {
    outputs.taken = read->taken[index];
    outputs.main = UnionOf(inputs, outputs.taken);
  } else if (node.has_union_()) {
    outputs.main = UnionRelation(inputs, field, outputs.taken, diagnostics);
  }
  const Relation* input = inputs.size() == 1 ? inputs[0] : nullptr;
  if (input == nullptr) return outputs;
  switch (node.kind_case()) {
    case v1::Node::kFilter:
      CheckFilter(node.filter(), *input, field + ".filter.condition", diagnostics);
      outputs.main = *input;
      outputs.side = DeadLetterRelation();
      break;
    case v1::Node::kProject:
      outputs.main = ProjectRelation(node.project(), *input, field + ".project", diagnostics);
      outputs.side = DeadLetterRelation();
      break;
    case v1::Node::kWindowAggregate:
      outputs.main = WindowRelation(node.window_aggregate(), *input, field + ".window_aggregate", diagnostics);
      if (outputs.main) outputs.side = LateRelation(node.window_aggregate(), *input, field, diagnostics);
      break;
    case v1::Node::kGroupAggregate:
      outputs.main = GroupRelation(node.group_aggregate(), *input, field + ".group_aggregate", diagnostics);
      break;
    case v1::Node::kSort:
      CheckSort(node.sort(), *input, field + ".sort", diagnostics);
      outputs.main = WithoutRowTime(*input);
      break;
    case v1::Node::kUnnest:
      outputs.main = UnnestRelation(node.unnest(), *input, field + ".unnest", diagnostics);
      break;
    default:
      break;
  }
  return outputs;
}

// What a node reads of its input, which has `available` columns and whose main output is used as `own_used`.
void CollectRead(const v1::Node& node, const Relation& available, bool side_connected, const std::set<std::string>& own_used,
                 std::set<std::string>& names) {
  switch (node.kind_case()) {
    case v1::Node::kFilter:
      names.insert(own_used.begin(), own_used.end());
      CollectColumns(node.filter().condition(), names);
      break;
    case v1::Node::kProject:
      for (const v1::NamedExpression& column : node.project().columns()) CollectColumns(column.expression(), names);
      break;
    case v1::Node::kWindowAggregate:
      if (!side_connected) {
        const std::vector<std::string> read = WindowReads(node.window_aggregate());
        names.insert(read.begin(), read.end());
        break;
      }
      for (const TypedColumn& column : available.columns) names.insert(column.name);
      break;
    case v1::Node::kGroupAggregate: {
      const std::vector<std::string> read = AggregateReads(node.group_aggregate().keys(), node.group_aggregate().aggregates());
      names.insert(read.begin(), read.end());
      break;
    }
    case v1::Node::kSort:
      names.insert(own_used.begin(), own_used.end());
      for (const v1::SortKey& key : node.sort().keys()) names.insert(key.column());
      break;
    case v1::Node::kUnnest:
      names.insert(own_used.begin(), own_used.end());
      for (const std::string& name : node.unnest().names()) names.erase(name);
      names.insert(node.unnest().column());
      break;
    default:
      for (const TypedColumn& column : available.columns) names.insert(column.name);
  }
}

}  // namespace

std::vector<NodeOutputs> DeriveRelations(const v1::Plan& plan, const PlanGraph& graph, const UsedColumns* used,
                                         Diagnostics& diagnostics) {
  std::vector<NodeOutputs> outputs(plan.nodes_size());
  for (int node : graph.topological()) {
    std::vector<const Relation*> inputs;
    for (const PlanGraph::Edge& edge : graph.inputs(node)) {
      const std::optional<Relation>* relation = edge.from < 0 ? nullptr : &outputs[edge.from].At(edge.output);
      inputs.push_back(relation != nullptr && relation->has_value() ? &**relation : nullptr);
    }
    outputs[node] = OutputsOf(plan.nodes(node), node, inputs, used, diagnostics);
  }
  return outputs;
}

UsedColumns FindUsedColumns(const v1::Plan& plan, const PlanGraph& graph, const std::vector<NodeOutputs>& outputs) {
  UsedColumns used;
  used.names.resize(plan.nodes_size());
  used.taken.resize(plan.nodes_size());
  for (auto at = graph.topological().rbegin(); at != graph.topological().rend(); ++at) {
    const int node = *at;
    if (plan.nodes(node).has_union_()) {
      used.taken[node] = ReadByUnion(outputs[node].taken, *outputs[node].main, used.names[node]);
      for (size_t i = 0; i < graph.inputs(node).size(); ++i) {
        const PlanGraph::Edge& edge = graph.inputs(node)[i];
        if (edge.output == 0) used.names[edge.from].insert(used.taken[node][i].begin(), used.taken[node][i].end());
      }
      continue;
    }
    const PlanGraph::Edge* edge = graph.input(node);
    if (edge == nullptr || edge->output != 0) continue;
    CollectRead(plan.nodes(node), *outputs[edge->from].main, graph.IsConnected(node, 1), used.names[node], used.names[edge->from]);
  }
  return used;
}

Relation DeadLetterRelation() {
  Relation relation;
  for (const auto& [name, type] : kDeadLetterColumns) relation.columns.push_back({name, *ParseDataType(type), false});
  return relation;
}

}  // namespace millrace
