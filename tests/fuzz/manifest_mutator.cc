#include "millrace/storage/v1/manifest.pb.h"
#include "tests/fuzz/message_mutator.h"

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  return millrace::MutateMessage(millrace::storage::v1::Manifest::default_instance(), data, size, max_size, seed);
}
