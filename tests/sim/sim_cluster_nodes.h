#pragma once

#include <memory>
#include <string>

#include "tests/sim/sim_cluster.h"

namespace millrace::sim {

// What every process has.
struct Cluster::Node {
  Node(Cluster* cluster, const std::string& name, const std::string& address);
  Process* const process;
  Doom doom;
  FaultyBlobStores blobs;
  std::unique_ptr<IoPool> io_pool;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<Transport> transport;
  Metrics metrics;
  ConnectorEnvironment environment;
  ConnectorRegistry connectors;
};

struct Cluster::CoordinatorNode : Node {
  using Node::Node;
  std::shared_ptr<BlobStore> metadata_blobs;
  std::unique_ptr<MetadataStore> metadata;
  std::unique_ptr<SimLeadership> leadership;
  std::unique_ptr<Coordinator> coordinator;
};

struct Cluster::WorkerNode : Node {
  using Node::Node;
  std::unique_ptr<ExecutorFactory> executors;
  MemoryStateBackendFactory state_backends;
  std::shared_ptr<MemoryAccount> memory;
  std::unique_ptr<Worker> worker;
};

}  // namespace millrace::sim
