#include "worker/state_memory.h"

#include <utility>

#include "base/byte_size.h"
#include "base/error.h"

namespace millrace {
namespace {

// What has no windows holds what it does until its input has ended.
std::string WhatIn(const OperatorFigures& figures) {
  if (figures.num_windows == 0) return Cat(figures.num_keys, " entries until its input ends");
  return Cat(figures.num_keys, " keys in ", figures.num_windows, figures.num_windows == 1 ? " open window" : " open windows");
}

}  // namespace

StateMemory::StateMemory(std::shared_ptr<MemoryAccount> slot, uint32_t num_slots)
    : slot_(std::move(slot)), num_slots_(num_slots), hold_(slot_, MemoryKind::kState) {}

absl::Status StateMemory::Update(const Operator& op) {
  uint64_t bytes = op.num_bytes();
  if (bytes == hold_.bytes()) return absl::OkStatus();
  const bool grows = bytes > hold_.bytes();
  hold_.Resize(bytes);
  if (!grows || !slot_->IsOver(MemoryKind::kState)) return absl::OkStatus();
  OperatorFigures figures = op.figures();
  const uint64_t share = slot_->budget().state;
  return FailedPrecondition("its state is over the memory budget of its slot: ", FormatByteSize(slot_->used(MemoryKind::kState)),
                            " of ", FormatByteSize(share), ", of which it holds ", FormatByteSize(bytes), ", ", WhatIn(figures),
                            ". Start workers with a larger --memory-state (it is shared equally by their slots: now ",
                            FormatByteSize(share * num_slots_), " by ", num_slots_,
                            "), start the pipeline with a higher parallelism, or ",
                            figures.num_windows == 0 ? "let less reach it: filter in front of it, or limit what it sorts"
                                                     : "make its windows shorter");
}

}  // namespace millrace
