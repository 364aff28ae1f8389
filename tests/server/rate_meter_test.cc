#include "server/cli/rate_meter.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

absl::Duration At(double seconds) { return absl::Seconds(seconds); }

TEST(RateMeter, KnowsNothingFromOneTotal) {
  RateMeter meter;
  EXPECT_EQ(meter.PerSecond(), 0);
  meter.Observe(At(10), 5'000);
  EXPECT_EQ(meter.PerSecond(), 0);
  meter.Observe(At(10), 6'000);
  EXPECT_EQ(meter.PerSecond(), 0) << "no time has passed";
}

TEST(RateMeter, IsSteadyWhenWorkersReportAtDifferentMoments) {
  RateMeter meter;
  // Two workers with 500/s each, which report once a second, 100 ms apart; asked five times a second.
  for (int i = 0; i <= 50; ++i) {
    const double now = i * 0.2;
    const auto first = static_cast<uint64_t>(now) * 500;
    const auto second = now < 0.1 ? 0 : static_cast<uint64_t>(now - 0.1) * 500;
    meter.Observe(At(now), first + second);
    if (i > 30) {
      EXPECT_NEAR(meter.PerSecond(), 1'000, 60) << "at " << now;
    }
  }
}

TEST(RateMeter, FallsToZeroWhenNothingMoves) {
  RateMeter meter;
  for (int i = 0; i < 10; ++i) meter.Observe(At(i), 1'000 * i);
  EXPECT_NEAR(meter.PerSecond(), 1'000, 1e-6);
  for (int i = 10; i < 16; ++i) meter.Observe(At(i), 9'000);
  EXPECT_EQ(meter.PerSecond(), 0);
}

TEST(RateMeter, BeginsAfreshWhenTheTotalFalls) {
  RateMeter meter;
  meter.Observe(At(0), 1'000'000);
  meter.Observe(At(1), 1'010'000);
  meter.Observe(At(2), 0);
  EXPECT_EQ(meter.PerSecond(), 0);
  meter.Observe(At(3), 500);
  EXPECT_DOUBLE_EQ(meter.PerSecond(), 500);
}

}  // namespace
}  // namespace millrace
