#pragma once

#include <cstdint>
#include <limits>

namespace millrace {

// Event time and watermarks: microseconds since the Unix epoch, UTC. Negative before 1970.
using EventTimeMicros = int64_t;

// No watermark yet.
inline constexpr EventTimeMicros kNoWatermark = std::numeric_limits<int64_t>::min();
// The final watermark: every window fires.
inline constexpr EventTimeMicros kFinalWatermark = std::numeric_limits<int64_t>::max();

// A window [start, end) fires, and its rows are late, as soon as the watermark reaches end − 1 ms (as in Flink).
inline constexpr int64_t kMicrosPerMilli = 1000;
constexpr bool WindowHasPassed(EventTimeMicros window_end, EventTimeMicros watermark) {
  return watermark != kNoWatermark && watermark >= window_end - kMicrosPerMilli;
}

// Start of the tumbling window that holds `time`, for negative times too. `size` > 0.
constexpr EventTimeMicros WindowStart(EventTimeMicros time, int64_t size, int64_t offset) {
  int64_t remainder = (time - offset) % size;
  if (remainder < 0) remainder += size;
  return time - remainder;
}

}  // namespace millrace
