#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/memory_account.h"
#include "base/memory_limit.h"

namespace millrace {

// `--memory-buffers`, `--memory-state` and `--memory-snapshots` of a worker, as given; empty: not given.
struct MemoryFlags {
  std::string buffers = {};
  std::string state = {};
  std::string snapshots = {};
};

// Budgets from flags; those not given are shares of what the process may use, 20, 40 and 20 %, or of what the others
// leave. The rest is for libraries and code. Without a limit, what is not given has no budget.
//
// Fails:   InvalidArgument: not a size, too little to work with, or together more than the process may use.
absl::StatusOr<MemoryBudget> MakeMemoryBudget(const MemoryFlags& flags, const MemoryLimit& limit, int num_slots);

}  // namespace millrace
