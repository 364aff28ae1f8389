#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/key_group.h"
#include "worker/stream_event.h"

namespace millrace {

// One batch → a slice per subtask that owns rows of it, by key group. Entry i is null if subtask i gets nothing. Order
// is kept. `key_hashes` has one XXH3-64 of the key bytes per row.
absl::StatusOr<std::vector<BatchPtr>> PartitionByHash(const BatchPtr& rows, const std::vector<uint64_t>& key_hashes,
                                                      uint32_t parallelism, uint32_t num_key_groups);

}  // namespace millrace
