#include "base/expression/tumbling_windows.h"

#include <gtest/gtest.h>

#include <array>

#include "base/expression/zone_math.h"
#include "base/random.h"

namespace millrace {
namespace {

constexpr int64_t kMilli = 1000;
constexpr int64_t kMinute = 60'000 * kMilli;
constexpr int64_t kHour = 60 * kMinute;

absl::TimeZone Zone(const char* name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

int64_t At(const char* time) {
  absl::Time parsed;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, time, &parsed, &error)) << time << ": " << error;
  return absl::ToUnixMicros(parsed);
}

TumblingWindows Hours(double hours, const char* zone) {
  return TumblingWindows(static_cast<int64_t>(hours * 3'600'000), 0, Zone(zone), false);
}

// The least watermark, to the millisecond, at which the window has passed.
int64_t PassedAt(const TumblingWindows& windows, int64_t start) {
  int64_t low = start - 48 * kHour, high = start + windows.size() + 48 * kHour;
  EXPECT_FALSE(windows.HasPassed(start, low));
  EXPECT_TRUE(windows.HasPassed(start, high));
  while (high - low > kMilli) {
    const int64_t middle = low + (high - low) / 2 / kMilli * kMilli;
    (windows.HasPassed(start, middle) ? high : low) = middle;
  }
  return high;
}

TEST(TumblingWindows, InUtcTheyAreThoseOfInstants) {
  const TumblingWindows windows(1000, 250, absl::UTCTimeZone(), false);
  EXPECT_EQ(windows.StartOf(1'249'999), 250'000);
  EXPECT_EQ(windows.StartOf(-1), -750'000);
  EXPECT_FALSE(windows.HasPassed(250'000, 1'248'999));
  EXPECT_TRUE(windows.HasPassed(250'000, 1'249'000));
  EXPECT_FALSE(windows.HasPassed(250'000, kNoWatermark));
  EXPECT_TRUE(windows.HasPassed(250'000, kFinalWatermark));
  EXPECT_EQ(windows.TimeOf(250'000), 1'249'000);
}

TEST(TumblingWindows, ADayHasTheHoursThatItsZoneGivesIt) {
  const TumblingWindows days = Hours(24, "Europe/Berlin");
  for (const auto& [begin, end, start] :
       {std::tuple{"2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z", "2024-03-31T00:00:00Z"},  // 23 hours
        {"2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z", "2024-10-27T00:00:00Z"}}) {          // 25
    EXPECT_EQ(days.StartOf(At(begin) - kMilli), At(start) - 24 * kHour);
    EXPECT_EQ(days.StartOf(At(begin)), At(start));
    EXPECT_EQ(days.StartOf(At(end) - kMilli), At(start));
    EXPECT_EQ(days.StartOf(At(end)), At(start) + 24 * kHour);
    EXPECT_EQ(PassedAt(days, At(start)), At(end) - kMilli);
    EXPECT_EQ(days.TimeOf(At(start)), At(end) - kMilli);
  }
}

TEST(TumblingWindows, AnHourThatComesTwiceIsOneWindowAndPassesTheSecondTime) {
  const TumblingWindows hours = Hours(1, "Europe/Berlin");
  const int64_t two = At("2024-10-27T02:00:00Z");
  EXPECT_EQ(hours.StartOf(At("2024-10-27T00:00:00Z")), two);
  EXPECT_EQ(hours.StartOf(At("2024-10-27T01:59:59.999Z")), two);
  EXPECT_EQ(PassedAt(hours, two), At("2024-10-27T01:59:59.999Z"));
  EXPECT_EQ(hours.TimeOf(two), At("2024-10-27T00:59:59.999Z")) << "as Flink: the first";
  EXPECT_EQ(PassedAt(hours, two - kHour), At("2024-10-26T23:59:59.999Z"));
}

TEST(TumblingWindows, AWindowThatEndsWithinSkippedTimePassesWhenClocksSkipIt) {
  const TumblingWindows windows = Hours(1.5, "Europe/Berlin");
  const int64_t start = At("2024-03-31T01:30:00Z");  // to 03:00, of which the last hour is skipped
  EXPECT_EQ(windows.StartOf(At("2024-03-31T00:59:59.999Z")), start);
  EXPECT_EQ(windows.StartOf(At("2024-03-31T01:00:00Z")), start + windows.size());
  EXPECT_EQ(PassedAt(windows, start), At("2024-03-31T01:00:00Z"));
  EXPECT_EQ(windows.TimeOf(start), At("2024-03-31T01:59:59.999Z")) << "as Flink: later by the gap";
}

TEST(TumblingWindows, LocalTimesAreCutAsTheyAreAndPassByTheZone) {
  const TumblingWindows windows(3'600'000, 0, Zone("America/New_York"), true);
  const int64_t start = At("2024-07-01T10:00:00Z");
  EXPECT_EQ(windows.StartOf(start + 5), start);
  EXPECT_EQ(PassedAt(windows, start), At("2024-07-01T14:59:59.999Z"));
}

// Flink's rule, which knows changes by an hour: local time t and an hour later, as instants; if they are the same, t is
// skipped, and the full hour before is meant; if more than an hour is between them, t comes twice.
int64_t FlinksTimer(int64_t end, absl::TimeZone zone) {
  const int64_t last = end - kMilli;
  const int64_t first = InstantMicros(last, zone), second = InstantMicros(last + kHour, zone);
  if (first == second) return first - FloorModulo(first, kHour);
  return second - first > kHour ? first + kHour : first;
}

TEST(TumblingWindows, PassWhenFlinksTimersFireWhereClocksChangeByAnHourOnTheHour) {
  Random random(4);
  for (const char* name : {"Europe/Berlin", "America/New_York", "America/Los_Angeles", "Europe/London", "Asia/Kolkata",
                           "Australia/Sydney", "Pacific/Auckland"}) {
    const absl::TimeZone zone = Zone(name);
    for (int round = 0; round < 300; ++round) {
      const std::array<int64_t, 6> sizes = {60'000, 900'000, 3'600'000, 5'400'000, 86'400'000, 7'000};
      const int64_t size = sizes[random.Below(sizes.size())];
      const TumblingWindows windows(size, static_cast<int64_t>(random.Below(static_cast<uint64_t>(size))), zone, false);
      // Within a day of a change, or anywhere in 2000 to 2030.
      absl::TimeZone::CivilTransition change;
      absl::Time time = absl::FromUnixSeconds(946'684'800 + static_cast<int64_t>(random.Below(946'684'800)));
      if (random.Chance(0.8) && zone.NextTransition(time, &change)) time = zone.At(change.to).post;
      const int64_t at = absl::ToUnixMicros(time) + static_cast<int64_t>(random.Below(48 * 3'600'000)) * kMilli - 24 * kHour;
      const int64_t start = windows.StartOf(at);
      ASSERT_EQ(PassedAt(windows, start), FlinksTimer(start + windows.size(), zone)) << name << " " << size << " " << at;
    }
  }
}

TEST(TumblingWindows, PassNeverBeforeTheirLastTimeAndCutsAreWhole) {
  Random random(5);
  for (const char* name : {"Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo",
                           "America/Sao_Paulo", "Pacific/Apia", "Antarctica/Troll", "Asia/Tehran"}) {
    const absl::TimeZone zone = Zone(name);
    for (int round = 0; round < 300; ++round) {
      const std::array<int64_t, 6> sizes = {60'000, 900'000, 3'600'000, 5'400'000, 86'400'000, 25'000'000};
      const int64_t size = sizes[random.Below(sizes.size())];
      const TumblingWindows windows(size, static_cast<int64_t>(random.Below(static_cast<uint64_t>(size))), zone, false);
      absl::TimeZone::CivilTransition change;
      absl::Time time = absl::FromUnixSeconds(static_cast<int64_t>(random.Below(1'893'456'000)));
      if (random.Chance(0.8) && zone.NextTransition(time, &change)) time = zone.At(change.to).post;
      const int64_t at = absl::ToUnixMicros(time) + static_cast<int64_t>(random.Below(48 * 3'600'000)) * kMilli - 24 * kHour;
      const TumblingWindows::Cut cut = windows.CutAt(at);
      ASSERT_EQ(cut.start, windows.StartOf(at));
      ASSERT_TRUE(cut.from <= at && at < cut.until);
      for (const int64_t inside : {cut.from, cut.until - 1, cut.from + (cut.until - cut.from) / 3}) {
        ASSERT_EQ(windows.StartOf(inside), cut.start) << name << " " << inside;
      }
      const int64_t passed = PassedAt(windows, cut.start);
      ASSERT_GE(passed, cut.until - kMilli) << name << " " << size << " " << at;
      // Nothing of this window or an earlier one comes after it has passed.
      for (int64_t later = passed + kMilli; later < passed + 26 * kHour; later += 7 * kMinute) {
        ASSERT_GT(windows.StartOf(later), cut.start) << name << " " << size << " " << at << " " << later;
      }
      ASSERT_LE(passed, PassedAt(windows, cut.start + windows.size())) << "windows pass in their order";
    }
  }
}

}  // namespace
}  // namespace millrace
