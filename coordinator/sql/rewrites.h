#pragma once

#include <vector>

#include "coordinator/sql/logical_plan.h"

namespace millrace::sql {

// Who reads whom. Producers stand before consumers.
std::vector<LogicalNode*> Reachable(const std::vector<LogicalNode*>& sinks);

// Each keeps what the sinks receive. `sinks`: the ends of the plan.

// Constants are computed; what is always TRUE is dropped from filters.
void FoldConstants(const std::vector<LogicalNode*>& sinks);
// Conditions move towards the sources, below projects, unions and UNNEST, one by one; filters on top of each other are
// one. One that can fail stays behind those that kept it from failing, one with a volatile function where it is.
void PushFilters(const std::vector<LogicalNode*>& sinks, LogicalPlan& plan);
// Projects on top of each other are one where nothing is computed twice; those that change nothing are dropped.
void MergeProjects(const std::vector<LogicalNode*>& sinks);
// Projects and computed columns that nobody reads are dropped.
void PruneColumns(const std::vector<LogicalNode*>& sinks);

// As of base/expression/condition.h.
bool MayFail(const v1::Expression& expression, const std::vector<PlanColumn>& input);

}  // namespace millrace::sql
