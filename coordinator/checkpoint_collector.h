#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/blob_store.h"
#include "base/ids.h"
#include "coordinator/metadata_store.h"

namespace millrace {

// What a leader wants collected, and as whom. All of it was durable in the pipeline's record when the order was given.
struct CollectionOrder {
  std::string pipeline;
  std::string lineage;
  Generation generation;
  Term term;
  // Manifests to keep, with everything that they name.
  std::vector<std::string> retained;
  // Nothing of this epoch or later is deleted unless it is older than the order: see state/checkpoint_gc.h.
  Epoch first_open;
};

struct CollectionReceipt {
  uint64_t num_deleted = 0;
  uint64_t num_kept = 0;
};

// Deletes the blobs of old checkpoints and of abandoned ones. Safe to run late, twice, and by a process that leads no
// more: an order names only what every later record also holds to be garbage. The fence, asked before every few
// deletions, is the second lock.
//
// Blocks:  yes: IoPool.
// Fails:   Aborted: the record is of another lineage, generation or term; nothing was deleted since it was read.
//          DataLoss: a blob that a retained checkpoint needs is gone or damaged; nothing was deleted. Else what a store
//          said.
absl::StatusOr<CollectionReceipt> CollectCheckpoints(BlobStore& blobs, MetadataStore& metadata, const CollectionOrder& order);

}  // namespace millrace
