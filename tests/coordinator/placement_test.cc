#include "coordinator/placement.h"

#include <gtest/gtest.h>

#include "coordinator/split_assignment.h"

namespace millrace {
namespace {

TEST(Placement, AllStagesOfAnIndexShareASlotAndIndicesSpread) {
  auto placements = Place("p", {0, 1}, 3, {{"a", "a:1", 4, {}}, {"b", "b:1", 2, {0}}, {"c", "c:1", 2, {}}});
  ASSERT_TRUE(placements.ok());
  ASSERT_EQ(placements->size(), 6u);
  std::set<std::string> workers;
  for (size_t i = 0; i < 6; i += 2) {
    EXPECT_EQ((*placements)[i].worker_id(), (*placements)[i + 1].worker_id());
    EXPECT_EQ((*placements)[i].slot(), (*placements)[i + 1].slot());
    workers.insert((*placements)[i].worker_id());
  }
  EXPECT_EQ(workers.size(), 3u);
  EXPECT_EQ((*placements)[4].worker_id(), "b");
  EXPECT_EQ((*placements)[4].slot(), 1u);
}

TEST(Placement, FillsAWorkerWhenThereIsNoOther) {
  auto placements = Place("p", {0}, 3, {{"a", "a:1", 4, {1}}});
  ASSERT_TRUE(placements.ok());
  EXPECT_EQ((*placements)[1].slot(), 2u);
  EXPECT_EQ((*placements)[2].slot(), 3u);
}

TEST(Placement, SlotsAreCountedInMoreBitsThanAWorkerHas) {
  EXPECT_TRUE(Place("p", {0}, 3, {{"a", "a:1", 1u << 31, {}}, {"b", "b:1", 1u << 31, {}}}).ok());
}

TEST(Placement, TooFewSlotsSaysHowManyAndWhatToDo) {
  absl::Status status = Place("p", {0}, 4, {{"a", "a:1", 2, {0}}}).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_EQ(status.message(),
            "place pipeline p: it needs 4 slots, and 1 of the 2 that 1 worker has are free; start another worker with "
            "`millrace worker --slots 3`, stop another pipeline, or lower the parallelism");
  EXPECT_EQ(Place("p", {0}, 1, {}).status().message(),
            "place pipeline p: it needs 1 slot, and no worker is connected; start another worker with "
            "`millrace worker --slots 1`, stop another pipeline, or lower the parallelism");
}

storage::v1::SourceState SourceOf(std::vector<std::string> ids, int64_t position) {
  storage::v1::SourceState source;
  source.set_uid("in");
  source.set_system_id("cluster");
  for (const std::string& id : ids) {
    source.add_splits()->set_id(id);
    source.mutable_splits(source.splits_size() - 1)->set_position(position);
  }
  return source;
}

TEST(SplitAssignment, DealsRoundRobinInTheOrderOfIds) {
  auto assignments = AssignSplits({SourceOf({"t/2", "t/0", "t/1"}, 0)}, 2);
  ASSERT_EQ(assignments.size(), 2u);
  ASSERT_EQ(assignments[0].splits_size(), 2);
  EXPECT_EQ(assignments[0].splits(0).id(), "t/0");
  EXPECT_EQ(assignments[0].splits(1).id(), "t/2");
  EXPECT_EQ(assignments[1].splits(0).id(), "t/1");
  EXPECT_EQ(assignments[1].system_id(), "cluster");
  EXPECT_EQ(AssignSplits({SourceOf({"t/0"}, 0)}, 3).size(), 3u) << "a subtask without splits is told so";
}

TEST(SplitAssignment, TheCheckpointKnowsBetterThanTheStartPositions) {
  storage::v1::PipelineRecord record;
  *record.add_start_positions() = SourceOf({"t/0", "t/1"}, 5);
  storage::v1::Manifest manifest;
  *manifest.add_sources() = SourceOf({"t/0"}, 99);
  auto positions = PositionsAtStart(record, &manifest);
  ASSERT_EQ(positions.size(), 1u);
  ASSERT_EQ(positions[0].splits_size(), 2);
  EXPECT_EQ(positions[0].splits(0).position(), 99);
  EXPECT_EQ(positions[0].splits(1).position(), 5);
}

TEST(SplitAssignment, NewSplitsGoOnWhereTheDealingEnded) {
  auto assignments = AssignNewSplits(SourceOf({"t/3", "t/4"}, 0), 3, 2);
  ASSERT_EQ(assignments.size(), 2u);
  EXPECT_EQ(assignments[1].index(), 1u);
  EXPECT_EQ(assignments[1].splits(0).id(), "t/3");
  EXPECT_EQ(AssignNewSplits(SourceOf({"t/3"}, 0), 3, 2).size(), 1u);
}

}  // namespace
}  // namespace millrace
