#include "millrace/v1/pipeline_service.pb.h"
#include "tests/fuzz/message_mutator.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  return millrace::MutateMessage(millrace::v1::CreateRequest::default_instance(), data, size, max_size, seed);
}
