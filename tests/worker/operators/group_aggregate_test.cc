#include "worker/operators/group_aggregate.h"

#include <algorithm>

#include "tests/worker/operators/operator_fixture.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const Columns kInput = {{"k", "STRING"}, {"v", "INT"}, {"keep", "BOOLEAN"}};

struct Wanted {
  const char* function;
  const char* column;
  const char* type;
  bool distinct = false;
  const char* filter = "";
};

internal::v1::ChainNode Node(const std::vector<std::string>& keys, const std::vector<Wanted>& aggregates, bool combiner = false) {
  internal::v1::ChainNode node;
  node.set_uid("sums");
  *node.add_input_schemas() = SchemaMessage(kInput);
  v1::GroupAggregate& group = combiner ? *node.mutable_local_group() : *node.mutable_group_aggregate();
  Columns output;
  for (const std::string& key : keys) {
    group.add_keys(key);
    output.emplace_back(key, key == "k" ? "STRING" : "INT");
  }
  for (const Wanted& wanted : aggregates) {
    v1::Aggregate& aggregate = *group.add_aggregates();
    aggregate.set_function(wanted.function);
    aggregate.set_column(wanted.column);
    aggregate.set_distinct(wanted.distinct);
    aggregate.set_filter(wanted.filter);
    aggregate.set_name(std::string("a") + std::to_string(output.size()));
    output.emplace_back(aggregate.name(), wanted.type);
  }
  *node.add_output_schemas() = SchemaMessage(output);
  return node;
}

const std::vector<Wanted> kDistinct = {{"count", "", "BIGINT NOT NULL"},
                                       {"count", "v", "BIGINT NOT NULL", true},
                                       {"sum", "v", "INT", true, "keep"},
                                       {"sum", "v", "INT", false, "keep"},
                                       {"max", "v", "INT", true}};

OperatorContext ContextOf(KeyGroupRange range, EventTimeMicros watermark = kNoWatermark) {
  OperatorContext context;
  context.key_groups = range;
  context.restored_watermark = watermark;
  return context;
}

std::unique_ptr<Operator> Opened(const internal::v1::ChainNode& node,
                                 const OperatorContext& context = ContextOf({0, kNumKeyGroups})) {
  std::unique_ptr<Operator> made = Must(MakeOperator(node));
  EXPECT_TRUE(made->Open(context).ok());
  return made;
}

BatchPtr Rows(const std::string& keys, const std::string& values, const std::string& keep) {
  return BatchOf(ArrowSchema(kInput), {keys, values, keep});
}

TEST(GroupAggregate, EmitsAtTheFinalWatermarkAndOnce) {
  auto op = Opened(Node({"k"}, {{"count", "", "BIGINT NOT NULL"}, {"sum", "v", "INT"}}));
  CollectedOutput out;
  ASSERT_TRUE(op->ProcessBatch(0, 0, Rows(R"(["a", "b", "a", null])", "[1, 2, 3, null]", "[true, true, true, true]"), out).ok());
  ASSERT_TRUE(op->OnWatermark(1'000'000'000, out).ok());
  EXPECT_THAT(out.emitted, IsEmpty());
  ASSERT_TRUE(op->OnWatermark(kFinalWatermark, out).ok());
  ASSERT_TRUE(op->OnWatermark(kFinalWatermark, out).ok());
  EXPECT_THAT(out.Rows(0), UnorderedElementsAre("a|2|4", "b|1|2", "null|1|null"));
  EXPECT_EQ(op->figures().num_keys, 0u);
  EXPECT_FALSE(op->ProcessBatch(0, 0, Rows(R"(["a"])", "[1]", "[true]"), out).ok()) << "behind the end";
}

TEST(GroupAggregate, WithoutKeysThereIsOneRowFromTheOwnerOfTheEmptyKeyAlone) {
  const auto node = Node({}, {{"count", "", "BIGINT NOT NULL"}, {"max", "v", "INT"}});
  const uint32_t owner = OwnerOfEmptyKey(3);
  for (uint32_t subtask = 0; subtask < 3; ++subtask) {
    auto op = Opened(node, ContextOf(KeyGroupsOfSubtask(subtask, 3)));
    CollectedOutput out;
    ASSERT_TRUE(op->OnWatermark(kFinalWatermark, out).ok());
    EXPECT_EQ(out.Rows(0), subtask == owner ? std::vector<std::string>{"0|null"} : std::vector<std::string>{});
  }
}

TEST(GroupAggregate, WithoutAggregatesItFindsTheDistinctKeys) {
  auto op = Opened(Node({"k", "v"}, {}));
  CollectedOutput out;
  ASSERT_TRUE(op->ProcessBatch(0, 0, Rows(R"(["a", "b", "a", null, null])", "[1, 2, 1, null, null]", "[true, true, true, true, true]"), out).ok());
  ASSERT_TRUE(op->OnWatermark(kFinalWatermark, out).ok());
  EXPECT_THAT(out.Rows(0), UnorderedElementsAre("a|1", "b|2", "null|null"));
}

TEST(GroupAggregate, AValueCountsOnceAmongTheRowsThatPassItsFilter) {
  auto op = Opened(Node({"k"}, kDistinct));
  CollectedOutput out;
  ASSERT_TRUE(op->ProcessBatch(0, 0, Rows(R"(["a", "a", "a", "b", "a"])", "[5, 5, 7, 5, null]", "[false, true, null, true, true]"), out).ok());
  ASSERT_TRUE(op->ProcessBatch(0, 0, Rows(R"(["a", "a", "a"])", "[5, 7, 9]", "[true, true, true]"), out).ok());
  ASSERT_TRUE(op->OnWatermark(kFinalWatermark, out).ok());
  EXPECT_THAT(out.Rows(0), UnorderedElementsAre("a|7|3|21|26|9", "b|1|1|5|5|5"));
}

TEST(GroupAggregate, PartialAggregatesOfACombinerAreWorthTheirRows) {
  const std::vector<Wanted> wanted = {{"count", "", "BIGINT NOT NULL"}, {"avg", "v", "INT"}, {"sum", "v", "INT", false, "keep"}};
  auto op = Opened(Node({"k"}, wanted));
  FixedProgress progress;
  // What others have reached is nothing that it cares for.
  progress.counts = false;
  progress.reached = kFinalWatermark;
  OperatorContext context;
  context.downstream = &progress;
  auto combiner = Opened(Node({"k"}, wanted, true), context);
  CollectedOutput sent;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(combiner->ProcessBatch(0, 0, Rows(R"(["a", "b", "a"])", "[1, 2, 4]", "[true, false, true]"), sent).ok());
    ASSERT_TRUE(combiner->OnWatermark(i, sent).ok());
    ASSERT_TRUE(combiner->OnIdle(sent).ok());
  }
  EXPECT_THAT(sent.emitted, IsEmpty());
  ASSERT_TRUE(combiner->BeforeBarrier(Epoch(1), sent).ok());
  ASSERT_EQ(sent.emitted.size(), 1u);
  ASSERT_TRUE(combiner->ProcessBatch(0, 0, Rows(R"(["a"])", "[6]", "[true]"), sent).ok());
  ASSERT_TRUE(combiner->OnWatermark(kFinalWatermark, sent).ok());
  CollectedOutput out;
  for (const auto& [port, rows] : sent.emitted) {
    EXPECT_EQ(port, 1u);
    ASSERT_TRUE(op->ProcessBatch(0, port, rows, out).ok());
  }
  ASSERT_TRUE(op->OnWatermark(kFinalWatermark, out).ok());
  EXPECT_THAT(out.Rows(0), UnorderedElementsAre("a|7|3|21", "b|3|2|null"));
}

// Freezes two subtasks in the middle, and restores what they held as so many others.
std::vector<std::string> Rescaled(const internal::v1::ChainNode& node, uint32_t from, uint32_t to) {
  MemoryBlobStore blobs;
  std::vector<storage::v1::SnapshotHandle> handles;
  const std::vector<BatchPtr> batches = {
      Rows(R"(["a", "b", "c", "d", "a"])", "[1, 2, 3, 4, 1]", "[true, true, true, true, true]"),
      Rows(R"(["a", "b", "e", "d", "c"])", "[1, 3, 3, 4, 9]", "[true, true, true, false, true]")};
  const auto feed = [&](Operator& op, KeyGroupRange range, const BatchPtr& rows, CollectedOutput& out) {
    std::vector<int> keys;
    for (const std::string& key : node.group_aggregate().keys()) keys.push_back(rows->schema()->GetFieldIndex(key));
    KeyEncoder encoder = Must(KeyEncoder::Make(*rows->schema(), keys));
    KeyRows encoded;
    ASSERT_TRUE(encoder.Encode(*rows, encoded).ok());
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      if (!range.Contains(KeyGroupOfHash(HashKeyBytes(encoded[static_cast<size_t>(row)])))) continue;
      ASSERT_TRUE(op.ProcessBatch(0, 0, rows->Slice(row, 1), out).ok());
    }
  };
  for (uint32_t subtask = 0; subtask < from; ++subtask) {
    const KeyGroupRange range = KeyGroupsOfSubtask(subtask, from);
    auto op = Opened(node, ContextOf(range));
    MemoryStateBackend backend;
    CollectedOutput out;
    feed(*op, range, batches[0], out);
    auto frozen = Must(op->BeforeBarrier(Epoch(1), out));
    if (frozen != nullptr) {
      EXPECT_TRUE(frozen->WriteTo(backend).ok());
    }
    EXPECT_EQ(Must(op->BeforeBarrier(Epoch(2), out)), nullptr) << "nothing is dirty";
    handles.push_back(Must(backend.Snapshot(Epoch(1), range, blobs, std::to_string(subtask))));
  }
  std::vector<std::string> rows;
  for (uint32_t subtask = 0; subtask < to; ++subtask) {
    const KeyGroupRange range = KeyGroupsOfSubtask(subtask, to);
    auto op = Opened(node, ContextOf(range));
    MemoryStateBackend backend;
    EXPECT_TRUE(backend.Restore(handles, range, blobs).ok());
    EXPECT_TRUE(op->Restore(backend).ok());
    CollectedOutput out;
    feed(*op, range, batches[1], out);
    EXPECT_TRUE(op->OnWatermark(kFinalWatermark, out).ok());
    for (const std::string& row : out.Rows(0)) rows.push_back(row);
    // Once emitted, all of it is gone from the state, and is not emitted again.
    EXPECT_TRUE(Must(op->BeforeBarrier(Epoch(3), out))->WriteTo(backend).ok());
    MemoryStateBackend after;
    const storage::v1::SnapshotHandle last = Must(backend.Snapshot(Epoch(3), range, blobs, "after" + std::to_string(subtask)));
    EXPECT_TRUE(after.Restore({&last, 1}, range, blobs).ok());
    auto again = Opened(node, ContextOf(range, kFinalWatermark));
    EXPECT_TRUE(again->Restore(after).ok());
    EXPECT_EQ(again->figures().num_keys, 0u);
    CollectedOutput nothing;
    EXPECT_TRUE(again->OnWatermark(kFinalWatermark, nothing).ok());
    EXPECT_THAT(nothing.emitted, IsEmpty());
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

TEST(GroupAggregate, StateGoesOnAtAnyParallelismValuesThatWereCountedIncluded) {
  const auto keyed = Node({"k"}, kDistinct);
  const auto all = Node({}, kDistinct);
  for (auto [from, to] : {std::pair{1u, 1u}, {2u, 1u}, {1u, 3u}, {3u, 2u}, {2u, 5u}}) {
    EXPECT_THAT(Rescaled(keyed, from, to),
                ElementsAre("a|3|1|1|3|1", "b|2|2|5|5|3", "c|2|2|12|12|9", "d|2|1|4|4|4", "e|1|1|3|3|3"));
    EXPECT_THAT(Rescaled(all, from, to), ElementsAre("10|5|19|27|9"));
  }
}

TEST(GroupAggregate, ACombinerThatWouldCountAValueTwiceIsRefused) {
  EXPECT_EQ(MakeOperator(Node({"k"}, kDistinct, true)).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace millrace
