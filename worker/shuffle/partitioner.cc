#include "worker/shuffle/partitioner.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include "base/arrow_status.h"
#include "base/check.h"
#include "base/macros.h"

namespace millrace {

absl::StatusOr<std::vector<BatchPtr>> PartitionByHash(const BatchPtr& rows, const std::vector<uint64_t>& key_hashes,
                                                      uint32_t parallelism, uint32_t num_key_groups) {
  Check(key_hashes.size() == static_cast<size_t>(rows->num_rows()), "one hash per row");
  std::vector<BatchPtr> slices(parallelism);
  if (rows->num_rows() == 0) return slices;
  if (parallelism == 1) {
    slices[0] = rows;
    return slices;
  }
  std::vector<std::vector<int32_t>> indices(parallelism);
  for (size_t row = 0; row < key_hashes.size(); ++row) {
    uint32_t group = KeyGroupOfHash(key_hashes[row], num_key_groups);
    indices[SubtaskOfKeyGroup(group, parallelism, num_key_groups)].push_back(static_cast<int32_t>(row));
  }
  for (uint32_t subtask = 0; subtask < parallelism; ++subtask) {
    if (indices[subtask].empty()) continue;
    if (indices[subtask].size() == key_hashes.size()) {
      slices[subtask] = rows;
      continue;
    }
    arrow::Int32Array take(static_cast<int64_t>(indices[subtask].size()),
                           arrow::Buffer::Wrap(indices[subtask].data(), indices[subtask].size()));
    ASSIGN_OR_RETURN(arrow::Datum taken, FromArrow(arrow::compute::Take(arrow::Datum(rows), arrow::Datum(take.data()),
                                                                        arrow::compute::TakeOptions::NoBoundsCheck())));
    slices[subtask] = taken.record_batch();
  }
  return slices;
}

}  // namespace millrace
