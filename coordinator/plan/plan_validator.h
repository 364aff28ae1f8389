#pragma once

#include <vector>

#include "connectors/registry.h"
#include "millrace/v1/pipeline_service.pb.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Everything that is wrong with a plan, in the order: the plan's own fields, nodes and edges, columns, connectors.
// Empty: it can run. Touches nothing outside. Columns behind a node that is wrong are unknown, so that one mistake is
// told once.
std::vector<v1::Diagnostic> ValidatePlan(const v1::Plan& plan, const ConnectorRegistry& connectors);

}  // namespace millrace
