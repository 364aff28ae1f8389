#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace millrace {

// Decisions, made by bytes: of a fuzzer, or of a seed. Where they end, every choice is the first.
class Choices {
 public:
  explicit Choices(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool AtEnd() const { return bytes_.empty(); }
  // One of 0 … count − 1, of at most 256.
  size_t Of(size_t count) { return count <= 1 ? 0 : Byte() % count; }
  // Once in `n` times.
  bool Once(size_t n) { return Of(n) == n - 1; }
  uint64_t Bits(int bytes) {
    uint64_t bits = 0;
    for (int i = 0; i < bytes; ++i) bits = bits << 8 | Byte();
    return bits;
  }
  template <typename T, size_t N>
  const T& Among(const T (&values)[N]) {
    return values[Of(N)];
  }

 private:
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const uint8_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte;
  }

  std::span<const uint8_t> bytes_;
};

}  // namespace millrace
