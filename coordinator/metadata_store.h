#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace {

// A record and the version under which it is stored. Versions of a name start at 1 and go up by one.
struct VersionedRecord {
  std::string bytes;
  uint64_t version = 0;
};

// Small named records that change by compare-and-set only: what decides who leads and which checkpoint is complete.
//
// Thread:  any.
// Blocks:  yes: IoPool only.
// Fails:   NotFound: no such record. Aborted: the record is not at the expected version. Unavailable: retry; for
//          CompareAndSet the outcome is unknown: read back.
// Promises: linearizable per name.
class MetadataStore {
 public:
  virtual ~MetadataStore() = default;
  virtual absl::StatusOr<VersionedRecord> Get(std::string_view name) = 0;
  // Names that start with `prefix`, sorted.
  virtual absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) = 0;
  // `expected` 0: only if the record is absent. Returns the new version.
  virtual absl::StatusOr<uint64_t> CompareAndSet(std::string_view name, uint64_t expected, std::string_view bytes) = 0;
};

}  // namespace millrace
