// Calls a coordinator's public gRPC API, for what the command line does not show.
//
// usage: api_probe HOST:PORT services | create PLAN.json REQUEST_ID | start NAME | create-sql FILE.sql NAME |
//                            validate-sql FILE.sql | fetch NAME CURSOR
// Prints the answer, or the code, the message and the types of the google.rpc details, one a line, and exits with 1.
#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "coordinator/plan/plan_json.h"
#include "millrace/v1/pipeline_service.grpc.pb.h"
#include "server/grpc_status.h"
#include "tests/server/list_services.h"

namespace millrace {
namespace {

int Refused(const absl::Status& status) {
  std::cout << absl::StatusCodeToString(status.code()) << "\n" << std::string(status.message()) << "\n";
  status.ForEachPayload([](absl::string_view type, const absl::Cord&) { std::cout << std::string(type) << "\n"; });
  return 1;
}

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void Show(const v1::CreateResponse& response) { std::cout << response.pipeline().name() << " " << response.pipeline().lineage() << "\n"; }
void Show(const v1::StartResponse& response) { std::cout << response.pipeline().name() << " " << response.pipeline().lineage() << "\n"; }
void Show(const v1::ValidateResponse& response) {
  for (const v1::Diagnostic& diagnostic : response.diagnostics()) {
    std::cout << diagnostic.field() << " " << diagnostic.line() << " " << diagnostic.column() << " " << diagnostic.message() << "\n";
  }
  std::cout << response.explanation();
}
// The rows, then "epoch", "cursor" and their values.
void Show(const v1::FetchResultsResponse& response) {
  std::cout << response.lines() << "epoch " << response.epoch() << " cursor " << response.cursor() << "\n";
}

template <typename Request, typename Response>
int Call(v1::PipelineService::Stub* stub,
         grpc::Status (v1::PipelineService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
         const Request& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  context.set_wait_for_ready(true);
  Response response;
  grpc::Status status = (stub->*method)(&context, request, &response);
  if (!status.ok()) return Refused(FromGrpcStatus(status));
  Show(response);
  return 0;
}

int Run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2) return 2;
  auto channel = grpc::CreateChannel(arguments[0], grpc::InsecureChannelCredentials());
  auto stub = v1::PipelineService::NewStub(channel);
  if (arguments[1] == "services") {
    auto services = ListServices(channel);
    if (!services.ok()) return Refused(services.status());
    std::cout << *services << "\n";
    return 0;
  }
  if (arguments[1] == "create" && arguments.size() == 4) {
    auto plan = ReadPlanJson(TextOf(arguments[2]));
    if (!plan.ok()) return Refused(plan.status());
    v1::CreateRequest request;
    *request.mutable_plan() = *plan;
    request.set_request_id(arguments[3]);
    return Call(stub.get(), &v1::PipelineService::Stub::Create, request);
  }
  if (arguments[1] == "start" && arguments.size() == 3) {
    v1::StartRequest request;
    request.set_name(arguments[2]);
    return Call(stub.get(), &v1::PipelineService::Stub::Start, request);
  }
  if (arguments[1] == "create-sql" && arguments.size() == 4) {
    v1::CreateRequest request;
    request.set_sql(TextOf(arguments[2]));
    request.set_name(arguments[3]);
    return Call(stub.get(), &v1::PipelineService::Stub::Create, request);
  }
  if (arguments[1] == "validate-sql" && arguments.size() == 3) {
    v1::ValidateRequest request;
    request.set_sql(TextOf(arguments[2]));
    return Call(stub.get(), &v1::PipelineService::Stub::Validate, request);
  }
  if (arguments[1] == "fetch" && arguments.size() == 4) {
    v1::FetchResultsRequest request;
    request.set_name(arguments[2]);
    request.set_cursor(arguments[3]);
    return Call(stub.get(), &v1::PipelineService::Stub::FetchResults, request);
  }
  return 2;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  setenv("GRPC_VERBOSITY", "NONE", 0);
  return millrace::Run({argv + 1, argv + argc});
}
