#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/plan/diagnostics.h"
#include "coordinator/plan/relation.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Columns of a window_aggregate's main output: keys, window_start, window_end, aggregates.
std::optional<Relation> WindowRelation(const v1::WindowAggregate& window, const Relation& input, const std::string& field,
                                       Diagnostics& diagnostics);

// Columns of its late output: the input's, window_end, watermark. An input column of either name is refused, whether or
// not someone reads the late rows: connecting them later must not ask for other names.
std::optional<Relation> LateRelation(const v1::WindowAggregate& window, const Relation& input, const std::string& field,
                                     Diagnostics& diagnostics);

// Columns that the window reads: keys, time column, arguments.
std::vector<std::string> WindowReads(const v1::WindowAggregate& window);

}  // namespace millrace
