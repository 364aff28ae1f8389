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

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  constexpr int kMostWork = 300;
  const auto frames = CutIntoFrames({reinterpret_cast<const char*>(data), size}, 16);
  OneThread time;
  FakeTransport transport;
  OneBlobStore blobs;
  MemoryStateBackendFactory state_backends;
  const ConnectorRegistry connectors = OfflineConnectors({.clock = &time, .io_pool = &time, .blob_stores = &blobs});
  ControlServer server;
  transport.Serve(kControlMethod, &time,
                  [&](std::unique_ptr<Stream> stream) { return server.Accept(std::move(stream)); });
  auto worker = std::make_unique<Worker>(OptionsOf(time, transport, blobs, state_backends, connectors));
  worker->Start();
  time.Pass(absl::Milliseconds(1), kMostWork);
  Require(server.num_hellos == 1, "a worker says hello");
  server.Welcome();
  for (std::string_view frame : frames) {
    server.stream->Send(std::string(frame));
    time.Pass(absl::Milliseconds(20), kMostWork);
    internal::v1::CoordinatorMessage message;
    if (message.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) continue;
    Require(server.closed.has_value() && !server.closed->ok(), "what is not a message closes the stream with a reason");
    break;
  }
  const int before = server.num_hellos;
  if (!server.closed.has_value()) server.stream->Close(absl::UnavailableError("the target is done"));
  for (int i = 0; i < 20 && server.num_hellos == before; ++i) time.Pass(absl::Milliseconds(100), kMostWork);
  Require(server.num_hellos > before, "the worker connects again");
  Require(worker->idle(), "and has let go of its deployments");
  worker = nullptr;
  time.Pass(absl::Seconds(1), kMostWork);
  return 0;
}
