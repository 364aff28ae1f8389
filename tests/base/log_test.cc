#include "base/log.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace millrace {
namespace {

class NoonClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixMillis(1'700'000'000'123); }
  absl::Duration Monotonic() const override { return absl::ZeroDuration(); }
};

class LogTest : public testing::Test {
 protected:
  Logger Make(LogFormat format) {
    return Logger(
        &clock_, [this](const std::string& line) { lines_.push_back(line); }, format);
  }
  NoonClock clock_;
  std::vector<std::string> lines_;
};

TEST_F(LogTest, LogfmtQuotesOnlyWhatItMust) {
  Logger log = Make(LogFormat::kLogfmt).With({{"pipeline", "clicks"}, {"subtask", "0.1"}});
  log.Warning("checkpoint_failed", {{"epoch", 7}, {"why", "disk \"full\"\nnow\t="}, {"empty", ""}});
  EXPECT_EQ(lines_.at(0),
            "2023-11-14T22:13:20.123Z warning event=checkpoint_failed pipeline=clicks subtask=0.1 epoch=7 "
            "why=\"disk \\\"full\\\"\\nnow\\u0009=\" empty=\"\"");
}

TEST_F(LogTest, JsonKeepsNumbersAndIsValidWhateverTheBytes) {
  Logger log = Make(LogFormat::kJson).With({{"pipeline", "clicks"}});
  log.Error("subtask_failed", {{"epoch", 7}, {"seconds", 0.25}, {"why", "a\x01\xff\"ü"}});
  EXPECT_EQ(
      lines_.at(0),
      "{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"error\",\"event\":\"subtask_failed\",\"pipeline\":\"clicks\","
      "\"epoch\":7,\"seconds\":0.25,\"why\":\"a\\u0001\xef\xbf\xbd\\\"ü\"}");
}

TEST_F(LogTest, ANumberThatJsonDoesNotKnowIsAString) {
  Make(LogFormat::kJson).Info("rate", {{"value", std::numeric_limits<double>::quiet_NaN()}});
  EXPECT_NE(lines_.at(0).find("\"value\":\""), std::string::npos) << lines_.at(0);
}

}  // namespace
}  // namespace millrace
