#pragma once

#include <cstdint>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace millrace {

// Towards minus infinity, where C++ cuts towards zero. `b` > 0.
inline int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
inline int64_t FloorModulo(int64_t a, int64_t b) { return a % b < 0 ? a % b + b : a % b; }

// What clocks in the zone show at an instant (µs since 1970, UTC), as µs since 1970 of that clock.
inline int64_t LocalMicros(int64_t micros, absl::TimeZone zone) {
  const int64_t seconds = FloorDivide(micros, 1'000'000);
  const int64_t shift = zone.At(absl::FromUnixSeconds(seconds)).offset;
  return micros + shift * 1'000'000;
}

// The instant at which clocks in the zone show that. As Java has it: a time that is skipped is later by the gap, of a
// time that is shown twice it is the first.
inline int64_t InstantMicros(int64_t local, absl::TimeZone zone) {
  const int64_t seconds = FloorDivide(local, 1'000'000);
  const absl::CivilSecond civil = absl::CivilSecond(1970, 1, 1) + seconds;
  return absl::ToUnixSeconds(zone.At(civil).pre) * 1'000'000 + FloorModulo(local, 1'000'000);
}

}  // namespace millrace
