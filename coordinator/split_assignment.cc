#include "coordinator/split_assignment.h"

#include "base/planted_bug.h"

#include <algorithm>

namespace millrace {
namespace {

using storage::v1::SourceState;
using storage::v1::SplitState;

std::vector<const SplitState*> Sorted(const SourceState& source) {
  std::vector<const SplitState*> splits;
  for (const SplitState& split : source.splits()) splits.push_back(&split);
  std::sort(splits.begin(), splits.end(), [](const SplitState* a, const SplitState* b) { return a->id() < b->id(); });
  return splits;
}

std::vector<internal::v1::SplitAssignment> Deal(const SourceState& source, uint32_t offset, uint32_t parallelism) {
  std::vector<internal::v1::SplitAssignment> assignments(parallelism);
  for (uint32_t index = 0; index < parallelism; ++index) {
    assignments[index].set_source_uid(source.uid());
    assignments[index].set_index(index);
    assignments[index].set_system_id(source.system_id());
  }
  uint32_t next = offset;
  for (const SplitState* split : Sorted(source)) *assignments[next++ % parallelism].add_splits() = *split;
  if (MILLRACE_PLANTED(split_read_twice) && parallelism > 1 && !assignments[0].splits().empty()) {
    *assignments[1].add_splits() = assignments[0].splits(0);
  }
  return assignments;
}

}  // namespace

std::vector<SourceState> PositionsAtStart(const storage::v1::PipelineRecord& record, const storage::v1::Manifest* restored) {
  std::map<std::string, SourceState> sources;
  if (restored != nullptr && !MILLRACE_PLANTED(positions_forgotten)) {
    for (const SourceState& source : restored->sources()) sources[source.uid()] = source;
  }
  for (const SourceState& start : record.start_positions()) {
    SourceState& source = sources[start.uid()];
    source.set_uid(start.uid());
    if (source.system_id().empty()) source.set_system_id(start.system_id());
    for (const SplitState& split : start.splits()) {
      bool known = std::any_of(source.splits().begin(), source.splits().end(),
                               [&](const SplitState& other) { return other.id() == split.id(); });
      if (!known) *source.add_splits() = split;
    }
  }
  std::vector<SourceState> result;
  for (auto& [uid, source] : sources) result.push_back(std::move(source));
  return result;
}

std::vector<internal::v1::SplitAssignment> AssignSplits(const std::vector<SourceState>& sources, uint32_t parallelism) {
  std::vector<internal::v1::SplitAssignment> result;
  for (const SourceState& source : sources) {
    for (auto& assignment : Deal(source, 0, parallelism)) result.push_back(std::move(assignment));
  }
  return result;
}

std::vector<internal::v1::SplitAssignment> AssignNewSplits(const SourceState& found, uint32_t num_assigned, uint32_t parallelism) {
  std::vector<internal::v1::SplitAssignment> result = Deal(found, num_assigned % parallelism, parallelism);
  std::erase_if(result, [](const auto& assignment) { return assignment.splits().empty(); });
  return result;
}

}  // namespace millrace
