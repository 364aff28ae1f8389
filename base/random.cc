#include "base/random.h"

#include <random>

#include "base/uuid.h"

namespace millrace {

Random Random::FromSystem() {
  std::random_device device;
  return Random((static_cast<uint64_t>(device()) << 32) ^ device());
}

std::string Random::Uuid() {
  const uint64_t high = Next();
  return FormatUuid(high, Next());
}

}  // namespace millrace
