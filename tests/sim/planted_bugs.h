#pragma once

#include <memory>

#include "connectors/registry.h"
#include "coordinator/checkpoint_collector.h"
#include "coordinator/metadata_store.h"

namespace millrace::sim {

// Bugs that the harness must be able to find.
enum class PlantedBug {
  kNone,
  kSkippedTxnCheck,
  kSkippedAlignment,
  kReusedEpoch,
  kUnfencedCollector,    // deletes although another coordinator leads
  kGreedyCollector,      // keeps the newest checkpoint only, whatever is retained
  kImpatientCollector,   // deletes what a checkpoint under way has uploaded
};

// Delta, but it commits without looking whether the epoch is in the table already.
std::unique_ptr<SinkConnector> MakeCarelessDelta(const ConnectorEnvironment& environment);
// Forgets which epochs were issued and not completed.
std::unique_ptr<MetadataStore> MakeForgetfulStore(BlobStore* blobs);
absl::StatusOr<CollectionReceipt> CollectBadly(PlantedBug bug, BlobStore& blobs, MetadataStore& metadata, CollectionOrder order);

}  // namespace millrace::sim
