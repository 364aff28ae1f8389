#include "server/grpc_transport.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "base/mutex.h"
#include "server/grpc_callback_threads.h"
#include "server/grpc_reflection.h"
#include "server/stream_core.h"

namespace millrace {
namespace {

// Hands the string itself to gRPC: no copy.
grpc::ByteBuffer Wrap(std::string message) {
  auto* owned = new std::string(std::move(message));
  grpc::Slice slice(
      owned->data(), owned->size(), [](void* p) { delete static_cast<std::string*>(p); }, owned);
  return grpc::ByteBuffer(&slice, 1);
}

std::string Unwrap(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string message;
  if (!buffer.Dump(&slices).ok()) return message;
  message.reserve(buffer.Length());
  for (const auto& slice : slices) message.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return message;
}

// The calls in flight, so that the transport can wait for their end. A call leaves as its last deed.
class CallRegistry {
 public:
  void Add(StreamWire* wire, std::shared_ptr<StreamCore> core) {
    MutexLock lock(&mutex_);
    calls_[wire] = std::move(core);
  }
  void Remove(StreamWire* wire) {
    std::shared_ptr<StreamCore> core;  // dies after the lock
    MutexLock lock(&mutex_);
    core = std::move(calls_[wire]);
    calls_.erase(wire);
    if (calls_.empty()) empty_.NotifyAll();
  }
  std::vector<std::shared_ptr<StreamCore>> Snapshot() {
    MutexLock lock(&mutex_);
    std::vector<std::shared_ptr<StreamCore>> cores;
    for (const auto& [wire, core] : calls_) cores.push_back(core);
    return cores;
  }
  bool WaitUntilEmpty(absl::Duration timeout) {
    auto deadline = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(timeout);
    MutexLock lock(&mutex_);
    while (!calls_.empty()) {
      auto left = deadline - std::chrono::steady_clock::now();
      if (left <= left.zero()) return false;
      empty_.WaitFor(&mutex_, left);
    }
    return true;
  }

 private:
  Mutex mutex_;
  CondVar empty_;
  std::map<StreamWire*, std::shared_ptr<StreamCore>> calls_ ABSL_GUARDED_BY(mutex_);
};

absl::Status ReadStatus(const grpc::Status& status, const std::string& what) {
  if (status.ok()) return absl::OkStatus();
  auto code = static_cast<absl::StatusCode>(status.error_code());
  // The stream broke; whether by a reset, a cancel or a vanished connection, the advice is the same.
  if (code == absl::StatusCode::kCancelled || code == absl::StatusCode::kUnknown) code = absl::StatusCode::kUnavailable;
  return absl::Status(code, Cat(what, ": ", status.error_message()));
}

// The connecting end. Owned by gRPC from Start until OnDone.
class ClientWire final : public StreamWire, public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  ClientWire(CallRegistry* registry, std::shared_ptr<grpc::Channel> channel, Executor* executor, std::string what)
      : registry_(registry), stub_(std::move(channel)), core_(std::make_shared<StreamCore>(executor, this, std::move(what))) {}

  const std::shared_ptr<StreamCore>& core() const { return core_; }
  void Start(const std::string& method) {
    registry_->Add(this, core_);
    stub_.PrepareBidiStreamingCall(&context_, method, grpc::StubOptions(), this);
    AddHold();
    StartRead(&incoming_);
    StartCall();
  }

  void Write(std::string message) override {
    outgoing_ = Wrap(std::move(message));
    StartWrite(&outgoing_);
  }
  void StartReading() override {}
  void Cancel() override { context_.TryCancel(); }
  void Release(const absl::Status& why) override {
    if (why.ok()) {
      StartWritesDone();
    } else {
      context_.TryCancel();
    }
    RemoveHold();
  }

  void OnWriteDone(bool ok) override { core_->WriteDone(ok); }
  void OnReadDone(bool ok) override {
    if (!ok) return core_->PeerEnded();
    core_->MessageArrived(Unwrap(incoming_));
    incoming_.Clear();
    StartRead(&incoming_);
  }
  void OnDone(const grpc::Status& status) override {
    core_->Ended(ReadStatus(status, core_->peer()));
    auto* registry = registry_;
    auto* self = static_cast<StreamWire*>(this);
    delete this;
    registry->Remove(self);
  }

 private:
  CallRegistry* const registry_;
  grpc::TemplatedGenericStub<grpc::ByteBuffer, grpc::ByteBuffer> stub_;
  grpc::ClientContext context_;
  const std::shared_ptr<StreamCore> core_;
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
};

// The serving end. Owned by gRPC until OnDone, which gRPC calls only after Release has finished the call.
class ServerWire final : public StreamWire, public grpc::ServerGenericBidiReactor {
 public:
  ServerWire(CallRegistry* registry, grpc::GenericCallbackServerContext* context, Executor* executor, const std::string& what)
      : registry_(registry), context_(context), core_(std::make_shared<StreamCore>(executor, this, what)) {
    registry_->Add(this, core_);
  }

  const std::shared_ptr<StreamCore>& core() const { return core_; }

  void Write(std::string message) override {
    outgoing_ = Wrap(std::move(message));
    StartWrite(&outgoing_);
  }
  void StartReading() override { StartRead(&incoming_); }
  void Cancel() override { context_->TryCancel(); }
  void Release(const absl::Status& why) override {
    Finish(grpc::Status(static_cast<grpc::StatusCode>(why.code()), std::string(why.message())));
  }

  void OnWriteDone(bool ok) override { core_->WriteDone(ok); }
  void OnReadDone(bool ok) override {
    if (!ok) return core_->PeerEnded();
    core_->MessageArrived(Unwrap(incoming_));
    incoming_.Clear();
    // Not once the call is released: then the rest of what the peer sent is nobody's.
    core_->StartReading();
  }
  void OnCancel() override {
    {
      MutexLock lock(&mutex_);
      cancelled_ = true;
    }
    core_->PeerEnded();
  }
  void OnDone() override {
    bool cancelled;
    {
      MutexLock lock(&mutex_);
      cancelled = cancelled_;
    }
    core_->Ended(cancelled ? Unavailable(core_->peer(), ": the stream broke, or the peer gave it up") : absl::OkStatus());
    auto* registry = registry_;
    auto* self = static_cast<StreamWire*>(this);
    delete this;
    registry->Remove(self);
  }

 private:
  CallRegistry* const registry_;
  grpc::GenericCallbackServerContext* const context_;
  const std::shared_ptr<StreamCore> core_;
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
  Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
};

class RefusedCall final : public grpc::ServerGenericBidiReactor {
 public:
  explicit RefusedCall(const std::string& method) {
    Finish(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, Cat("open stream: nothing serves method ", method)));
  }
  void OnDone() override { delete this; }
};

}  // namespace

struct GrpcTransport::State : public grpc::CallbackGenericService {
  struct Served {
    Executor* executor;
    Accept accept;
  };

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    std::shared_ptr<Served> found;
    {
      MutexLock lock(&mutex);
      auto it = served.find(context->method());
      if (it != served.end()) found = it->second;
    }
    if (found == nullptr) return new RefusedCall(context->method());
    auto* wire = new ServerWire(&registry, context, found->executor, Cat("stream from ", context->peer()));
    // The closure's own handle closes the stream if the closure is dropped unrun.
    auto handle = std::make_unique<GrpcStream>(wire->core());
    wire->core()->Post([core = wire->core(), handle = std::move(handle), found]() mutable {
      core->Bind(found->accept(std::move(handle)));
      core->StartReading();
    });
    return wire;
  }

  Options options;
  CallRegistry registry;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
  Mutex mutex;
  std::map<std::string, std::shared_ptr<Served>> served ABSL_GUARDED_BY(mutex);
};

GrpcTransport::GrpcTransport(Options options) : state_(std::make_unique<State>()) {
  state_->options = options;
  KeepGrpcCallbackThreads();
}

GrpcTransport::~GrpcTransport() {
  // Open streams break at once, as at a crash; only those closed in order may flush.
  for (const auto& core : state_->registry.Snapshot()) core->Close(Unavailable(core->peer(), ": this process is shutting down"));
  if (!state_->registry.WaitUntilEmpty(state_->options.flush_timeout)) {
    for (const auto& core : state_->registry.Snapshot()) core->Cancel();
  }
  if (state_->server != nullptr) {
    state_->server->Shutdown(std::chrono::system_clock::now());
    state_->server->Wait();
  }
  state_->registry.WaitUntilEmpty(absl::Seconds(3600));
}

std::unique_ptr<Stream> GrpcTransport::Connect(const std::string& address, const std::string& method, Executor* executor,
                                               StreamEvents events) {
  const Options& options = state_->options;
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own, and no back-off left by a former attempt
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  args.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, static_cast<int>(absl::ToInt64Milliseconds(options.connect_timeout)));
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(absl::ToInt64Milliseconds(options.keepalive_time)));
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(absl::ToInt64Milliseconds(options.keepalive_timeout)));
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  args.SetMaxReceiveMessageSize(options.max_message_bytes);
  args.SetMaxSendMessageSize(options.max_message_bytes);
  auto channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), args);
  auto* wire = new ClientWire(&state_->registry, std::move(channel), executor, Cat("stream to ", address));
  auto core = wire->core();
  core->Bind(std::move(events));
  wire->Start(method);
  return std::make_unique<GrpcStream>(std::move(core));
}

void GrpcTransport::Serve(const std::string& method, Executor* executor, Accept accept) {
  auto served = std::make_shared<State::Served>(State::Served{executor, std::move(accept)});
  MutexLock lock(&state_->mutex);
  state_->served[method] = std::move(served);
}

absl::Status GrpcTransport::Listen(const std::string& address) {
  Check(state_->server == nullptr, "a transport listens once");
  const Options& options = state_->options;
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a second process on the port is an error, not a partner
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(absl::ToInt64Milliseconds(options.keepalive_time)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             static_cast<int>(absl::ToInt64Milliseconds(options.keepalive_timeout)));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 100);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.SetMaxSendMessageSize(options.max_message_bytes);
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &state_->port);
  builder.RegisterCallbackGenericService(state_.get());
  builder.SetOption(Reflection(false));
  state_->server = builder.BuildAndStart();
  if (state_->server == nullptr || state_->port == 0) {
    state_->server = nullptr;
    return Unavailable("listen on ", address, ": the address cannot be bound; is another process on this port?");
  }
  return absl::OkStatus();
}

int GrpcTransport::port() const { return state_->port; }

}  // namespace millrace
