// Any bytes from the coordinator to a worker: the stream is closed with a reason, or they are understood, or what they
// ask for is reported as failed; either way the worker connects again and says who it is.
//
//   input := frames (frames.h)
#include <memory>
#include <string>
#include <string_view>

#include "state/memory_backend.h"
#include "tests/fuzz/frames.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/in_memory_coordinator.h"
#include "tests/fuzz/run_history.h"
#include "worker/worker.h"

namespace millrace {
namespace {

// The coordinator's end of the newest control stream.
struct ControlServer {
  std::unique_ptr<Stream> stream;
  int num_hellos = 0;
  std::optional<absl::Status> closed;

  StreamEvents Accept(std::unique_ptr<Stream> accepted) {
    stream = std::move(accepted);
    closed.reset();
    return {[this](std::string bytes) {
              internal::v1::WorkerMessage message;
              Require(message.ParseFromString(bytes), "a worker sends messages");
              if (message.has_hello()) ++num_hellos;
            },
            [this](absl::Status why) { closed = std::move(why); }};
  }
  void Welcome() {
    internal::v1::CoordinatorMessage message;
    message.mutable_welcome()->set_term(1);
    stream->Send(message.SerializeAsString());
  }
};

WorkerOptions OptionsOf(OneThread& time, Transport& transport, OneBlobStore& blobs, StateBackendFactory& state_backends,
                        const ConnectorRegistry& connectors) {
  WorkerOptions options;
  options.clock = &time;
  options.executor = &time;
  options.executors = &time;
  options.io_pool = &time;
  options.transport = &transport;
  options.blob_stores = &blobs;
  options.state_backends = &state_backends;
  options.connectors = &connectors;
  options.worker_id = "w";
  options.num_slots = 2;
  options.shuffle_address = "w:1";
  options.coordinator_address = "coordinator:1";
  return options;
}

constexpr int kMostWork = 300;
constexpr size_t kMostRuns = 1000;

// A worker that lives through many streams, as one does: with the end of each it lets go of all that it was told.
class LongLivedWorker {
 public:
  LongLivedWorker()
      : connectors_(OfflineConnectors({.clock = &time, .io_pool = &time, .blob_stores = &blobs_})) {
    transport_.Serve(kControlMethod, &time, [this](std::unique_ptr<Stream> stream) { return server.Accept(std::move(stream)); });
    worker_ = std::make_unique<Worker>(OptionsOf(time, transport_, blobs_, state_backends_, connectors_));
    worker_->Start();
    Pass(absl::Milliseconds(1));
    Require(server.num_hellos == 1, "a worker says hello");
  }
  ~LongLivedWorker() {
    worker_ = nullptr;
    Pass(absl::Seconds(1));
  }
  bool Pass(absl::Duration span) { return time.Pass(span, kMostWork); }
  // Until it has let go of everything and has said hello again.
  void EndStream() {
    const int before = server.num_hellos;
    if (!server.closed.has_value()) server.stream->Close(absl::UnavailableError("the target is done"));
    for (int i = 0; i < 20 && server.num_hellos == before; ++i) Pass(absl::Milliseconds(100));
    Require(server.num_hellos > before, "the worker connects again");
    Require(worker_->idle(), "and has let go of its deployments");
  }
  // False: something is still at work, or on its stream already.
  bool IsAsNew() {
    if (!Pass(absl::Milliseconds(1)) || server.closed.has_value()) return false;
    const std::vector<std::string> names = *blobs_.store->List("");
    for (const std::string& name : names) Require(blobs_.store->Delete(name).ok(), "the target's store deletes");
    return true;
  }

  OneThread time;
  ControlServer server;

 private:
  FakeTransport transport_;
  OneBlobStore blobs_;
  MemoryStateBackendFactory state_backends_;
  const ConnectorRegistry connectors_;
  std::unique_ptr<Worker> worker_;
};

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  static std::unique_ptr<LongLivedWorker> worker;
  static RunHistory history("");
  if (worker == nullptr) {
    history.Forget();
    worker = std::make_unique<LongLivedWorker>();
  }
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  history.Add(input);
  ControlServer& server = worker->server;
  server.Welcome();
  for (std::string_view frame : CutIntoFrames(input, 16)) {
    server.stream->Send(std::string(frame));
    worker->Pass(absl::Milliseconds(20));
    internal::v1::CoordinatorMessage message;
    if (message.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) continue;
    Require(server.closed.has_value() && !server.closed->ok(), "what is not a message closes the stream with a reason");
    break;
  }
  worker->EndStream();
  if (!worker->IsAsNew() || history.num_runs() >= kMostRuns) worker = nullptr;
  return 0;
}
