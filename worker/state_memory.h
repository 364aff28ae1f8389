#pragma once

#include <memory>

#include "absl/status/status.h"
#include "base/memory_account.h"
#include "worker/operator.h"

namespace millrace {

// Counts what one operator's tables hold, against its slot's share of the worker's budget for state. A slot runs one
// pipeline, so that one whose state grows too large ends, and no other has to.
//
// Thread:  IoPool while the operator is restored, then the task's.
// Fails:   FailedPrecondition (permanent): the slot is over its budget. A restart would only get there again.
class StateMemory {
 public:
  // `slot`: an account of its own for every slot; `num_slots`: of the worker, for messages.
  StateMemory(std::shared_ptr<MemoryAccount> slot, uint32_t num_slots);
  // After a batch, a watermark, a part of a restore. It exceeds the budget by what one of these adds, at most.
  absl::Status Update(const Operator& op);

 private:
  const std::shared_ptr<MemoryAccount> slot_;
  const uint32_t num_slots_;
  MemoryHold hold_;
};

}  // namespace millrace
