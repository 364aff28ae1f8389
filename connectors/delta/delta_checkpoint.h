#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "connectors/delta/delta_log.h"

namespace millrace {

// Classic (V1) checkpoints: Parquet, one row per action; columns txn, add, remove, metaData, protocol are structs, of
// which exactly one is not null in a row.
struct EncodedCheckpoint {
  std::string bytes;
  int64_t num_actions = 0;
};

// Tombstones deleted before `expired_before_ms` are left out.
absl::StatusOr<EncodedCheckpoint> EncodeDeltaCheckpoint(const DeltaSnapshot& snapshot, int64_t expired_before_ms);
// Reads those of other writers too: columns are found by name, unknown ones skipped. DataLoss: not a complete
// checkpoint.
absl::StatusOr<DeltaSnapshot> DecodeDeltaCheckpoint(std::string_view parquet, int64_t version);

}  // namespace millrace
