#pragma once

#include <optional>
#include <string>

#include "coordinator/plan/diagnostics.h"
#include "coordinator/plan/relation.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Columns of an unnest's output: the input's, then those of the element.
std::optional<Relation> UnnestRelation(const v1::Unnest& unnest, const Relation& input, const std::string& field,
                                       Diagnostics& diagnostics);

}  // namespace millrace
