// Any bytes as a request to any method of the public API: gRPC refuses them, or the coordinator answers, once, with a
// response or a status, and with the same one if it is asked again in the same state.
//
//   input := number of the method u8 · serialized request
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <grpcpp/support/status.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "server/grpc_status.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/in_memory_coordinator.h"

namespace millrace {
namespace {

std::string BytesOf(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  Require(message.SerializeToCodedStream(&out), "an answer can be serialized");
  return bytes;
}

std::string BytesOf(const absl::Status& status) {
  grpc::Status wire = ToGrpcStatus(status);
  Require(!wire.ok() && !wire.error_message().empty(), "a refusal says why");
  Require(wire.error_code() >= grpc::StatusCode::CANCELLED && wire.error_code() <= grpc::StatusCode::UNAUTHENTICATED &&
              wire.error_code() != grpc::StatusCode::UNKNOWN && wire.error_code() != grpc::StatusCode::INTERNAL,
          "a request cannot make an error of ours");
  return Cat(static_cast<int>(wire.error_code()), wire.error_message(), wire.error_details());
}

// Empty: no such request.
template <typename Request, typename Response>
std::string Ask(InMemoryCoordinator& coordinator,
                void (PipelineControl::*method)(Request, PipelineControl::Done<Response>), std::string_view bytes) {
  Request request;
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return "";
  auto answers = std::make_shared<std::vector<std::string>>();
  (coordinator.control.get()->*method)(std::move(request), [answers](absl::StatusOr<Response> answer) {
    answers->push_back(Cat("answer ", answer.ok() ? BytesOf(*answer) : BytesOf(answer.status())));
  });
  // All but Watch and writes answer at once.
  for (int i = 0; i < 4 && answers->empty(); ++i) coordinator.Pass(i == 0 ? absl::ZeroDuration() : absl::Seconds(i));
  coordinator.Pass(absl::Milliseconds(1));
  Require(answers->size() == 1, "every request is answered once");
  return answers->front();
}

std::string AskMethod(InMemoryCoordinator& coordinator, uint8_t number, std::string_view bytes) {
  switch (number % 9) {
    case 0:
      return Ask(coordinator, &PipelineControl::Validate, bytes);
    case 1:
      return Ask(coordinator, &PipelineControl::Create, bytes);
    case 2:
      return Ask(coordinator, &PipelineControl::Get, bytes);
    case 3:
      return Ask(coordinator, &PipelineControl::List, bytes);
    case 4:
      return Ask(coordinator, &PipelineControl::Start, bytes);
    case 5:
      return Ask(coordinator, &PipelineControl::Stop, bytes);
    case 6:
      return Ask(coordinator, &PipelineControl::Cancel, bytes);
    case 7:
      return Ask(coordinator, &PipelineControl::Watch, bytes);
    default:
      return Ask(coordinator, &PipelineControl::FetchResults, bytes);
  }
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  // Made anew whenever a request has changed what is stored.
  static std::unique_ptr<InMemoryCoordinator> coordinator;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (coordinator == nullptr) coordinator = std::make_unique<InMemoryCoordinator>();
  bool wrote = false;
  auto ask = [&] {
    const uint64_t before = coordinator->num_writes();
    std::string answer = AskMethod(*coordinator, data[0], bytes);
    wrote = coordinator->num_writes() != before;
    if (wrote) coordinator = std::make_unique<InMemoryCoordinator>();
    return answer;
  };
  std::string first = ask();
  if (first.empty()) return 0;
  // What is stored carries the time, which begins anew with a coordinator.
  if (wrote) first = ask();
  const std::string second = ask();
  if (second != first) std::fprintf(stderr, "first:  %s\nsecond: %s\n", first.c_str(), second.c_str());
  Require(second == first, "the same request in the same state has the same answer");
  return 0;
}
