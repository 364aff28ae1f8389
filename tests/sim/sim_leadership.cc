#include "tests/sim/sim_leadership.h"

#include <string>

#include "base/error.h"

namespace millrace::sim {

absl::StatusOr<Term> SimLeadership::Acquire() {
  if (lease_ != nullptr) {
    bool is_held = lease_->holder != nullptr && lease_->holder != process_ && world_->now() < lease_->expires;
    if (is_held) return Unavailable("another coordinator leads");
    lease_->holder = process_;
    lease_->expires = world_->now() + lease_->duration;
  }
  auto record = store_->Get("leadership");
  if (!record.ok() && !absl::IsNotFound(record.status())) return record.status();
  // The version is the term, as in FileLeadership.
  uint64_t version = record.ok() ? record->version : 0;
  auto raised = store_->CompareAndSet("leadership", version, std::to_string(version + 1));
  if (!raised.ok()) return Unavailable(raised.status().message());
  return Term(version + 1);
}

absl::Status SimLeadership::Confirm(Term term) {
  auto record = store_->Get("leadership");
  if (!record.ok()) return record.status();
  return record->version > term.value() ? Aborted("another coordinator leads: term ", record->version) : absl::OkStatus();
}

}  // namespace millrace::sim
