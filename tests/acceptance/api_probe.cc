// Calls a coordinator's public gRPC API, for what the command line does not show.
//
// usage: api_probe HOST:PORT services | create PLAN.json REQUEST_ID | start NAME
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
  std::cout << response.pipeline().name() << " " << response.pipeline().lineage() << "\n";
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
    std::ifstream file(arguments[2]);
    std::stringstream text;
    text << file.rdbuf();
    auto plan = ReadPlanJson(text.str());
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
  return 2;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  setenv("GRPC_VERBOSITY", "NONE", 0);
  return millrace::Run({argv + 1, argv + argc});
}
