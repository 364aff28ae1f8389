#pragma once

#include "absl/status/statusor.h"
#include "base/ids.h"

namespace millrace {

// Elects one coordinator. The term is a fencing token: it only goes up, and it stands in every record that the leader
// writes.
//
// Thread:  IoPool.
// Blocks:  yes, but does not wait for another leader to go.
// Fails:   Unavailable: another coordinator leads; ask again.
class Leadership {
 public:
  virtual ~Leadership() = default;
  virtual absl::StatusOr<Term> Acquire() = 0;
};

}  // namespace millrace
