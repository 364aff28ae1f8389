#pragma once

#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>

namespace millrace {

// For LLVMFuzzerCustomMutator of targets that take messages, whose nested lengths random bytes seldom keep: changes one
// field of the message of `prototype`'s type that `data` holds, or, now and then and if it holds none, any bytes.
// Answers with the new size, at most `max_size`. Only in libFuzzer programs.
size_t MutateMessage(const google::protobuf::Message& prototype, uint8_t* data, size_t size, size_t max_size,
                     unsigned seed);
// The same in one of the frames (frames.h) behind the first `prefix` bytes; or it is taken out or sent twice.
size_t MutateFrames(const google::protobuf::Message& prototype, size_t prefix, uint8_t* data, size_t size,
                    size_t max_size, unsigned seed);

}  // namespace millrace
