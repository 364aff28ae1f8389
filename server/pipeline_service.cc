#include "server/pipeline_service.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/support/server_interceptor.h>

#include <chrono>
#include <utility>

#include "base/error.h"
#include "base/macros.h"
#include "base/mutex.h"
#include "millrace/v1/pipeline_service.grpc.pb.h"
#include "server/grpc_callback_threads.h"
#include "server/grpc_reflection.h"
#include "server/grpc_status.h"
#include "server/listen_address.h"

namespace millrace {
namespace {

constexpr char kServiceName[] = "millrace.v1.PipelineService";

// Counts calls under the names that stock dashboards know.
class CallProbe {
 public:
  CallProbe(Metrics* metrics, const Clock* clock, std::string method)
      : metrics_(metrics), clock_(clock), method_(std::move(method)), start_(clock->Monotonic()) {}
  void Ended(const absl::Status& status) {
    Labels labels{{"grpc_service", kServiceName}, {"grpc_method", method_}};
    metrics_->AddHistogram("grpc_server_handling_seconds", "Time from the arrival of a call to its answer.", RpcSecondsBuckets(), labels)
        ->Observe(absl::ToDoubleSeconds(clock_->Monotonic() - start_));
    labels["grpc_code"] = absl::StatusCodeToString(status.code());
    metrics_->AddCounter("grpc_server_handled_total", "Calls that were answered, by code.", labels)->Add();
  }

 private:
  Metrics* const metrics_;
  const Clock* const clock_;
  const std::string method_;
  const absl::Duration start_;
};

// One unary call. The answer and the departure of the client race; the first one finishes the call.
template <typename Response>
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  // Outlives the call in the hands of a control that answers late.
  struct Ending {
    Mutex mutex;
    UnaryCall* call ABSL_GUARDED_BY(mutex);
  };

  UnaryCall(Response* response, CallProbe probe)
      : response_(response), probe_(std::move(probe)), ending_(std::make_shared<Ending>()) {
    MutexLock lock(&ending_->mutex);
    ending_->call = this;
  }
  typename PipelineControl::Done<Response> Answer() {
    return [ending = ending_](absl::StatusOr<Response> answer) {
      UnaryCall* call;
      {
        MutexLock lock(&ending->mutex);
        call = std::exchange(ending->call, nullptr);
      }
      if (call == nullptr) return;
      if (answer.ok()) *call->response_ = *std::move(answer);
      call->End(answer.status());
    };
  }
  void OnCancel() override {
    Answer()(absl::CancelledError("the client left, or its deadline passed"));
  }
  void OnDone() override { delete this; }

 private:
  void End(const absl::Status& status) {
    probe_.Ended(status);
    Finish(ToGrpcStatus(status));
  }

  Response* const response_;
  CallProbe probe_;
  const std::shared_ptr<Ending> ending_;
};

// One Watch: asks for the next change when the last one is on its way.
class WatchCall final : public grpc::ServerWriteReactor<v1::WatchResponse> {
 public:
  struct Ending {
    Mutex mutex;
    WatchCall* call ABSL_GUARDED_BY(mutex);
  };

  WatchCall(PipelineControl* control, const v1::WatchRequest& request, CallProbe probe)
      : control_(control), request_(request), probe_(std::move(probe)), ending_(std::make_shared<Ending>()) {
    MutexLock lock(&ending_->mutex);
    ending_->call = this;
  }
  void AskNext() {
    control_->Watch(request_, [ending = ending_](absl::StatusOr<v1::WatchResponse> answer) {
      bool ended = !answer.ok();
      WatchCall* call;
      {
        // Under the lock: until it is released the call cannot be finished elsewhere, and StartWrite runs no callback
        // of ours inline.
        MutexLock lock(&ending->mutex);
        call = ending->call;
        if (call == nullptr) return;
        if (ended) ending->call = nullptr;
        if (!ended) {
          call->response_ = *std::move(answer);
          call->writing_ = true;
        }
      }
      if (ended) return call->End(answer.status());
      call->request_.set_resume_version(call->response_.pipeline().version());
      call->StartWrite(&call->response_);
    });
  }
  void OnWriteDone(bool ok) override {
    bool left;
    {
      MutexLock lock(&ending_->mutex);
      writing_ = false;
      left = !ok || cancelled_;
      if (left) ending_->call = nullptr;
    }
    if (left) return End(absl::CancelledError("the client left"));
    AskNext();
  }
  void OnCancel() override {
    {
      MutexLock lock(&ending_->mutex);
      cancelled_ = true;
      if (writing_ || ending_->call == nullptr) return;  // OnWriteDone ends it, or it has ended
      ending_->call = nullptr;
    }
    End(absl::CancelledError("the client left"));
  }
  void OnDone() override { delete this; }

 private:
  void End(const absl::Status& status) {
    probe_.Ended(status);
    Finish(ToGrpcStatus(status));
  }

  PipelineControl* const control_;
  v1::WatchRequest request_;
  CallProbe probe_;
  v1::WatchResponse response_;
  const std::shared_ptr<Ending> ending_;
  bool writing_ = false;    // under the mutex of ending_
  bool cancelled_ = false;  // under the mutex of ending_
};

// A request that cannot be read, such as one whose text is not UTF-8, never reaches the service: gRPC answers it as a
// call that does not exist, without a word.
class UnreadableRequests final : public grpc::experimental::Interceptor {
 public:
  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(grpc::experimental::InterceptionHookPoints::PRE_SEND_STATUS)) {
      const grpc::Status status = methods->GetSendStatus();
      if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED && status.error_message().empty()) {
        methods->ModifySendStatus(ToGrpcStatus(InvalidArgument(
            "the request cannot be read: it is not of this call's type, or a text in it is not UTF-8; send it anew as ",
            "UTF-8")));
      }
    }
    methods->Proceed();
  }
};

class UnreadableRequestsFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  // Of calls that do exist.
  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* info) override {
    const std::string_view method = info->method() == nullptr ? "" : info->method();
    const bool ours = method.starts_with(Cat("/", kServiceName, "/"));
    return ours ? new UnreadableRequests() : nullptr;
  }
};

class PipelineService final : public v1::PipelineService::CallbackService {
 public:
  PipelineService(PipelineControl* control, Metrics* metrics, const Clock* clock)
      : control_(control), metrics_(metrics), clock_(clock) {}

  using Context = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* Validate(Context*, const v1::ValidateRequest* request, v1::ValidateResponse* response) override {
    return Call("Validate", &PipelineControl::Validate, *request, response);
  }
  grpc::ServerUnaryReactor* Create(Context*, const v1::CreateRequest* request, v1::CreateResponse* response) override {
    return Call("Create", &PipelineControl::Create, *request, response);
  }
  grpc::ServerUnaryReactor* Get(Context*, const v1::GetRequest* request, v1::GetResponse* response) override {
    return Call("Get", &PipelineControl::Get, *request, response);
  }
  grpc::ServerUnaryReactor* List(Context*, const v1::ListRequest* request, v1::ListResponse* response) override {
    return Call("List", &PipelineControl::List, *request, response);
  }
  grpc::ServerUnaryReactor* Start(Context*, const v1::StartRequest* request, v1::StartResponse* response) override {
    return Call("Start", &PipelineControl::Start, *request, response);
  }
  grpc::ServerUnaryReactor* Stop(Context*, const v1::StopRequest* request, v1::StopResponse* response) override {
    return Call("Stop", &PipelineControl::Stop, *request, response);
  }
  grpc::ServerUnaryReactor* Cancel(Context*, const v1::CancelRequest* request, v1::CancelResponse* response) override {
    return Call("Cancel", &PipelineControl::Cancel, *request, response);
  }
  grpc::ServerUnaryReactor* FetchResults(Context*, const v1::FetchResultsRequest* request,
                                         v1::FetchResultsResponse* response) override {
    return Call("FetchResults", &PipelineControl::FetchResults, *request, response);
  }
  grpc::ServerWriteReactor<v1::WatchResponse>* Watch(Context*, const v1::WatchRequest* request) override {
    auto* call = new WatchCall(control_, *request, CallProbe(metrics_, clock_, "Watch"));
    call->AskNext();
    return call;
  }

 private:
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Call(const char* name, void (PipelineControl::*method)(Request, PipelineControl::Done<Response>),
                                 const Request& request, Response* response) {
    auto* call = new UnaryCall<Response>(response, CallProbe(metrics_, clock_, name));
    (control_->*method)(request, call->Answer());
    return call;
  }

  PipelineControl* const control_;
  Metrics* const metrics_;
  const Clock* const clock_;
};

}  // namespace

struct PipelineServer::State {
  State(PipelineControl* control, Metrics* metrics, const Clock* clock) : service(control, metrics, clock) {}
  PipelineService service;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

absl::StatusOr<std::unique_ptr<PipelineServer>> PipelineServer::Listen(const Options& options, PipelineControl* control,
                                                                       Metrics* metrics, const Clock* clock) {
  RETURN_IF_ERROR(CheckBindAddress(options.bind, options.insecure));
  KeepGrpcCallbackThreads();
  auto state = std::make_unique<State>(control, metrics, clock);
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5000);
  builder.AddListeningPort(HostPort(options.bind, options.port), grpc::InsecureServerCredentials(), &state->port);
  builder.RegisterService(&state->service);
  builder.SetOption(Reflection(options.reflection));
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> interceptors;
  interceptors.push_back(std::make_unique<UnreadableRequestsFactory>());
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  state->server = builder.BuildAndStart();
  if (state->server == nullptr || state->port == 0) return CannotListen(options.bind, options.port, "--grpc-port");
  auto server = std::unique_ptr<PipelineServer>(new PipelineServer(std::move(state)));
  server->SetServing(false);
  return server;
}

PipelineServer::PipelineServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

PipelineServer::~PipelineServer() {
  state_->server->Shutdown(std::chrono::system_clock::now());
  state_->server->Wait();
}

int PipelineServer::port() const { return state_->port; }

void PipelineServer::SetServing(bool serving) {
  state_->server->GetHealthCheckService()->SetServingStatus(kServiceName, serving);
}

}  // namespace millrace
