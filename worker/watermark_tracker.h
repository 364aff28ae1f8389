#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/event_time.h"

namespace millrace {

// The watermark of an operator: the lowest of its inputs that count. Idle inputs do not count until they speak again,
// ended ones never, and neither do those whose watermark is final: the operator's is when that of all of them is, idle
// ones included, for whoever waits for the end must have seen every row. When the last one turns idle the highest
// watermark seen holds (Flink's rule). Never goes back.
//
// Pure.
class WatermarkTracker {
 public:
  // `restored`: what the operator had reached in the checkpoint.
  explicit WatermarkTracker(size_t num_inputs, EventTimeMicros restored = kNoWatermark)
      : inputs_(num_inputs), current_(restored) {}

  // Each answers whether watermark() or idle() has changed.
  bool OnWatermark(size_t input, EventTimeMicros time);
  bool OnIdle(size_t input);
  // A row: the input counts again.
  bool OnActive(size_t input);
  bool OnEnded(size_t input);

  EventTimeMicros watermark() const { return current_; }
  // Between the highest and the lowest watermark of the inputs that count; nothing if there are not two.
  std::optional<int64_t> skew() const;
  // Every input is idle.
  bool idle() const { return idle_; }

 private:
  struct Input {
    EventTimeMicros watermark = kNoWatermark;
    // The last one before the final one: the highest watermark seen must not depend on which came first, the end of one
    // input or the silence of another.
    EventTimeMicros reached = kNoWatermark;
    bool idle = false;
    bool ended = false;
  };
  bool Update();

  std::vector<Input> inputs_;
  EventTimeMicros current_;
  bool idle_ = false;
};

}  // namespace millrace
