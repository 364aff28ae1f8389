#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "millrace/internal/v1/control.pb.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace {

// Which subtask reads which split. Pure. Splits are dealt round-robin in the order of their ids, so that the same
// splits and parallelism always give the same assignment.

// Where the splits of every source stand at a start: what the checkpoint says, and for splits that it does not know yet
// the start positions. `restored` may be null.
std::vector<storage::v1::SourceState> PositionsAtStart(const storage::v1::PipelineRecord& record,
                                                       const storage::v1::Manifest* restored);

// One assignment per source and subtask, also for those that get no split.
std::vector<internal::v1::SplitAssignment> AssignSplits(const std::vector<storage::v1::SourceState>& sources, uint32_t parallelism);

// For splits that were found while running: deals on after `num_assigned`. Only subtasks that get one are listed.
std::vector<internal::v1::SplitAssignment> AssignNewSplits(const storage::v1::SourceState& found, uint32_t num_assigned,
                                                           uint32_t parallelism);

}  // namespace millrace
