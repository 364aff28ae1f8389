#pragma once

#include <optional>
#include <vector>

#include "coordinator/plan/plan_graph.h"
#include "coordinator/plan/plan_relations.h"
#include "millrace/internal/v1/record_filter.pb.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// What a source's decoder can decide for the filters that read it: records that none of them lets pass. Nothing, if
// somebody else reads the source too, if nothing can be decided there (base/expression/record_filter.h), if the source
// decodes nothing (it has no option 'format'), or if every record is wanted for what is computed from it: its event
// time, or a column for which the computation may fail.
//
// `outputs`: of what is used, as DeriveRelations gives them.
std::optional<internal::v1::RecordFilter> RecordFilterFor(int source, const v1::Plan& plan, const PlanGraph& graph,
                                                          const std::vector<NodeOutputs>& outputs);

}  // namespace millrace
