#include "base/expression/tumbling_windows.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/expression/zone_math.h"

namespace millrace {
namespace {

// The instants around `time` for which the zone's clocks have one distance from UTC.
std::pair<EventTimeMicros, EventTimeMicros> Unchanged(EventTimeMicros time, absl::TimeZone zone) {
  EventTimeMicros from = std::numeric_limits<int64_t>::min();
  EventTimeMicros until = std::numeric_limits<int64_t>::max();
  const absl::Time second = absl::FromUnixSeconds(FloorDivide(time, 1'000'000));
  absl::TimeZone::CivilTransition change;
  const auto instant = [&] { return absl::ToUnixMicros(zone.At(change.to).post); };
  // A change at this second has been.
  if (zone.PrevTransition(second + absl::Seconds(1), &change)) from = instant();
  if (zone.NextTransition(second, &change)) until = instant();
  return {from, until};
}

}  // namespace

TumblingWindows::TumblingWindows(int64_t size_ms, int64_t offset_ms, absl::TimeZone zone, bool local)
    : size_(size_ms * kMicrosPerMilli),
      offset_(offset_ms * kMicrosPerMilli),
      zone_(zone),
      zoned_(zone != absl::UTCTimeZone()),
      local_(local) {}

int64_t TumblingWindows::LocalOf(EventTimeMicros time) const {
  return zoned_ && !local_ ? LocalMicros(time, zone_) : time;
}

TumblingWindows::Cut TumblingWindows::CutAt(EventTimeMicros time) const {
  const int64_t local = LocalOf(time);
  const int64_t start = WindowStart(local, size_, offset_);
  const int64_t ahead = local - time;
  Cut cut{start, start - ahead, start + size_ - ahead};
  if (zoned_ && !local_) {
    const auto [from, until] = Unchanged(time, zone_);
    cut.from = std::max(cut.from, from);
    cut.until = std::min(cut.until, until);
  }
  return cut;
}

bool TumblingWindows::HasPassed(int64_t start, EventTimeMicros watermark) const {
  const int64_t end = start + size_;
  if (!zoned_) return WindowHasPassed(end, watermark);
  if (watermark == kNoWatermark || watermark == kFinalWatermark) return watermark == kFinalWatermark;
  const int64_t last = end - kMicrosPerMilli;
  const absl::TimeZone::TimeInfo info = zone_.At(absl::CivilSecond(1970, 1, 1) + FloorDivide(last, 1'000'000));
  if (info.kind == absl::TimeZone::TimeInfo::SKIPPED) return watermark >= absl::ToUnixMicros(info.trans);
  return watermark >= absl::ToUnixMicros(info.post) + FloorModulo(last, 1'000'000);
}

EventTimeMicros TumblingWindows::TimeOf(int64_t start) const {
  const int64_t last = start + size_ - kMicrosPerMilli;
  return zoned_ && !local_ ? InstantMicros(last, zone_) : last;
}

}  // namespace millrace
