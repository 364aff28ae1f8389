#include "millrace/v1/pipeline_service.pb.h"
#include "tests/fuzz/message_mutator.h"

namespace millrace {
namespace {

// In the order of the methods' numbers.
const google::protobuf::Message& RequestOf(uint8_t method) {
  static const google::protobuf::Message* const requests[] = {
      &v1::ValidateRequest::default_instance(), &v1::CreateRequest::default_instance(),
      &v1::GetRequest::default_instance(),      &v1::ListRequest::default_instance(),
      &v1::StartRequest::default_instance(),    &v1::StopRequest::default_instance(),
      &v1::CancelRequest::default_instance(),   &v1::WatchRequest::default_instance(),
      &v1::FetchResultsRequest::default_instance()};
  return *requests[method % 9];
}

}  // namespace
}  // namespace millrace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  using namespace millrace;
  if (size < 2 || max_size < 2) {
    data[0] = static_cast<uint8_t>(seed % 9);
    return 1;
  }
  return 1 + MutateMessage(RequestOf(data[0]), data + 1, size - 1, max_size - 1, seed);
}
