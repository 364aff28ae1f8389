#pragma once

#include <vector>

#include "coordinator/sql/logical_plan.h"

namespace millrace::sql {

// Gives every node a uid: its role, where its rows come from, and a digest of what it means for state.
//   clicks                     the source of a table (clicks-3fa2b1: with a hint that changes its options)
//   clicks-tumble-1m-3fa2b1    a window or aggregate: keys, window, aggregates, and what its rows are (tables,
//   conditions) clicks_1m-sink             the sink of a table; clicks_1m-project, clicks_1m-filter: what has no state,
//   by its sink
// Two of one meaning get -2, -3, … in the order of the script. Nothing else of the script changes a uid: neither how it
// is written, nor other statements, nor columns that the operator does not look at.
// `nodes` are producers before consumers; a uid that is set stays.
void AssignUids(const std::vector<LogicalNode*>& nodes);

}  // namespace millrace::sql
