#include "base/random.h"

#include <random>

#include "absl/strings/str_format.h"

namespace millrace {

Random Random::FromSystem() {
  std::random_device device;
  return Random((static_cast<uint64_t>(device()) << 32) ^ device());
}

std::string Random::Uuid() {
  uint64_t high = (Next() & ~0xf000ull) | 0x4000ull;
  uint64_t low = (Next() & ~(3ull << 62)) | (2ull << 62);
  return absl::StrFormat("%08x-%04x-%04x-%04x-%012x", high >> 32, (high >> 16) & 0xffff, high & 0xffff, low >> 48,
                         low & 0xffffffffffffull);
}

}  // namespace millrace
