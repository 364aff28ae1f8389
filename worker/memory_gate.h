#pragma once

#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory_account.h"
#include "worker/subtask_probe.h"

namespace millrace {

// Asked by a source subtask before every poll: does the worker's memory let it read? Shows for how long it did not, and
// says so when that is long.
//
// Thread:  task thread.
class MemoryGate {
 public:
  // A hold that lasts longer is worth a line of the log.
  static constexpr absl::Duration kLongHold = absl::Seconds(10);

  // Borrows the clock. Without an account nothing is ever held back.
  MemoryGate(std::shared_ptr<MemoryAccount> memory, const Clock* clock, std::shared_ptr<SubtaskProbe> probe, Logger log);
  bool HoldsBack();

 private:
  struct Hold {
    MemoryAccount::Hold why;
    absl::Duration since;
    absl::Duration shown;
    bool logged = false;
  };

  const std::shared_ptr<MemoryAccount> memory_;
  const Clock* const clock_;
  const std::shared_ptr<SubtaskProbe> probe_;
  const Logger log_;
  std::optional<Hold> hold_;
};

}  // namespace millrace
