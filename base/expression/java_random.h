#pragma once

#include <cstdint>

namespace millrace {

// The numbers of java.util.Random, whose algorithm is part of its specification: what RAND(seed) gives in Flink.
class JavaRandom {
 public:
  explicit JavaRandom(int64_t seed) : state_((static_cast<uint64_t>(seed) ^ kMultiplier) & kMask) {}

  // Uniform in [0, bound). `bound` > 0.
  int32_t NextInt(int32_t bound) {
    int32_t bits = Next(31);
    if ((bound & (bound - 1)) == 0) return static_cast<int32_t>((int64_t{bound} * bits) >> 31);
    // The last, incomplete round of remainders is thrown away.
    while (int64_t{bits} - bits % bound + (bound - 1) > INT32_MAX) bits = Next(31);
    return bits % bound;
  }
  // Uniform in [0, 1).
  double NextDouble() {
    const int64_t high = int64_t{Next(26)} << 27;
    return static_cast<double>(high + Next(27)) * 0x1.0p-53;
  }

 private:
  static constexpr uint64_t kMultiplier = 0x5deece66dull;
  static constexpr uint64_t kMask = (1ull << 48) - 1;

  int32_t Next(int bits) {
    state_ = (state_ * kMultiplier + 0xb) & kMask;
    return static_cast<int32_t>(static_cast<uint32_t>(state_ >> (48 - bits)));
  }

  uint64_t state_;
};

}  // namespace millrace
