#include "state/checkpoint_gc.h"

#include <optional>
#include <set>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "base/planted_bug.h"
#include "state/checkpoint_paths.h"

namespace millrace {
namespace {

// Bounds what a collector that has just lost its pipeline can still delete.
constexpr size_t kDeletionsPerQuestion = 16;

}  // namespace

GarbagePlan PlanGarbage(std::string_view pipeline, std::string_view lineage,
                        std::span<const storage::v1::Manifest> retained, std::span<const std::string> blobs,
                        Epoch first_open) {
  std::set<std::string> named;
  for (const storage::v1::Manifest& manifest : retained) {
    named.insert(ManifestName(pipeline, lineage, Epoch(manifest.epoch()), Generation(manifest.generation())));
    for (const auto& state : manifest.operators()) {
      for (const auto& handle : state.handles()) {
        for (const auto& file : handle.files()) {
          // Uploaded for an earlier checkpoint.
          bool shared = file.blob().find(StatePrefix(pipeline, lineage, state.uid(), Epoch(manifest.epoch()))) != 0;
          if (shared && MILLRACE_PLANTED(shared_blob_deleted_early)) continue;
          named.insert(file.blob());
        }
      }
    }
  }
  GarbagePlan plan;
  std::vector<std::string> old_state;
  for (const std::string& name : blobs) {
    if (named.erase(name) > 0) {
      plan.referenced.push_back(name);
      continue;
    }
    std::optional<CheckpointBlob> blob = ParseCheckpointBlob(pipeline, lineage, name);
    if (!blob.has_value()) {
      plan.unknown.push_back(name);
    } else if (blob->epoch >= first_open) {
      plan.recent.push_back(name);
    } else {
      (blob->kind == CheckpointBlob::Kind::kManifest ? plan.garbage : old_state).push_back(name);
    }
  }
  plan.garbage.insert(plan.garbage.end(), old_state.begin(), old_state.end());
  plan.missing.assign(named.begin(), named.end());
  return plan;
}

absl::StatusOr<uint64_t> DeleteGarbage(BlobStore& blobs, const GarbagePlan& plan,
                                       const std::function<absl::StatusOr<bool>()>& still_owner) {
  uint64_t deleted = 0;
  for (const std::string& name : plan.garbage) {
    if (deleted % kDeletionsPerQuestion == 0) {
      ASSIGN_OR_RETURN(bool owner, still_owner());
      if (!owner)
        return Aborted("collect old checkpoints: another coordinator owns the pipeline. Deleted so far: ", deleted);
    }
    absl::Status status = failpoint::Around("garbage.delete", [&] { return blobs.Delete(name); });
    if (!status.ok()) return Annotate(status, "collect old checkpoints");
    ++deleted;
  }
  return deleted;
}

}  // namespace millrace
