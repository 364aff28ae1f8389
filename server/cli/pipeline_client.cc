#include "server/cli/pipeline_client.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <utility>

#include "base/error.h"
#include "millrace/v1/pipeline_service.grpc.pb.h"
#include "server/grpc_status.h"

namespace millrace {

struct PipelineClient::State {
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::PipelineService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout));
    Response response;
    grpc::Status status = (stub.get()->*method)(&context, request, &response);
    if (status.ok()) return response;
    // Only a coordinator adds details; without them nobody answered.
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE && status.error_details().empty()) {
      return Unavailable("call coordinator at ", address, ": ", status.error_message(),
                         "; start one with `millrace dev`, or name another with --server HOST:PORT or MILLRACE_SERVER");
    }
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      return absl::DeadlineExceededError(Cat("call coordinator at ", address, ": no answer within ", absl::FormatDuration(timeout),
                                             "; it may be busy or recovering, try again"));
    }
    return FromGrpcStatus(status);
  }

  std::string address;
  absl::Duration timeout;
  std::unique_ptr<v1::PipelineService::Stub> stub;
};

PipelineClient::PipelineClient(std::string address, absl::Duration timeout) : state_(std::make_unique<State>()) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  state_->stub = v1::PipelineService::NewStub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
  state_->address = std::move(address);
  state_->timeout = timeout;
}

PipelineClient::~PipelineClient() = default;

using Stub = v1::PipelineService::Stub;

absl::StatusOr<v1::ValidateResponse> PipelineClient::Validate(const v1::ValidateRequest& request) {
  return state_->Call(&Stub::Validate, request);
}
absl::StatusOr<v1::CreateResponse> PipelineClient::Create(const v1::CreateRequest& request) {
  return state_->Call(&Stub::Create, request);
}
absl::StatusOr<v1::GetResponse> PipelineClient::Get(const v1::GetRequest& request) { return state_->Call(&Stub::Get, request); }
absl::StatusOr<v1::ListResponse> PipelineClient::List(const v1::ListRequest& request) { return state_->Call(&Stub::List, request); }
absl::StatusOr<v1::StartResponse> PipelineClient::Start(const v1::StartRequest& request) { return state_->Call(&Stub::Start, request); }
absl::StatusOr<v1::StopResponse> PipelineClient::Stop(const v1::StopRequest& request) { return state_->Call(&Stub::Stop, request); }
absl::StatusOr<v1::CancelResponse> PipelineClient::Cancel(const v1::CancelRequest& request) {
  return state_->Call(&Stub::Cancel, request);
}
absl::StatusOr<v1::FetchResultsResponse> PipelineClient::FetchResults(const v1::FetchResultsRequest& request) {
  return state_->Call(&Stub::FetchResults, request);
}

}  // namespace millrace
