#include "worker/barrier_aligner.h"

#include <algorithm>

namespace millrace {

BarrierAligner::Step BarrierAligner::Complete() {
  for (size_t i = 0; i < delivered_.size(); ++i) {
    if (!delivered_[i] && !ended_[i]) return Step::kBlock;
  }
  running_ = false;
  finished_ = barrier_.epoch;
  std::fill(delivered_.begin(), delivered_.end(), false);
  return Step::kAligned;
}

BarrierAligner::Decision BarrierAligner::OnBarrier(size_t channel, const Barrier& barrier) {
  if (barrier.epoch <= finished_) return {};
  Decision decision;
  if (running_ && barrier.epoch < barrier_.epoch) return {};
  if (running_ && barrier.epoch > barrier_.epoch) {
    decision.gave_up = barrier_.epoch;
    finished_ = barrier_.epoch;
    std::fill(delivered_.begin(), delivered_.end(), false);
  }
  running_ = true;
  barrier_ = barrier;
  delivered_[channel] = true;
  decision.step = Complete();
  return decision;
}

BarrierAligner::Decision BarrierAligner::OnEndOfInput(size_t channel) {
  ended_[channel] = true;
  if (!running_) return {};
  Step step = Complete();
  // The ended channel itself has nothing to block.
  return {step == Step::kAligned ? Step::kAligned : Step::kIgnore, std::nullopt};
}

bool BarrierAligner::OnAbort(Epoch epoch) {
  bool was_running = running_ && barrier_.epoch == epoch;
  finished_ = std::max(finished_, epoch);
  if (was_running) {
    running_ = false;
    std::fill(delivered_.begin(), delivered_.end(), false);
  }
  return was_running;
}

}  // namespace millrace
