#include "coordinator/pending_checkpoint.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using internal::v1::CheckpointAck;

PendingCheckpoint Pending(std::set<SubtaskId> expected) {
  return PendingCheckpoint(Epoch(7), internal::v1::CHECKPOINT_KIND_PERIODIC, std::move(expected));
}

CheckpointAck AckOfSplit(const std::string& id, int64_t position) {
  CheckpointAck ack;
  ack.add_sources()->set_uid("in");
  ack.mutable_sources(0)->add_splits()->set_id(id);
  ack.mutable_sources(0)->mutable_splits(0)->set_position(position);
  return ack;
}

CheckpointAck AckOfState(uint32_t first, uint32_t end, const std::string& fingerprint) {
  CheckpointAck ack;
  auto* state = ack.add_operators();
  state->set_uid("w");
  state->set_schema_fingerprint(fingerprint);
  state->set_watermark_micros(first);
  state->add_handles()->set_first_key_group(first);
  state->mutable_handles(0)->set_end_key_group(end);
  return ack;
}

TEST(PendingCheckpoint, IsCompleteWhenEachSubtaskHasAnsweredOnce) {
  PendingCheckpoint pending = Pending({{0, 0}, {0, 1}});
  EXPECT_EQ(pending.Ack({0, 0}, {}), AckResult::kAccepted);
  EXPECT_EQ(pending.Ack({0, 0}, {}), AckResult::kDuplicate);
  EXPECT_EQ(pending.Ack({3, 0}, {}), AckResult::kUnknownSubtask);
  EXPECT_EQ(pending.Missing(), (std::set<SubtaskId>{{0, 1}}));
  EXPECT_EQ(pending.Ack({0, 1}, {}), AckResult::kComplete);
}

TEST(PendingCheckpoint, MergesSplitsInTheOrderOfTheirIds) {
  PendingCheckpoint pending = Pending({{0, 0}, {0, 1}});
  pending.Ack({0, 0}, AckOfSplit("t/1", 11));
  pending.Ack({0, 1}, AckOfSplit("t/0", 22));
  auto manifest = pending.Merge(Epoch(0), {});
  ASSERT_TRUE(manifest.ok());
  ASSERT_EQ(manifest->sources(0).splits_size(), 2);
  EXPECT_EQ(manifest->sources(0).splits(0).position(), 22);
  EXPECT_EQ(manifest->epoch(), 7u);
  EXPECT_FALSE(manifest->final());
}

TEST(PendingCheckpoint, RefusesASplitThatIsMissingOrThereTwice) {
  PendingCheckpoint twice = Pending({{0, 0}, {0, 1}});
  twice.Ack({0, 0}, AckOfSplit("t/0", 1));
  twice.Ack({0, 1}, AckOfSplit("t/0", 2));
  EXPECT_FALSE(twice.Merge(Epoch(0), {}).ok());

  PendingCheckpoint missing = Pending({{0, 0}});
  missing.Ack({0, 0}, AckOfSplit("t/0", 1));
  std::vector<storage::v1::SourceState> assigned(1);
  assigned[0].set_uid("in");
  assigned[0].add_splits()->set_id("t/0");
  EXPECT_TRUE(missing.Merge(Epoch(0), assigned).ok());
  assigned[0].add_splits()->set_id("t/1");
  EXPECT_EQ(missing.Merge(Epoch(0), assigned).status().message(), "merge source in: no subtask reported split t/1");
}

TEST(PendingCheckpoint, CollectsHandlesAndTheLargestWatermark) {
  PendingCheckpoint pending = Pending({{1, 0}, {1, 1}});
  pending.Ack({1, 0}, AckOfState(0, 360, "f"));
  pending.Ack({1, 1}, AckOfState(360, 720, "f"));
  auto manifest = pending.Merge(Epoch(0), {});
  ASSERT_TRUE(manifest.ok());
  EXPECT_EQ(manifest->operators(0).handles_size(), 2);
  EXPECT_EQ(manifest->operators(0).watermark_micros(), 360);

  PendingCheckpoint mixed = Pending({{1, 0}, {1, 1}});
  mixed.Ack({1, 0}, AckOfState(0, 360, "f"));
  mixed.Ack({1, 1}, AckOfState(360, 720, "g"));
  EXPECT_FALSE(mixed.Merge(Epoch(0), {}).ok());
}

TEST(PendingCheckpoint, KeepsCommittablesOfAbortedEpochsAndDropsThoseOfCompletedOnes) {
  PendingCheckpoint pending = Pending({{0, 0}});
  CheckpointAck ack;
  auto* sink = ack.add_sinks();
  sink->set_uid("out");
  for (uint64_t sealed : {7, 6, 5}) {
    auto* committable = sink->add_committables();
    committable->set_sealed_epoch(sealed);
    committable->set_bytes("rows");
  }
  sink->add_committables()->set_sealed_epoch(7);  // without bytes: nothing was written
  pending.Ack({0, 0}, ack);
  auto manifest = pending.Merge(Epoch(5), {});
  ASSERT_TRUE(manifest.ok());
  ASSERT_EQ(manifest->sinks(0).committables_size(), 2);
  EXPECT_EQ(manifest->sinks(0).committables(0).sealed_epoch(), 6u);
  EXPECT_EQ(manifest->sinks(0).committables(1).sealed_epoch(), 7u);
}

}  // namespace
}  // namespace millrace
