#include "server/coordinator_node.h"

#include <cstdlib>
#include <future>
#include <utility>

#include "base/error.h"
#include "base/event_loop.h"
#include "base/local_blob_store.h"
#include "base/macros.h"
#include "base/metered_blob_store.h"
#include "connectors/registry.h"
#include "coordinator/coordinator.h"
#include "coordinator/file_leadership.h"
#include "coordinator/file_metadata_store.h"
#include "coordinator/plan/physical_planner.h"
#include "coordinator/plan/plan_validator.h"
#include "server/coordinator_control.h"
#include "server/grpc_transport.h"
#include "server/listen_address.h"

namespace millrace {

// Declared in start order.
struct CoordinatorNode::Parts {
  explicit Parts(Metrics* metrics, const Clock* clock)
      : blob_stores(&local_blob_stores, clock, metrics),
        io_pool("io", 4),
        loop("coordinator"),
        environment{clock, &io_pool, &blob_stores, metrics},
        connectors(BuiltinConnectors(environment)) {}

  LocalBlobStoreFactory local_blob_stores;
  MeteredBlobStoreFactory blob_stores;
  ThreadIoPool io_pool;
  EventLoop loop;
  ConnectorEnvironment environment;
  ConnectorRegistry connectors;
  std::shared_ptr<BlobStore> metadata_blobs;
  std::unique_ptr<FileMetadataStore> metadata;
  std::unique_ptr<FileLeadership> leadership;
  GrpcTransport transport;
  std::unique_ptr<Coordinator> coordinator;
  std::unique_ptr<CoordinatorControl> control;
};

CoordinatorNode::CoordinatorNode(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
CoordinatorNode::~CoordinatorNode() = default;

absl::StatusOr<std::unique_ptr<CoordinatorNode>> CoordinatorNode::Start(const Options& options, const Clock* clock,
                                                                        Metrics* metrics, Logger log) {
  auto parts = std::make_unique<Parts>(metrics, clock);
  ASSIGN_OR_RETURN(parts->metadata_blobs, parts->blob_stores.Open(Cat(options.data_dir, "/metadata")));
  parts->metadata = std::make_unique<FileMetadataStore>(parts->metadata_blobs.get());
  parts->leadership = std::make_unique<FileLeadership>(Cat(options.data_dir, "/leader.lock"), parts->metadata.get());
  absl::Status listening = parts->transport.Listen(HostPort(options.bind, options.internal_port));
  if (!listening.ok()) return CannotListen(options.bind, options.internal_port, "--internal-port");

  Coordinator::Options coordinator;
  coordinator.clock = clock;
  coordinator.executor = &parts->loop;
  coordinator.io_pool = &parts->io_pool;
  coordinator.transport = &parts->transport;
  coordinator.metadata = parts->metadata.get();
  coordinator.leadership = parts->leadership.get();
  coordinator.blob_stores = &parts->blob_stores;
  coordinator.connectors = &parts->connectors;
  coordinator.metrics = metrics;
  coordinator.logger = log;
  coordinator.checkpoint_root = Cat("file://", options.data_dir, "/checkpoints");
  coordinator.seed = Random::FromSystem().Next();
  coordinator.validate = [connectors = &parts->connectors](const v1::Plan& plan) { return ValidatePlan(plan, *connectors); };
  coordinator.plan_physical = [](const v1::Plan& plan, uint32_t parallelism) { return MakePhysicalPlan(plan, parallelism); };
  coordinator.on_fenced = [log](absl::Status why) {
    log.Error("fenced", {{"why", why}, {"next", "another coordinator leads; this process ends"}});
    std::_Exit(1);
  };
  parts->coordinator = std::make_unique<Coordinator>(std::move(coordinator));
  parts->control = std::make_unique<CoordinatorControl>(CoordinatorControl::Options{
      parts->coordinator.get(), &parts->connectors, &parts->blob_stores, &parts->io_pool,
      Cat("file://", options.data_dir, "/results")});
  return std::unique_ptr<CoordinatorNode>(new CoordinatorNode(std::move(parts)));
}

void CoordinatorNode::Lead() {
  parts_->loop.Post([coordinator = parts_->coordinator.get()] { coordinator->Run(); });
}

PipelineControl* CoordinatorNode::control() { return parts_->control.get(); }
int CoordinatorNode::internal_port() const { return parts_->transport.port(); }

absl::Status CoordinatorNode::ready() const {
  std::promise<absl::Status> answer;
  parts_->coordinator->List([&](absl::StatusOr<std::vector<v1::Pipeline>> pipelines) { answer.set_value(pipelines.status()); });
  return answer.get_future().get();
}

}  // namespace millrace
