#pragma once

#include <cstdint>
#include <deque>

#include "absl/time/time.h"

namespace millrace {

// Turns totals that are seen now and then into a rate: the slope of the straight line that fits those of the last five
// seconds best. Workers report their totals about once a second and not at the same moment, so that any two totals
// alone say little.
//
// Thread: one.
class RateMeter {
 public:
  // `total` only grows, unless the pipeline was deployed anew: then the count begins afresh.
  void Observe(absl::Duration now, uint64_t total);
  // Per second, never negative; 0 until two totals are known.
  double PerSecond() const;

 private:
  struct Sample {
    absl::Duration at;
    uint64_t total;
  };
  std::deque<Sample> samples_;
};

}  // namespace millrace
