#include "millrace/internal/v1/control.pb.h"
#include "tests/fuzz/message_mutator.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  return millrace::MutateFrames(millrace::internal::v1::CoordinatorMessage::default_instance(), 0, data, size, max_size,
                                seed);
}
