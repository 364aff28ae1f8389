#include "coordinator/plan/plan_relations.h"

#include "base/dead_letter_columns.h"
#include "base/expression/function_registry.h"
#include "base/nearest_name.h"
#include "coordinator/plan/expression_types.h"
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
    const TypedColumn* copied = column.expression().has_column() ? input.Find(column.expression().column()) : nullptr;
    relation.columns.push_back({column.name(), *std::move(type), copied != nullptr && copied->row_time});
  }
  if (diagnostics.list().size() != before) return std::nullopt;
  return relation;
}

// The columns that the source decodes: those in use and its row time; its first one if nothing is in use, so that rows
// have a number.
Relation Decoded(const Relation& source, const std::set<std::string>& used) {
  Relation decoded;
  for (const TypedColumn& column : source.columns) {
    if (column.row_time || used.contains(column.name)) decoded.columns.push_back(column);
  }
  if (decoded.columns.empty()) decoded.columns.push_back(source.columns.front());
  return decoded;
}

NodeOutputs OutputsOf(const v1::Node& node, const Relation* input, const std::set<std::string>* used, const std::string& field,
                      Diagnostics& diagnostics) {
  NodeOutputs outputs;
  if (node.has_source()) {
    outputs.main = SourceRelation(node.source(), field + ".source", diagnostics);
    if (outputs.main && used != nullptr) outputs.main = Decoded(*outputs.main, *used);
    outputs.side = DeadLetterRelation();
  }
  if (input == nullptr) return outputs;
  switch (node.kind_case()) {
    case v1::Node::kFilter:
      CheckFilter(node.filter(), *input, field + ".filter.condition", diagnostics);
      outputs.main = *input;
      break;
    case v1::Node::kProject:
      outputs.main = ProjectRelation(node.project(), *input, field + ".project", diagnostics);
      break;
    case v1::Node::kWindowAggregate:
      outputs.main = WindowRelation(node.window_aggregate(), *input, field + ".window_aggregate", diagnostics);
      if (outputs.main) outputs.side = LateRelation(node.window_aggregate(), *input, field, diagnostics);
      break;
    default:
      break;
  }
  return outputs;
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
      [[fallthrough]];
    default:
      for (const TypedColumn& column : available.columns) names.insert(column.name);
  }
}

}  // namespace

std::vector<NodeOutputs> DeriveRelations(const v1::Plan& plan, const PlanGraph& graph, const UsedColumns* used,
                                         Diagnostics& diagnostics) {
  std::vector<NodeOutputs> outputs(plan.nodes_size());
  for (int node : graph.topological()) {
    const Relation* input = nullptr;
    if (const PlanGraph::Edge* edge = graph.input(node); edge != nullptr && edge->from >= 0) {
      const std::optional<Relation>& relation = outputs[edge->from].At(edge->output);
      if (relation) input = &*relation;
    }
    outputs[node] = OutputsOf(plan.nodes(node), input, used == nullptr ? nullptr : &(*used)[node], Cat("nodes[", node, "]"), diagnostics);
  }
  return outputs;
}

UsedColumns FindUsedColumns(const v1::Plan& plan, const PlanGraph& graph, const std::vector<NodeOutputs>& outputs) {
  UsedColumns used(plan.nodes_size());
  for (auto node = graph.topological().rbegin(); node != graph.topological().rend(); ++node) {
    const PlanGraph::Edge* edge = graph.input(*node);
    if (edge == nullptr || edge->output != 0) continue;
    CollectRead(plan.nodes(*node), *outputs[edge->from].main, graph.IsConnected(*node, 1), used[*node], used[edge->from]);
  }
  return used;
}

Relation DeadLetterRelation() {
  Relation relation;
  for (const auto& [name, type] : kDeadLetterColumns) relation.columns.push_back({name, *ParseDataType(type), false});
  return relation;
}

}  // namespace millrace
