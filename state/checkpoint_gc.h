#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/blob_store.h"
#include "base/ids.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace {

// What is to become of each blob of a lineage.
//
//   blob                                                          class
//   ------------------------------------------------------------  ----------
//   a retained manifest, or named by one                          referenced
//   else: its name is not one of state/checkpoint_paths.h         unknown      never deleted
//   else: its epoch ≥ the newest retained manifest's,             recent       a checkpoint under way may name it
//         or ≥ the oldest epoch possibly in flight
//   else                                                          garbage
//
// Garbage stays garbage: a backend that did not name a file at the newest retained epoch does not name it later.
struct GarbagePlan {
  std::vector<std::string> referenced;
  std::vector<std::string> unknown;
  std::vector<std::string> recent;
  // Manifests first, so that none is left that names deleted state.
  std::vector<std::string> garbage;
  // Named by a retained manifest but not among the blobs: data loss that a person should hear of.
  std::vector<std::string> missing;
};

// `retained` are all manifests that may ever be restored: the newest complete one, older ones that are kept, and the
// one that the running deployment was restored from until an epoch of that deployment is complete. Without any, nothing
// is garbage. `blobs`: all names of the lineage, listed after `retained` was read. `oldest_in_flight`: the lowest epoch
// that was issued and is neither complete nor aborted; if there is none, the next one to be issued.
GarbagePlan PlanGarbage(std::string_view pipeline, std::string_view lineage,
                        std::span<const storage::v1::Manifest> retained, std::span<const std::string> blobs,
                        Epoch oldest_in_flight);

// Deletes the plan's garbage. `still_owner` asks the metadata store whether the caller still owns the pipeline, right
// before every few deletions. Returns how many blobs it deleted.
//
// Fails:   Aborted: no longer the owner; nothing was deleted since the question. Else what the store or
//          `still_owner` said.
absl::StatusOr<uint64_t> DeleteGarbage(BlobStore& blobs, const GarbagePlan& plan,
                                       const std::function<absl::StatusOr<bool>()>& still_owner);

}  // namespace millrace
