#include "server/local_cluster.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/macros.h"
#include "base/metrics.h"
#include "base/memory_limit.h"
#include "server/coordinator_node.h"
#include "server/listen_address.h"
#include "server/memory_flags.h"
#include "server/pipeline_service.h"
#include "server/version.h"
#include "server/worker_node.h"

namespace millrace {
namespace {

constexpr char kLoopback[] = "127.0.0.1";
constexpr auto kLook = std::chrono::milliseconds(20);
constexpr int kLooks = 500;

absl::StatusOr<std::string> MakeDirectory() {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
  if (error) {
    return FailedPrecondition("make a directory for the local cluster: ", parent.empty() ? "TMPDIR" : parent.string(),
                              " is no directory; set TMPDIR to one that can be written");
  }
  std::string name = parent / "millrace-local-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    return FailedPrecondition("make a directory for the local cluster: ", name,
                              " cannot be made; set TMPDIR to a directory that can be written");
  }
  return name;
}

class InProcessCluster final : public LocalCluster {
 public:
  ~InProcessCluster() override { Remove(); }

  absl::Status StartCoordinator() {
    ASSIGN_OR_RETURN(directory_, MakeDirectory());
    ASSIGN_OR_RETURN(coordinator_,
                     CoordinatorNode::Start({kLoopback, 0, directory_}, &clock_, &metrics_, Logger::Discard()));
    PipelineServer::Options options;
    options.bind = kLoopback;
    options.port = 0;
    ASSIGN_OR_RETURN(grpc_, PipelineServer::Listen(options, coordinator_->control(), &metrics_, &clock_));
    coordinator_->Lead();
    for (int i = 0; i < kLooks && !coordinator_->ready().ok(); ++i) std::this_thread::sleep_for(kLook);
    return coordinator_->ready();
  }

  std::string address() const override { return HostPort(kLoopback, grpc_->port()); }

  absl::Status AddWorker(int slots) override {
    const MemoryLimit limit = FindMemoryLimit(SystemFiles());
    WorkerNode::Options options;
    options.coordinator_address = HostPort(kLoopback, coordinator_->internal_port());
    options.num_slots = static_cast<uint32_t>(slots);
    options.bind = kLoopback;
    options.data_dir = directory_;
    options.version = kVersion;
    ASSIGN_OR_RETURN(options.memory, MakeMemoryBudget({}, limit, slots));
    options.memory_limit = limit;
    ASSIGN_OR_RETURN(worker_, WorkerNode::Start(options, &clock_, &metrics_, Logger::Discard()));
    for (int i = 0; i < kLooks && !worker_->ready(); ++i) std::this_thread::sleep_for(kLook);
    return worker_->ready() ? absl::OkStatus() : Unavailable("start the local worker: its coordinator does not answer");
  }

  void Remove() override {
    // What still runs may write between two looks.
    std::error_code error;
    for (int i = 0; i < 5 && !directory_.empty() && std::filesystem::exists(directory_, error); ++i) {
      std::filesystem::remove_all(directory_, error);
    }
  }

 private:
  SystemClock clock_;
  Metrics metrics_;
  std::string directory_;
  std::unique_ptr<CoordinatorNode> coordinator_;
  std::unique_ptr<PipelineServer> grpc_;
  std::unique_ptr<WorkerNode> worker_;
};

}  // namespace

absl::StatusOr<LocalCluster*> StartLocalCluster() {
  // Its threads end with the process, so it does too.
  auto* const cluster = new InProcessCluster();
  absl::Status status = cluster->StartCoordinator();
  if (status.ok()) return cluster;
  cluster->Remove();
  return Annotate(status, "start a local cluster");
}

}  // namespace millrace
