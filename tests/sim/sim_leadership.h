#pragma once

#include "coordinator/leadership.h"
#include "coordinator/metadata_store.h"
#include "tests/sim/sim_world.h"

namespace millrace::sim {

// Who may lead, as the service that hands out leases sees it. One that is dead, frozen or cut off renews no more: after
// `duration` another may lead, though the first may still live and believe that it does.
struct Lease {
  absl::Duration duration;
  Process* holder = nullptr;
  absl::Duration expires;
};

// One process's access to the lease. The term is raised as the real one raises it.
class SimLeadership final : public Leadership {
 public:
  // `lease` null: whoever asks may lead.
  SimLeadership(MetadataStore* store, const World* world, Process* process, Lease* lease)
      : store_(store), world_(world), process_(process), lease_(lease) {}
  absl::StatusOr<Term> Acquire() override;
  absl::Status Confirm(Term term) override;

 private:
  MetadataStore* const store_;
  const World* const world_;
  Process* const process_;
  Lease* const lease_;
};

}  // namespace millrace::sim
