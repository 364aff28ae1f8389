#include <cstring>
#include <string>

#include "base/crc32c.h"
#include "millrace/internal/v1/shuffle.pb.h"
#include "tests/fuzz/message_mutator.h"

// A checksum that fits, for behind it lies the reader of the rows.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  using millrace::internal::v1::ShuffleFrame;
  size = millrace::MutateMessage(ShuffleFrame::default_instance(), data, size, max_size, seed);
  ShuffleFrame frame;
  if (seed % 16 == 0 || !frame.ParseFromArray(data, static_cast<int>(size)) || !frame.has_data()) return size;
  frame.mutable_data()->set_crc32c(millrace::Crc32c(frame.data().ipc()));
  const std::string bytes = frame.SerializeAsString();
  if (bytes.size() > max_size) return size;
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}
