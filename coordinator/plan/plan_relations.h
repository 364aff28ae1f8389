#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "coordinator/plan/diagnostics.h"
#include "coordinator/plan/plan_graph.h"
#include "coordinator/plan/relation.h"
#include "coordinator/plan/union_relation.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Columns of a node's outputs. Nothing: there is no such output, or diagnostics say why it has no columns.
struct NodeOutputs {
  std::optional<Relation> main;
  // "late" or "dead_letter".
  std::optional<Relation> side;
  // Of a union.
  UnionColumns taken;
  const std::optional<Relation>& At(uint32_t output) const { return output == 0 ? main : side; }
};

// What is read, by node.
struct UsedColumns {
  // Names of the columns of a node's main output that someone reads.
  std::vector<std::set<std::string>> names;
  // Of a union.
  std::vector<UnionColumns> taken;
};

// Types every node in topological order; the result has one entry per node of the plan. With `used`, sources hand on
// only those columns (and their row time), as they do when the plan runs.
std::vector<NodeOutputs> DeriveRelations(const v1::Plan& plan, const PlanGraph& graph, const UsedColumns* used,
                                         Diagnostics& diagnostics);

// Walks the plan from its sinks to its sources. `outputs` are those of DeriveRelations, complete.
UsedColumns FindUsedColumns(const v1::Plan& plan, const PlanGraph& graph, const std::vector<NodeOutputs>& outputs);

// Columns of dead letters, as connectors/dead_letter.h says.
Relation DeadLetterRelation();

}  // namespace millrace
