#include "worker/memory_gate.h"

#include <utility>

namespace millrace {
namespace {

MemoryKind KindOf(MemoryAccount::Hold why) {
  return why == MemoryAccount::Hold::kSnapshots ? MemoryKind::kSnapshots : MemoryKind::kBuffers;
}

}  // namespace

MemoryGate::MemoryGate(std::shared_ptr<MemoryAccount> memory, const Clock* clock, std::shared_ptr<SubtaskProbe> probe,
                       Logger log)
    : memory_(std::move(memory)), clock_(clock), probe_(std::move(probe)), log_(std::move(log)) {}

bool MemoryGate::HoldsBack() {
  MemoryAccount::Hold why = memory_ == nullptr ? MemoryAccount::Hold::kNone : memory_->SourceHold();
  if (why == MemoryAccount::Hold::kNone && !hold_.has_value()) [[likely]]
    return false;
  absl::Duration now = clock_->Monotonic();
  if (hold_.has_value()) {
    probe_->HeldBack(KindOf(hold_->why), now - hold_->shown);
    hold_->shown = now;
    if (hold_->why != why) hold_.reset();
  }
  if (why == MemoryAccount::Hold::kNone) return false;
  if (!hold_.has_value()) hold_ = Hold{.why = why, .since = now, .shown = now};
  if (!hold_->logged && now - hold_->since >= kLongHold) {
    hold_->logged = true;
    MemoryKind kind = KindOf(why);
    const MemoryBudget& budget = memory_->budget();
    uint64_t used = memory_->used(kind);
    if (kind == MemoryKind::kBuffers) used += memory_->used(MemoryKind::kFetched);
    log_.Warning("source_held_back", {{"pool", MemoryKindName(kind)},
                                      {"used_bytes", used},
                                      {"budget_bytes", kind == MemoryKind::kBuffers ? budget.buffers : budget.snapshots}});
  }
  return true;
}

}  // namespace millrace
