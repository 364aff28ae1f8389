#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "coordinator/checkpoint_collector.h"
#include "coordinator/metadata_store.h"

namespace millrace::sim {

// A bug that the harness must be able to find: switched on by PlantedSwitch, asked by one line of the production code
// (base/planted_bug.h), or made at a seam, by what stands below.
struct PlantedBug {
  std::string_view name;
  std::string_view what;
};
std::span<const PlantedBug> PlantedBugs();

// Forgets which epochs were issued and not completed, if epochs_reused is switched on.
std::unique_ptr<MetadataStore> MakeMetadataStore(BlobStore* blobs);
// CollectCheckpoints; with unfenced_collector it deletes although another coordinator leads, with greedy_collector it
// keeps the newest checkpoint only, with impatient_collector it deletes what a checkpoint under way has uploaded, with
// idle_collector nothing.
absl::StatusOr<CollectionReceipt> Collect(BlobStore& blobs, MetadataStore& metadata, CollectionOrder order);

}  // namespace millrace::sim
