// The three long-running roles. They differ only in which nodes they start.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include "base/error.h"
#include "server/cli/exit_code.h"
#include "server/coordinator_node.h"
#include "server/coordinator_process.h"
#include "server/dev_process.h"
#include "server/http_routes.h"
#include "server/http_server.h"
#include "server/listen_address.h"
#include "server/pipeline_service.h"
#include "server/termination.h"
#include "server/version.h"
#include "server/worker_node.h"
#include "server/worker_process.h"

namespace millrace {
namespace {

// A worker that was told to end gives its pipelines this long to take their last checkpoint.
constexpr int kLeaveSeconds = 30;

// What every role has.
struct Process {
  explicit Process(LogFormat format) : log(Logger::ToStderr(&clock, format)) {}
  void Announce(const char* role) {
    metrics
        .AddGauge("millrace_build_info", "Constant 1, labelled with the version and role of the process.",
                  {{"version", kVersion}, {"role", role}, {"revision", "unknown"}})
        ->Set(1);
  }
  SystemClock clock;
  Metrics metrics;
  Logger log;
};

// Threads of gRPC and of the pools are not waited for: what was promised is durable, and a start that failed promised
// nothing.
[[noreturn]] void End(int exit_code = kExitOk) {
  std::fflush(stdout);
  std::_Exit(exit_code);
}

[[noreturn]] void Fail(const absl::Status& status) {
  std::fprintf(stderr, "millrace: %s\n", std::string(status.message()).c_str());
  // The flags are all that a role is told, so what is wrong with them is wrong usage.
  End(status.code() == absl::StatusCode::kInvalidArgument ? static_cast<int>(kExitUsage) : ExitCodeOf(status));
}

struct CoordinatorParts {
  std::unique_ptr<CoordinatorNode> node;
  std::unique_ptr<PipelineServer> grpc;
  std::unique_ptr<HttpServer> http;
};

absl::Status StartCoordinator(const CoordinatorFlags& flags, Process* process, CoordinatorParts* parts) {
  // Before anything listens there.
  if (absl::Status bind = CheckBindAddress(flags.bind, flags.insecure); !bind.ok()) return bind;
  auto node = CoordinatorNode::Start({flags.bind, flags.internal_port, flags.data_dir}, &process->clock, &process->metrics,
                                     process->log);
  if (!node.ok()) return node.status();
  parts->node = *std::move(node);
  auto grpc = PipelineServer::Listen({flags.bind, flags.grpc_port, flags.insecure, flags.reflection}, parts->node->control(), &process->metrics,
                                     &process->clock);
  if (!grpc.ok()) return grpc.status();
  parts->grpc = *std::move(grpc);
  auto routes = ProcessRoutes(&process->metrics, [node = parts->node.get()] { return node->ready(); });
  AddPipelineRoutes(parts->node->control(), &routes);
  HttpServer::Options options;
  options.bind = flags.bind;
  options.port = flags.http_port;
  options.insecure = flags.insecure;
  auto http = HttpServer::Listen(options, std::move(routes));
  if (!http.ok()) return http.status();
  parts->http = *std::move(http);
  parts->node->Lead();
  std::printf("grpc %s:%d\nhttp %s:%d\ninternal %s:%d\ndata %s\n", flags.bind.c_str(), parts->grpc->port(), flags.bind.c_str(),
              parts->http->port(), flags.bind.c_str(), parts->node->internal_port(), flags.data_dir.c_str());
  std::fflush(stdout);
  return absl::OkStatus();
}

struct WorkerParts {
  std::unique_ptr<WorkerNode> node;
  std::unique_ptr<HttpServer> http;
};

absl::Status StartWorker(const WorkerFlags& flags, Process* process, bool serve_http, WorkerParts* parts) {
  if (absl::Status bind = CheckBindAddress(flags.bind, flags.insecure); !bind.ok()) return bind;
  WorkerNode::Options options;
  options.coordinator_address = flags.coordinator;
  options.num_slots = static_cast<uint32_t>(flags.slots);
  options.bind = flags.bind;
  options.internal_port = flags.internal_port;
  options.data_dir = flags.data_dir;
  options.version = kVersion;
  MemoryLimit limit = FindMemoryLimit(SystemFiles());
  auto memory = MakeMemoryBudget(flags.memory, limit, flags.slots);
  if (!memory.ok()) return memory.status();
  options.memory = *memory;
  options.memory_limit = limit;
  auto node = WorkerNode::Start(options, &process->clock, &process->metrics, process->log);
  if (!node.ok()) return node.status();
  parts->node = *std::move(node);
  if (!serve_http) return absl::OkStatus();
  HttpServer::Options http_options;
  http_options.bind = flags.bind;
  http_options.port = flags.http_port;
  http_options.insecure = flags.insecure;
  auto http = HttpServer::Listen(http_options, ProcessRoutes(&process->metrics, [node = parts->node.get()]() -> absl::Status {
                                   if (node->ready()) return absl::OkStatus();
                                   return Unavailable("the coordinator has not welcomed this worker yet");
                                 }));
  if (!http.ok()) return http.status();
  parts->http = *std::move(http);
  std::printf("worker %s\nhttp %s:%d\ninternal %s:%d\nslots %d\n", parts->node->worker_id().c_str(), flags.bind.c_str(),
              parts->http->port(), flags.bind.c_str(), parts->node->internal_port(), flags.slots);
  std::fflush(stdout);
  return absl::OkStatus();
}

void Leave(WorkerNode* node) {
  node->Leave();
  for (int i = 0; i < kLeaveSeconds * 10 && !node->idle(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

}  // namespace

int RunCoordinator(const CoordinatorFlags& flags) {
  BlockTerminationSignals();
  Process process(flags.log_format);
  process.Announce("coordinator");
  CoordinatorParts coordinator;
  absl::Status status = StartCoordinator(flags, &process, &coordinator);
  if (!status.ok()) Fail(status);
  // Readiness follows leadership.
  WaitForTermination([&] { coordinator.grpc->SetServing(coordinator.node->ready().ok()); });
  End();
}

int RunWorker(const WorkerFlags& flags) {
  BlockTerminationSignals();
  Process process(flags.log_format);
  process.Announce("worker");
  WorkerParts worker;
  absl::Status status = StartWorker(flags, &process, /*serve_http=*/true, &worker);
  if (!status.ok()) Fail(status);
  WaitForTermination([] {});
  Leave(worker.node.get());
  End();
}

int RunDev(const DevFlags& flags) {
  BlockTerminationSignals();
  Process process(flags.coordinator.log_format);
  process.Announce("dev");
  CoordinatorParts coordinator;
  CoordinatorFlags coordinator_flags = flags.coordinator;
  coordinator_flags.reflection = true;
  absl::Status status = StartCoordinator(coordinator_flags, &process, &coordinator);
  if (!status.ok()) Fail(status);
  WorkerFlags worker_flags;
  worker_flags.coordinator = HostPort(flags.coordinator.bind, coordinator.node->internal_port());
  worker_flags.slots = flags.slots;
  worker_flags.bind = flags.coordinator.bind;
  worker_flags.data_dir = flags.coordinator.data_dir;
  worker_flags.memory = flags.memory;
  WorkerParts worker;
  status = StartWorker(worker_flags, &process, /*serve_http=*/false, &worker);
  if (!status.ok()) Fail(status);
  std::printf("next: millrace run examples/sensors.json   (no Kafka needed: it uses the built-in generator)\n");
  std::fflush(stdout);
  WaitForTermination([&] { coordinator.grpc->SetServing(coordinator.node->ready().ok()); });
  Leave(worker.node.get());
  End();
}

}  // namespace millrace
