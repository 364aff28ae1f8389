#include "server/cli/pipeline_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/event_time.h"

namespace millrace {
namespace {

v1::Pipeline Clicks() {
  v1::Pipeline pipeline;
  pipeline.set_name("clicks");
  pipeline.set_state(v1::PIPELINE_STATE_RUNNING);
  pipeline.set_last_completed_epoch(17);
  auto* progress = pipeline.mutable_progress();
  progress->set_records_per_second(50'012.4);
  progress->set_lag_records(812);
  progress->set_watermark_ms(8'600);
  progress->set_late_records(2'312);
  progress->set_dead_letters(12'003);
  progress->set_checkpoint_seconds(0.04);
  progress->set_checkpoint_bytes(150'000);
  return pipeline;
}
const absl::Time kNow = absl::FromUnixMillis(10'000);

TEST(LiveLine, ShowsRateLagDelayLateDeadLettersAndTheLastCheckpoint) {
  EXPECT_EQ(LiveLine(Clicks(), kNow, 0),
            "RUNNING  50,012/s  lag 812  watermark delay 1.4s  late 2,312  dead letters 12,003  checkpoint #17 0.0s "
            "146.5KiB");
  EXPECT_EQ(LiveLine(Clicks(), kNow, 200), LiveLine(Clicks(), kNow, 0));
}

TEST(LiveLine, LeavesOutDetailsAndThenShortensWordsToFitATerminal) {
  EXPECT_EQ(LiveLine(Clicks(), kNow, 100),
            "RUNNING  50,012/s  lag 812  watermark delay 1.4s  late 2,312  dead letters 12,003  checkpoint #17");
  EXPECT_EQ(LiveLine(Clicks(), kNow, 80), "RUNNING  50,012/s  lag 812  delay 1.4s  late 2,312  dead 12,003  ckpt #17");
}

TEST(LiveLine, GivesLongDelaysInUnitsOneCanRead) {
  const auto delay = [](absl::Duration duration) {
    const std::string line = LiveLine(Clicks(), absl::FromUnixMillis(8'600) + duration, 0);
    const size_t begin = line.find("delay ") + 6;
    return line.substr(begin, line.find("  ", begin) - begin);
  };
  EXPECT_EQ(delay(absl::Seconds(-3)), "-3.0s") << "events may be ahead of the clock";
  EXPECT_EQ(delay(absl::Seconds(99)), "99.0s");
  EXPECT_EQ(delay(absl::Seconds(150)), "2m");
  EXPECT_EQ(delay(absl::Minutes(119)), "1h");
  EXPECT_EQ(delay(absl::Hours(47)), "47h");
  EXPECT_EQ(delay(absl::Hours(24 * 324)), "324d");
}

TEST(LiveLine, SaysThatTimeIsOverWhereSourcesHaveEnded) {
  v1::Pipeline pipeline;
  pipeline.set_state(v1::PIPELINE_STATE_FINISHED);
  pipeline.mutable_progress()->set_watermark_ms(kFinalWatermark / kMicrosPerMilli);
  EXPECT_THAT(LiveLine(pipeline, kNow, 0), testing::HasSubstr("watermark delay over  "));
}

TEST(LiveLine, SaysWhatIsNotKnownYet) {
  v1::Pipeline pipeline;
  pipeline.set_state(v1::PIPELINE_STATE_STARTING);
  pipeline.mutable_progress()->set_lag_records(-1);
  EXPECT_EQ(LiveLine(pipeline, kNow, 0), "STARTING  0/s  lag ?  watermark delay none  late 0  dead letters 0");
}

}  // namespace
}  // namespace millrace
