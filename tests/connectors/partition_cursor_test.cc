#include "connectors/partition_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;
using Step = PartitionCursor::Step;

const RecordFingerprint kLast = RecordFingerprint::Of(41, 1000, "abc", 3);

storage::v1::SplitState StateAt(int64_t position, int64_t end = -1, bool was_read = true) {
  storage::v1::SplitState state;
  state.set_id("clicks/3");
  state.set_position(position);
  state.set_end_position(end);
  if (was_read) state.set_fingerprint(kLast.Encode());
  return state;
}

struct Reader {
  explicit Reader(const storage::v1::SplitState& state)
      : cursor("clicks", 3, state.fingerprint()), at(PartitionCursor::ProgressOf(state)) {}
  PartitionCursor cursor;
  SplitProgress at;
};

void ExpectRefusal(const absl::Status& status, const std::string& why) {
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(why));
  EXPECT_THAT(std::string(status.message()), HasSubstr("run the plan under another name"));
}

TEST(PartitionCursor, BeginsAtTheRecordThatProvesThePositionAndThenSkipsIt) {
  Reader reader(StateAt(42));
  ASSERT_TRUE(reader.cursor.CheckRange(0, 50, reader.at).ok());
  EXPECT_EQ(reader.at.lag, 8);
  EXPECT_EQ(reader.cursor.FirstOffset(reader.at), 41);
  EXPECT_TRUE(reader.cursor.is_unproven());
  EXPECT_TRUE(reader.cursor.Prove(kLast, reader.at).ok());
  EXPECT_FALSE(reader.cursor.is_unproven());
  EXPECT_EQ(PartitionCursor::Next(41, reader.at), Step::kSkip);
  EXPECT_EQ(PartitionCursor::Next(42, reader.at), Step::kTake);
  EXPECT_EQ(reader.at.position, 42) << "until it was taken";
  PartitionCursor::Took(42, reader.at);
  EXPECT_EQ(reader.at.position, 43);
}

TEST(PartitionCursor, RefusesAPositionThatIsNotThere) {
  Reader low(StateAt(42));
  ExpectRefusal(low.cursor.CheckRange(43, 50, low.at),
                "resume reading at topic: clicks, partition: 3, offset: 42: it is not there any more; available: 43 to 50; "
                "did retention remove the records?");
  Reader high(StateAt(42));
  ExpectRefusal(high.cursor.CheckRange(0, 41, high.at), "available: 0 to 41; was the topic made anew?");
  Reader finished(StateAt(42, 42));
  EXPECT_TRUE(finished.at.finished);
  EXPECT_TRUE(finished.cursor.CheckRange(100, 200, finished.at).ok()) << "nothing more is wanted of it";
}

TEST(PartitionCursor, RefusesAnotherRecordInThePlaceOfTheLastOne) {
  for (const RecordFingerprint& other : {RecordFingerprint::Of(41, 1000, "abd", 3), RecordFingerprint::Of(41, 1001, "abc", 3),
                                         RecordFingerprint::Of(41, 1000, nullptr, 0)}) {
    Reader reader(StateAt(42));
    ExpectRefusal(reader.cursor.Prove(other, reader.at), "another one than the checkpoint saw; the topic was made anew");
  }
}

TEST(PartitionCursor, TakesAPositionWhoseProofIsGoneForGoodReason) {
  Reader compacted(StateAt(42));
  EXPECT_TRUE(compacted.cursor.Prove(RecordFingerprint::Of(45, 9, "x", 1), compacted.at).ok());
  EXPECT_EQ(PartitionCursor::Next(45, compacted.at), Step::kTake);
  Reader retained(StateAt(42));
  ASSERT_TRUE(retained.cursor.CheckRange(42, 50, retained.at).ok());
  EXPECT_EQ(retained.cursor.FirstOffset(retained.at), 42);
  Reader never_read(StateAt(42, -1, false));
  EXPECT_EQ(never_read.cursor.FirstOffset(never_read.at), 42);
}

// Retention went on between the opening, which found everything there, and the first fetch.
TEST(PartitionCursor, OfALostOffsetOnlyWhatWasReadBeforeIsNoLoss) {
  Reader reader(StateAt(42));
  ASSERT_TRUE(reader.cursor.CheckRange(0, 50, reader.at).ok());
  absl::Status status = reader.cursor.OnLostOffset("read: out of range", 42, 50);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << "not for ever: " << status;
  ASSERT_TRUE(reader.cursor.Prove(kLast, reader.at).ok());
  ExpectRefusal(reader.cursor.OnLostOffset("read: out of range", 43, 50),
                "read: out of range; last seen there: 43 to 50; did retention remove the records, or was the topic made anew?");
}

TEST(PartitionCursor, TheEndMovesThePositionOverWhatIsNoRecordAndNeverBack) {
  Reader reader(StateAt(42));
  ASSERT_TRUE(reader.cursor.OnEnd(44, reader.at).ok());
  EXPECT_EQ(reader.at.position, 44);
  EXPECT_TRUE(reader.at.at_end);
  ExpectRefusal(reader.cursor.OnEnd(43, reader.at), "the partition ends before the position: topic: clicks, partition: 3, offset: 44, end: 43");
}

TEST(PartitionCursor, ABoundedSplitFinishesAtItsEnd) {
  Reader taken(StateAt(42, 43));
  EXPECT_EQ(PartitionCursor::Next(42, taken.at), Step::kTake);
  PartitionCursor::Took(42, taken.at);
  EXPECT_TRUE(taken.at.finished);
  EXPECT_EQ(PartitionCursor::Next(43, taken.at), Step::kSkip);
  Reader gap(StateAt(42, 45));
  EXPECT_EQ(PartitionCursor::Next(47, gap.at), Step::kFinished);
  EXPECT_EQ(gap.at.position, 45);
  EXPECT_TRUE(gap.at.finished);
  Reader ended(StateAt(42, 45));
  ASSERT_TRUE(ended.cursor.OnEnd(45, ended.at).ok());
  EXPECT_TRUE(ended.at.finished);
}

TEST(RecordFingerprint, SurvivesItsBytes) {
  EXPECT_EQ(RecordFingerprint::Decode(kLast.Encode()), kLast);
  EXPECT_EQ(RecordFingerprint::Decode("short"), std::nullopt);
}

}  // namespace
}  // namespace millrace
