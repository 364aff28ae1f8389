#include "worker/bad_record_window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "base/error.h"
#include "base/random.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;

v1::BadRecordLimit Limit(double percent, uint32_t window) {
  v1::BadRecordLimit limit;
  limit.set_percent(percent);
  limit.set_window_records(window);
  return limit;
}

RecordPlace At(int64_t offset) { return {.topic = "t", .partition = 0, .offset = offset}; }

TEST(BadRecordWindow, NamesPlaceShareLimitAndTheMostFrequentReason) {
  BadRecordWindow window(Limit(20, 10), {});
  EXPECT_TRUE(window.AddBad(0, {"eu/clicks", 3, 100}, "cut").ok());
  EXPECT_TRUE(window.AddBad(4, {"eu/clicks", 3, 104}, "empty").ok());
  absl::Status status = window.AddBad(9, {"eu/clicks", 3, 115}, "empty");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << "it comes again after every restart";
  EXPECT_EQ(std::string(status.message()),
            "too many bad records: 3 of the last 10 of a partition, 30 %; the limit is 20 %: topic: eu/clicks, partition: 3, "
            "offsets: 100 to 115; 2 of them: empty, such as at offset 115. Correct what writes them, or raise the source's "
            "bad_record_limit in the plan and run it again: the pipeline goes on from its last checkpoint");
}

TEST(BadRecordWindow, OfAFileItNamesThePathAndBytes) {
  BadRecordWindow window(Limit(10, 10), {});
  EXPECT_TRUE(window.AddBad(0, {.topic = "/data/a.json", .offset = 0, .is_file = true}, "cut").ok());
  absl::Status status = window.AddBad(1, {.topic = "/data/a.json", .offset = 17, .is_file = true}, "cut");
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("2 of the last 10 of a file, 20 %; the limit is 10 %: file: /data/a.json, bytes: 0 to 17; 2 of "
                        "them: cut, such as at byte 17."));
}

TEST(BadRecordWindow, ForgetsWhatIsFurtherBackThanItsSize) {
  BadRecordWindow window(Limit(10, 10), {});
  for (int64_t i = 0; i < 50; ++i) {
    ASSERT_TRUE(window.AddBad(0, At(i * 10), "cut").ok()) << i;
    window.Advance(10);
  }
  EXPECT_EQ(window.State().numbers_size(), 0) << "ten records ago";
  EXPECT_TRUE(window.AddBad(3, At(503), "cut").ok());
  EXPECT_FALSE(window.AddBad(12, At(512), "cut").ok());
}

TEST(BadRecordWindow, ZeroPercentAllowsNone) {
  BadRecordWindow window(Limit(0, 0), {});
  window.Advance(1'000'000);
  EXPECT_FALSE(window.AddBad(0, At(5), "cut").ok());
}

TEST(BadRecordWindow, TheStandardSizeIsAThousand) {
  BadRecordWindow window(Limit(0.1, 0), {});
  EXPECT_TRUE(window.AddBad(0, At(0), "cut").ok());
  EXPECT_TRUE(window.AddBad(1000, At(1000), "cut").ok());
  EXPECT_FALSE(window.AddBad(1999, At(1999), "cut").ok());
}

TEST(BadRecordWindow, OfADamagedCheckpointItTakesWhatMakesSense) {
  storage::v1::BadRecordWindow damaged;
  damaged.set_num_records(5);
  damaged.add_numbers(1);
  damaged.add_numbers(2);
  damaged.add_positions(7);
  damaged.add_reason_indices(9);
  BadRecordWindow window(Limit(0, 10), damaged);
  EXPECT_THAT(std::string(window.AddBad(0, At(8), "cut").message()), HasSubstr("1 of the last 10"));
}

// Batches of any size, a restart behind any of them: always the record at which one look back over all records says so.
TEST(BadRecordWindow, StopsAtTheSameRecordWhateverTheBatchesAndRestartsAre) {
  const uint64_t seed = static_cast<uint64_t>(::testing::UnitTest::GetInstance()->random_seed()) + 1;
  SCOPED_TRACE(Cat("seed ", seed));
  Random random(seed);
  int num_stopped = 0;
  for (int round = 0; round < 300; ++round) {
    const uint32_t size = 1 + static_cast<uint32_t>(random.Below(60));
    const double percent = static_cast<double>(random.Below(40));
    std::vector<bool> is_bad(400);
    for (auto&& bad : is_bad) bad = random.Chance(percent / 100);
    int64_t expected = -1;
    for (size_t i = 0; i < is_bad.size() && expected < 0; ++i) {
      size_t num_bad = 0;
      for (size_t back = 0; back < size && back <= i; ++back) num_bad += is_bad[i - back] ? 1 : 0;
      if (is_bad[i] && static_cast<double>(num_bad) > percent * size / 100 + 1e-9) expected = static_cast<int64_t>(i);
    }
    int64_t stopped = -1;
    storage::v1::BadRecordWindow state;
    for (size_t at = 0; at < is_bad.size() && stopped < 0;) {
      BadRecordWindow window(Limit(percent, size), state);
      for (uint64_t batches = random.Below(4); batches > 0 && at < is_bad.size() && stopped < 0; --batches) {
        const size_t end = std::min(is_bad.size(), at + random.Below(80));
        for (size_t i = at; i < end && stopped < 0; ++i) {
          if (!is_bad[i]) continue;
          if (!window.AddBad(static_cast<int64_t>(i - at), At(static_cast<int64_t>(i)), "cut").ok()) stopped = static_cast<int64_t>(i);
        }
        window.Advance(static_cast<int64_t>(end - at));
        at = end;
      }
      state = window.State();
      EXPECT_LE(state.numbers_size(), static_cast<int>(percent * size / 100) + 1);
    }
    ASSERT_EQ(stopped, expected) << percent << " % of " << size;
    num_stopped += stopped >= 0 ? 1 : 0;
  }
  EXPECT_GT(num_stopped, 30);
}

}  // namespace
}  // namespace millrace
