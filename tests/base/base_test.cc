#include <gtest/gtest.h>

#include "base/event_time.h"
#include "base/key_group.h"
#include "base/random.h"

namespace millrace {
namespace {

TEST(EventTime, AWindowPassesOneMilliBeforeItsEnd) {
  EXPECT_FALSE(WindowHasPassed(10'000, 8'999));
  EXPECT_TRUE(WindowHasPassed(10'000, 9'000));
  EXPECT_FALSE(WindowHasPassed(10'000, kNoWatermark));
}

TEST(EventTime, WindowsBeforeTheEpochStartBelowTheirRows) {
  EXPECT_EQ(WindowStart(-1, 10, 0), -10);
  EXPECT_EQ(WindowStart(-10, 10, 0), -10);
  EXPECT_EQ(WindowStart(9, 10, 3), 3);
  EXPECT_EQ(WindowStart(2, 10, 3), -7);
}

TEST(KeyGroup, HashesAreFrozen) {
  // Golden: XXH3-64 with seed 0. A change here would send restored state to other subtasks.
  EXPECT_EQ(HashKeyBytes(""), 0x2d06800538d394c2ull);
  EXPECT_EQ(kNumKeyGroups, 720u);
}

TEST(KeyGroup, RangesAndTheirInverseAgree) {
  for (uint32_t parallelism = 1; parallelism <= 720; ++parallelism) {
    uint32_t next = 0;
    for (uint32_t subtask = 0; subtask < parallelism; ++subtask) {
      KeyGroupRange range = KeyGroupsOfSubtask(subtask, parallelism);
      ASSERT_EQ(range.first, next);
      for (uint32_t group = range.first; group < range.end; ++group) ASSERT_EQ(SubtaskOfKeyGroup(group, parallelism), subtask);
      next = range.end;
    }
    ASSERT_EQ(next, kNumKeyGroups);
  }
}

TEST(Random, AUuidIsOfVersionFour) {
  Random random(7);
  std::string uuid = random.Uuid();
  ASSERT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
}

}  // namespace
}  // namespace millrace
