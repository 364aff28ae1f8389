#include "coordinator/checkpoint_collector.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "millrace/storage/v1/manifest.pb.h"
#include "state/checkpoint_gc.h"
#include "state/checkpoint_manifest.h"
#include "state/checkpoint_paths.h"

namespace millrace {
namespace {

absl::StatusOr<bool> StillOwns(MetadataStore& metadata, const CollectionOrder& order) {
  ASSIGN_OR_RETURN(VersionedRecord stored, metadata.Get(Cat("pipelines/", order.pipeline)));
  storage::v1::PipelineRecord record;
  if (!record.ParseFromString(stored.bytes)) return DataLoss("the record of ", order.pipeline, " is unreadable");
  return record.lineage() == order.lineage && record.generation() == order.generation.value() &&
         record.term() == order.term.value();
}

}  // namespace

absl::StatusOr<CollectionReceipt> CollectCheckpoints(BlobStore& blobs, MetadataStore& metadata, const CollectionOrder& order) {
  const std::string doing = Cat("collect old checkpoints of ", order.pipeline);
  // Who leads no more may miss what his successor has deleted: that is no loss to cry about.
  absl::StatusOr<bool> owner = StillOwns(metadata, order);
  if (!owner.ok()) return Annotate(owner.status(), doing);
  if (!*owner) return Aborted(doing, ": another coordinator or deployment owns the pipeline");
  std::vector<storage::v1::Manifest> retained;
  for (const std::string& name : order.retained) {
    absl::StatusOr<storage::v1::Manifest> manifest = GetManifest(blobs, name, order.pipeline, order.lineage);
    if (!manifest.ok()) return Annotate(manifest.status(), doing);
    retained.push_back(*std::move(manifest));
  }
  absl::StatusOr<std::vector<std::string>> names =
      failpoint::Around("garbage.list", [&] { return blobs.List(LineagePrefix(order.pipeline, order.lineage)); });
  if (!names.ok()) return Annotate(names.status(), doing);
  GarbagePlan plan = PlanGarbage(order.pipeline, order.lineage, retained, *names, order.first_open);
  if (!plan.missing.empty()) {
    return DataLoss(doing, ": ", plan.missing.size(), " blobs that a kept checkpoint needs are gone, the first is ",
                    plan.missing.front(), "; nothing was deleted. Was the checkpoint store changed from outside?");
  }
  absl::StatusOr<uint64_t> deleted = DeleteGarbage(blobs, plan, [&] { return StillOwns(metadata, order); });
  if (!deleted.ok()) return Annotate(deleted.status(), doing);
  return CollectionReceipt{*deleted, names->size() - *deleted};
}

}  // namespace millrace
