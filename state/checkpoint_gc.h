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
//   else: its epoch ≥ first_open                                  recent       a checkpoint under way may name it
//   else                                                          garbage
//
// Garbage stays garbage: a backend that did not name a file at the newest complete epoch does not name it later, and a
// deployment names no file older than itself that the manifest it was restored from does not name.
struct GarbagePlan {
  std::vector<std::string> referenced;
  std::vector<std::string> unknown;
  std::vector<std::string> recent;
  // Manifests first, so that none is left that names deleted state.
  std::vector<std::string> garbage;
  // Named by a retained manifest but not among the blobs: data loss that a person should hear of.
  std::vector<std::string> missing;
};

// `retained`: all manifests that may ever be restored, the newest complete one among them, as the stored record names
// them. Those that were stored and are not complete do not count. `blobs`: all names of the lineage, listed after the
// record was read. `first_open`: the lowest epoch whose blobs a checkpoint that is not complete yet may name. While a
// deployment runs, the larger of the newest complete epoch and the first one that this deployment was given; at rest,
// the next one to be issued.
GarbagePlan PlanGarbage(std::string_view pipeline, std::string_view lineage,
                        std::span<const storage::v1::Manifest> retained, std::span<const std::string> blobs,
                        Epoch first_open);

// Deletes the plan's garbage. `still_owner` asks the metadata store whether the caller still owns the pipeline, right
// before every few deletions. Returns how many blobs it deleted.
//
// Fails:   Aborted: no longer the owner; nothing was deleted since the question. Else what the store or
//          `still_owner` said.
absl::StatusOr<uint64_t> DeleteGarbage(BlobStore& blobs, const GarbagePlan& plan,
                                       const std::function<absl::StatusOr<bool>()>& still_owner);

}  // namespace millrace
