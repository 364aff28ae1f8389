#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "base/event_time.h"

namespace millrace {

// Cuts event time into tumbling windows [start, end) of what the clocks of a zone show: a day has 23 or 25 hours when
// they change, and both hours of one that is shown twice are in the windows of that hour. Bounds of windows are local
// times: µs of that clock as if it were UTC; in UTC they are the instants themselves.
//
// Thread:  any; immutable.
class TumblingWindows {
 public:
  TumblingWindows() = default;
  // `size_ms` > 0. `local`: times are local times of that zone already, and only watermarks are instants.
  TumblingWindows(int64_t size_ms, int64_t offset_ms, absl::TimeZone zone, bool local);

  // A window, and the times [from, until) around the one that was asked for that are in it: all of them, unless clocks
  // change within it.
  struct Cut {
    int64_t start = 0;
    EventTimeMicros from = 0;
    EventTimeMicros until = 0;
  };
  // `time` within ±2^62 µs.
  Cut CutAt(EventTimeMicros time) const;
  int64_t StartOf(EventTimeMicros time) const { return WindowStart(LocalOf(time), size_, offset_); }
  // Whether the window that begins at `start` fires, and its rows are late: as soon as the watermark reaches the last
  // millisecond that can be in it. That is end − 1 ms; of two such instants the second; of one that clocks skip the
  // instant at which they do.
  bool HasPassed(int64_t start, EventTimeMicros watermark) const;
  // The instant of end − 1 ms: of two the first, and one that clocks skip is later by what they skip, as in Flink.
  EventTimeMicros TimeOf(int64_t start) const;

  // µs.
  int64_t size() const { return size_; }

 private:
  int64_t LocalOf(EventTimeMicros time) const;

  int64_t size_ = 1;
  int64_t offset_ = 0;
  absl::TimeZone zone_;
  // It is not UTC.
  bool zoned_ = false;
  // Times are local.
  bool local_ = false;
};

}  // namespace millrace
