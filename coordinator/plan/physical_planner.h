#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "millrace/internal/v1/control.pb.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Cuts a plan into stages. All nodes between two exchanges are one stage. What keeps state stands behind an exchange: a
// window_aggregate, a group_aggregate, each with a combiner that ends the stage in front, but where a value counts once
// only, and a sort. So does a union whose inputs come from several stages: subtask i hands on to its subtask i. Columns
// that nobody reads are not even decoded.
//
// parallelism: subtasks per stage; 0 takes the plan's, and 1 if that is 0 too.
// Fails: InvalidArgument: the plan is not valid (only the first reason; ValidatePlan has all of them).
absl::StatusOr<internal::v1::PhysicalPlan> MakePhysicalPlan(const v1::Plan& plan, uint32_t parallelism);

}  // namespace millrace
