#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tests/sim/seed_run.h"

namespace millrace::sim {

// What many runs came to, by kind of fault.
class RunTotals {
 public:
  void Add(const Outcome& outcome);
  // For people: kind, how many faults, of how many seeds; rows of tables that those seeds lost, doubled or got wrong;
  // the slowest recovery.
  std::string Table() const;
  // For programs: one line. Sums add up over processes, recoveries are maxima.
  std::string Json() const;

 private:
  struct OfKind {
    uint64_t taken = 0;
    uint64_t seeds = 0;
    uint64_t lost = 0;
    uint64_t duplicated = 0;
    uint64_t wrong = 0;
    absl::Duration slowest_recovery;
  };
  uint64_t seeds_ = 0;
  uint64_t failed_ = 0;
  uint64_t without_fault_ = 0;
  uint64_t kills_ = 0;
  uint64_t restarts_ = 0;
  uint64_t epochs_ = 0;
  uint64_t late_ = 0;
  absl::Duration took_;
  std::array<OfKind, kNumFaultKinds> kinds_;
  std::array<uint64_t, FailureWindows::kNumWindows + 1> windows_{};
};

}  // namespace millrace::sim
