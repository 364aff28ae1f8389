#include "base/uuid.h"

#include "absl/strings/str_format.h"

namespace millrace {

std::string FormatUuid(uint64_t high, uint64_t low) {
  high = (high & ~0xf000ull) | 0x4000ull;
  low = (low & ~(3ull << 62)) | (2ull << 62);
  return absl::StrFormat("%08x-%04x-%04x-%04x-%012x", high >> 32, (high >> 16) & 0xffff, high & 0xffff, low >> 48,
                         low & 0xffffffffffffull);
}

}  // namespace millrace
