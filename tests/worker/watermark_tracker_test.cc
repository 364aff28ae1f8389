#include "worker/watermark_tracker.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(WatermarkTracker, IsTheLowestOfItsInputs) {
  WatermarkTracker tracker(2);
  EXPECT_FALSE(tracker.OnWatermark(0, 100));
  EXPECT_EQ(tracker.watermark(), kNoWatermark);
  EXPECT_TRUE(tracker.OnWatermark(1, 50));
  EXPECT_EQ(tracker.watermark(), 50);
}

TEST(WatermarkTracker, AnIdleInputDoesNotHoldItBack) {
  WatermarkTracker tracker(2);
  tracker.OnWatermark(0, 100);
  EXPECT_TRUE(tracker.OnIdle(1));
  EXPECT_EQ(tracker.watermark(), 100);
}

TEST(WatermarkTracker, NeverGoesBack) {
  WatermarkTracker tracker(2);
  tracker.OnIdle(1);
  tracker.OnWatermark(0, 100);
  tracker.OnActive(1);
  tracker.OnWatermark(1, 10);
  EXPECT_EQ(tracker.watermark(), 100);
  tracker.OnWatermark(0, 200);
  EXPECT_EQ(tracker.watermark(), 100);
}

TEST(WatermarkTracker, WhenAllTurnIdleTheHighestHolds) {
  WatermarkTracker tracker(2);
  tracker.OnWatermark(0, 100);
  tracker.OnWatermark(1, 50);
  tracker.OnIdle(0);
  EXPECT_TRUE(tracker.OnIdle(1));
  EXPECT_TRUE(tracker.idle());
  EXPECT_EQ(tracker.watermark(), 100);
}

TEST(WatermarkTracker, EndedInputsLeaveTheMinimum) {
  WatermarkTracker tracker(2);
  tracker.OnWatermark(0, 100);
  EXPECT_TRUE(tracker.OnEnded(1));
  EXPECT_EQ(tracker.watermark(), 100);
}

TEST(WatermarkTracker, StartsFromWhatWasRestored) {
  WatermarkTracker tracker(1, 70);
  tracker.OnWatermark(0, 50);
  EXPECT_EQ(tracker.watermark(), 70);
}

TEST(WatermarkTracker, SkewIsBetweenInputsThatCount) {
  WatermarkTracker tracker(4);
  EXPECT_FALSE(tracker.skew().has_value());
  tracker.OnWatermark(0, 10);
  EXPECT_FALSE(tracker.skew().has_value());
  tracker.OnWatermark(1, 25);
  tracker.OnWatermark(2, 90);
  EXPECT_EQ(tracker.skew(), 80);
  tracker.OnIdle(2);
  EXPECT_EQ(tracker.skew(), 15);
  tracker.OnWatermark(0, kFinalWatermark);
  EXPECT_FALSE(tracker.skew().has_value());
}

// Whoever waits for the end of its input would miss the rows of the idle one.
TEST(WatermarkTracker, IsNotFinalBeforeIdleInputsAreToo) {
  WatermarkTracker tracker(3);
  tracker.OnWatermark(0, 5);
  tracker.OnIdle(0);
  tracker.OnWatermark(1, kFinalWatermark);
  EXPECT_TRUE(tracker.OnWatermark(2, kFinalWatermark));
  EXPECT_EQ(tracker.watermark(), 5);
  EXPECT_TRUE(tracker.idle()) << "none that is open speaks";
  EXPECT_TRUE(tracker.OnActive(0));
  EXPECT_FALSE(tracker.idle());
  EXPECT_EQ(tracker.watermark(), 5);
  EXPECT_TRUE(tracker.OnWatermark(0, kFinalWatermark));
  EXPECT_EQ(tracker.watermark(), kFinalWatermark);
  EXPECT_FALSE(tracker.idle());
}

// Two subtasks see the messages of their channels in different orders, and have to agree.
TEST(WatermarkTracker, AnEndAndASilenceComeToTheSameInAnyOrder) {
  WatermarkTracker silence_first(2), end_first(2);
  for (WatermarkTracker* tracker : {&silence_first, &end_first}) {
    tracker->OnWatermark(0, 5);
    tracker->OnWatermark(1, 9);
  }
  silence_first.OnIdle(0);
  silence_first.OnWatermark(1, kFinalWatermark);
  end_first.OnWatermark(1, kFinalWatermark);
  end_first.OnIdle(0);
  EXPECT_EQ(silence_first.watermark(), 9);
  EXPECT_EQ(end_first.watermark(), 9);
}

TEST(WatermarkTracker, AnInputThatHasSaidItsLastHoldsNothingBack) {
  WatermarkTracker tracker(2);
  tracker.OnWatermark(0, kFinalWatermark);
  EXPECT_TRUE(tracker.OnWatermark(1, 7));
  EXPECT_EQ(tracker.watermark(), 7);
  EXPECT_TRUE(tracker.OnEnded(1));
  EXPECT_EQ(tracker.watermark(), kFinalWatermark);
}

}  // namespace
}  // namespace millrace
