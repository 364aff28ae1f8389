#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "coordinator/metadata_store.h"

namespace millrace {

// Writes a record and finds out what became of it: after a lost race or a lost answer it reads back, because the record
// found may be the one written. Calling it again with the same arguments is safe.
// Returns the record's new version. Aborted: someone else's record is stored. Unavailable: still unknown; call again.
//
// Blocks:  yes: IoPool.
absl::StatusOr<uint64_t> WriteRecord(MetadataStore& store, std::string_view name, uint64_t expected, std::string_view bytes);

}  // namespace millrace
