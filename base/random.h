#pragma once

#include <cstdint>
#include <string>

namespace millrace {

// A stream of random numbers: SplitMix64 (Steele, Lea, Flood 2014). The same seed gives the same numbers everywhere.
//
// Thread:  one at a time.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  // Seeds from the operating system.
  static Random FromSystem();

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound). `bound` > 0. The bias of 64 bits modulo a small bound is irrelevant here.
  uint64_t Below(uint64_t bound) { return Next() % bound; }
  // True with this probability.
  bool Chance(double probability) { return static_cast<double>(Next() >> 11) * 0x1.0p-53 < probability; }
  // A random (version 4) UUID.
  std::string Uuid();

 private:
  uint64_t state_;
};

}  // namespace millrace
