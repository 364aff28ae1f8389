#include "worker/watermark_tracker.h"

#include "base/planted_bug.h"

#include <algorithm>

namespace millrace {

bool WatermarkTracker::OnWatermark(size_t input, EventTimeMicros time) {
  Input& own = inputs_[input];
  own.watermark = std::max(own.watermark, time);
  if (own.watermark != kFinalWatermark) own.reached = own.watermark;
  own.idle = false;
  return Update();
}

bool WatermarkTracker::OnIdle(size_t input) {
  inputs_[input].idle = true;
  return Update();
}

bool WatermarkTracker::OnActive(size_t input) {
  if (!inputs_[input].idle) return false;
  inputs_[input].idle = false;
  return Update();
}

bool WatermarkTracker::OnEnded(size_t input) {
  inputs_[input].ended = true;
  return Update();
}

bool WatermarkTracker::Update() {
  EventTimeMicros lowest = kFinalWatermark;
  EventTimeMicros highest = kNoWatermark;
  bool any_active = false;
  bool any_open = false;
  bool any_final = false;
  for (const Input& input : inputs_) {
    highest = std::max(highest, input.reached);
    if (input.watermark == kFinalWatermark) any_final = true;
    if (input.watermark == kFinalWatermark || input.ended) continue;
    any_open = true;
    if (input.idle) continue;
    any_active = true;
    lowest = std::min(lowest, input.watermark);
  }
  bool idle = any_open && !any_active;
  EventTimeMicros next = any_active ? lowest : highest;
  if (!any_open && any_final) next = kFinalWatermark;
  bool changed = idle != idle_ || next > current_;
  idle_ = idle;
  current_ = MILLRACE_PLANTED(watermark_goes_back) ? next : std::max(current_, next);
  return changed;
}

std::optional<int64_t> WatermarkTracker::skew() const {
  EventTimeMicros lowest = kFinalWatermark;
  EventTimeMicros highest = kNoWatermark;
  size_t num_counting = 0;
  for (const Input& input : inputs_) {
    if (input.idle || input.ended || input.watermark == kNoWatermark || input.watermark == kFinalWatermark) continue;
    ++num_counting;
    lowest = std::min(lowest, input.watermark);
    highest = std::max(highest, input.watermark);
  }
  if (num_counting < 2) return std::nullopt;
  return highest - lowest;
}

}  // namespace millrace
