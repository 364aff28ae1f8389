#pragma once

#include <optional>
#include <vector>

#include "worker/stream_event.h"

namespace millrace {

// Which channels have delivered the barrier of the running epoch.
//
//   event                      │ epoch running │ decision
//   ───────────────────────────┼───────────────┼───────────────────────────────────────────────
//   barrier ≤ a finished epoch │ any           │ kIgnore
//   barrier of a newer epoch   │ older one     │ gives the older one up, begins this one
//   barrier, others are open   │ none, same    │ kBlock: read no more from this channel
//   barrier, the last one      │ none, same    │ kAligned
//   end of input               │ same          │ counts as delivered: kAligned if it was the last one
//
// Pure: no clock, no I/O, no threads.
class BarrierAligner {
 public:
  enum class Step { kIgnore, kBlock, kAligned };
  struct Decision {
    Step step = Step::kIgnore;
    std::optional<Epoch> gave_up;  // its channels are to be unblocked first
  };
  explicit BarrierAligner(size_t num_channels) : delivered_(num_channels), ended_(num_channels) {}

  Decision OnBarrier(size_t channel, const Barrier& barrier);
  Decision OnEndOfInput(size_t channel);
  // True if the epoch was running: unblock its channels. Later barriers of it are ignored.
  bool OnAbort(Epoch epoch);
  // The barrier that OnBarrier or OnEndOfInput completed.
  const Barrier& barrier() const { return barrier_; }
  bool running() const { return running_; }

 private:
  Step Complete();

  std::vector<bool> delivered_;
  std::vector<bool> ended_;
  bool running_ = false;
  Barrier barrier_;
  Epoch finished_;  // newest epoch aligned, given up or aborted
};

}  // namespace millrace
