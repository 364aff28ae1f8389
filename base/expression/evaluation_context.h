#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/expression/java_random.h"
#include "base/random.h"

namespace millrace {

// What expressions take from outside of their rows: time and randomness. Who evaluates expressions over one stream of
// rows (an operator's subtask) has one, and keeps it: generators go on where they stood.
//
// Thread:  one at a time.
class EvaluationContext {
 public:
  // `clock` is borrowed; null: time stands still in 1970. The same seed gives the same values.
  EvaluationContext(const Clock* clock, uint64_t seed) : clock_(clock), random_(seed), other_random_(random_.Next()) {}

  absl::Time Now() const { return clock_ == nullptr ? absl::UnixEpoch() : clock_->Now(); }
  Random& random() { return random_; }
  // Of 128 bits of state: streams of this many values do not meet.
  std::string Uuid();
  // The generator of one call with a constant seed, which it begins with. `call`: any address that is its own.
  JavaRandom& Seeded(const void* call, int32_t seed) { return seeded_.try_emplace(call, seed).first->second; }

 private:
  const Clock* const clock_;
  Random random_;
  Random other_random_;
  std::map<const void*, JavaRandom> seeded_;
};

}  // namespace millrace
