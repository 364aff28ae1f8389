#pragma once

#include "absl/status/statusor.h"
#include "base/ids.h"

namespace millrace {

// Elects one coordinator. The term is a fencing token: it only goes up, and it stands in every record that the leader
// writes.
//
// Thread:  IoPool.
// Blocks:  yes, but does not wait for another leader to go.
// Fails:   Unavailable: another coordinator leads, or it cannot be told; ask again. Aborted: see Confirm.
class Leadership {
 public:
  virtual ~Leadership() = default;
  virtual absl::StatusOr<Term> Acquire() = 0;
  // Aborted: a later term than this has been given out. A leader that writes no record learns of it here only.
  virtual absl::Status Confirm(Term term) = 0;
};

}  // namespace millrace
