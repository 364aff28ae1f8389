#include "server/worker_node.h"

#include <future>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/event_loop.h"
#include "base/local_blob_store.h"
#include "base/macros.h"
#include "base/metered_blob_store.h"
#include "base/random.h"
#include "connectors/registry.h"
#include "server/grpc_transport.h"
#include "server/listen_address.h"
#include "server/worker_directory.h"
#include "state/rocksdb_backend.h"
#include "state/rocksdb_probe.h"
#include "worker/worker.h"

namespace millrace {

// Declared in start order.
struct WorkerNode::Parts {
  explicit Parts(Metrics* metrics, const Clock* clock)
      : blob_stores(&local_blob_stores, clock, metrics),
        io_pool("io", 4),
        loop("worker"),
        environment{clock, &io_pool, &blob_stores, metrics},
        connectors(BuiltinConnectors(environment)) {}

  LocalBlobStoreFactory local_blob_stores;
  MeteredBlobStoreFactory blob_stores;
  ThreadIoPool io_pool;
  EventLoop loop;
  EventLoopFactory loops;
  ConnectorEnvironment environment;
  ConnectorRegistry connectors;
  std::optional<WorkerDirectory> directory;
  std::unique_ptr<RocksDbStateBackendFactory> state_backends;
  std::unique_ptr<RocksDbProbe> state_probe;
  GrpcTransport transport;
  std::string worker_id;
  std::unique_ptr<Worker> worker;

  // Runs `ask` on the worker's loop and waits for its answer.
  bool Ask(absl::AnyInvocable<bool()> ask) {
    std::promise<bool> answer;
    loop.Post([&] { answer.set_value(ask()); });
    return answer.get_future().get();
  }
};

WorkerNode::WorkerNode(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
WorkerNode::~WorkerNode() = default;

absl::StatusOr<std::unique_ptr<WorkerNode>> WorkerNode::Start(const Options& options, const Clock* clock, Metrics* metrics,
                                                              Logger log) {
  auto parts = std::make_unique<Parts>(metrics, clock);
  Random random = Random::FromSystem();
  std::string state_root = Cat(options.data_dir, "/state");
  ASSIGN_OR_RETURN(WorkerDirectory directory, WorkerDirectory::Claim(state_root, &random));
  parts->directory.emplace(std::move(directory));
  parts->worker_id = parts->directory->name();
  log = log.With({{"worker", parts->worker_id}});
  RemovedWorkerDirectories dead = RemoveDirectoriesOfDeadWorkers(state_root);
  for (const std::string& name : dead.removed) log.Info("dead_state_removed", {{"of", name}});
  for (const absl::Status& why : dead.failed) log.Warning("dead_state_kept", {{"why", why}});
  RocksDbOptions state;
  state.root = parts->directory->path();
  ASSIGN_OR_RETURN(parts->state_backends, RocksDbStateBackendFactory::Open(state));
  parts->state_probe = std::make_unique<RocksDbProbe>(parts->state_backends.get(), metrics);
  absl::Status listening = parts->transport.Listen(HostPort(options.bind, options.internal_port));
  if (!listening.ok()) return CannotListen(options.bind, options.internal_port, "--internal-port");

  log.Info("memory_budgets", {{"limit_bytes", options.memory_limit.bytes},
                              {"limit_of", options.memory_limit.whose},
                              {"buffers_bytes", options.memory.buffers},
                              {"state_bytes", options.memory.state},
                              {"snapshots_bytes", options.memory.snapshots}});
  WorkerOptions worker;
  worker.clock = clock;
  worker.executor = &parts->loop;
  worker.executors = &parts->loops;
  worker.io_pool = &parts->io_pool;
  worker.transport = &parts->transport;
  worker.blob_stores = &parts->blob_stores;
  worker.state_backends = parts->state_backends.get();
  worker.connectors = &parts->connectors;
  worker.metrics = metrics;
  worker.log = log;
  worker.worker_id = parts->worker_id;
  worker.seed = random.Next();
  worker.num_slots = options.num_slots;
  worker.shuffle_address = HostPort(options.bind, parts->transport.port());
  worker.coordinator_address = options.coordinator_address;
  worker.version = options.version;
  worker.memory = MemoryAccount::Make(options.memory);
  parts->Ask([&] {
    parts->worker = std::make_unique<Worker>(worker);
    parts->worker->Start();
    return true;
  });
  return std::unique_ptr<WorkerNode>(new WorkerNode(std::move(parts)));
}

const std::string& WorkerNode::worker_id() const { return parts_->worker_id; }
int WorkerNode::internal_port() const { return parts_->transport.port(); }
bool WorkerNode::ready() const {
  return parts_->Ask([this] { return parts_->worker->connected(); });
}
void WorkerNode::Leave() {
  parts_->Ask([this] {
    parts_->worker->Leave();
    return true;
  });
}
bool WorkerNode::idle() const {
  return parts_->Ask([this] { return parts_->worker->idle(); });
}

}  // namespace millrace
