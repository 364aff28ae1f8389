#include "tests/sim/watermark_watch.h"

#include <utility>

#include "base/event_time.h"
#include "tests/sim/promises.h"

namespace millrace::sim {

std::string WatermarkWatch::OnCompleted(const storage::v1::Manifest& manifest) {
  for (const auto& source : manifest.sources()) {
    for (const auto& split : source.splits()) {
      const std::string where = Cat("split ", split.id(), " in epoch ", manifest.epoch());
      EventTimeMicros watermark = split.has_watermark_micros() ? split.watermark_micros() : kNoWatermark;
      auto [at, is_new] = splits_.try_emplace({source.uid(), split.id()}, split);
      const storage::v1::SplitState before = std::exchange(at->second, split);
      if (before.has_watermark_micros() && watermark < before.watermark_micros()) {
        return Broken(Promise::kWatermarks, where, " has watermark ", watermark, ", and had ", before.watermark_micros());
      }
      if (before.idle() && !split.idle() && split.position() == before.position() && !split.finished()) {
        return Broken(Promise::kWatermarks, where, " is not idle, was idle, and has read nothing since");
      }
    }
  }
  for (const auto& state : manifest.operators()) {
    const std::string where = Cat("operator ", state.uid(), " in epoch ", manifest.epoch());
    EventTimeMicros watermark = state.has_watermark_micros() ? state.watermark_micros() : kNoWatermark;
    auto [at, is_new] = operators_.try_emplace(state.uid(), watermark);
    if (watermark < at->second) {
      return Broken(Promise::kWatermarks, where, " has watermark ", watermark, ", and had ", at->second);
    }
    at->second = watermark;
  }
  return "";
}

}  // namespace millrace::sim
