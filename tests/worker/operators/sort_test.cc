#include "worker/operators/sort.h"

#include <algorithm>
#include <optional>

#include "base/random.h"
#include "tests/worker/operators/operator_fixture.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct By {
  const char* column;
  bool descending = false;
  bool nulls_last = false;
};

internal::v1::ChainNode Node(const Columns& columns, const std::vector<By>& keys, int64_t offset = 0, int64_t limit = -1) {
  internal::v1::ChainNode node;
  node.set_uid("ordered");
  *node.add_input_schemas() = SchemaMessage(columns);
  *node.add_output_schemas() = SchemaMessage(columns);
  for (const By& by : keys) {
    v1::SortKey& key = *node.mutable_sort()->add_keys();
    key.set_column(by.column);
    key.set_descending(by.descending);
    key.set_nulls_last(by.nulls_last);
  }
  node.mutable_sort()->set_offset(offset);
  if (limit >= 0) node.mutable_sort()->set_limit(limit);
  return node;
}

std::unique_ptr<Operator> Opened(const internal::v1::ChainNode& node, EventTimeMicros restored = kNoWatermark) {
  std::unique_ptr<Operator> made = Must(MakeOperator(node));
  OperatorContext context;
  context.key_groups = {0, kNumKeyGroups};
  context.restored_watermark = restored;
  EXPECT_TRUE(made->Open(context).ok());
  return made;
}

std::vector<std::string> SortedRows(const internal::v1::ChainNode& node, const std::vector<BatchPtr>& batches) {
  auto op = Opened(node);
  CollectedOutput out;
  for (const BatchPtr& rows : batches) EXPECT_TRUE(op->ProcessBatch(0, 0, rows, out).ok());
  EXPECT_TRUE(op->OnWatermark(5, out).ok());
  EXPECT_THAT(out.emitted, IsEmpty());
  EXPECT_TRUE(op->OnWatermark(kFinalWatermark, out).ok());
  EXPECT_EQ(op->figures().num_keys, 0u);
  return out.Rows(0);
}

TEST(Sort, OrdersByEveryTypeInBothDirectionsWithNullsWhereTheyAreAskedFor) {
  struct Case {
    const char* type;
    const char* values;
    std::vector<std::string> ascending;  // without NULL
  };
  const Case cases[] = {
      {"INT", "[7, null, -2147483648, 2147483647, 0]", {"-2147483648", "0", "7", "2147483647"}},
      {"STRING", R"(["b", null, "", "ä", "a\u0000", "a", "ab"])", {"", "a", std::string("a\0", 2), "ab", "b", "ä"}},
      {"BOOLEAN", "[true, null, false]", {"false", "true"}},
      {"DOUBLE", "[1.5, null, NaN, -Inf, Inf, -1e300]", {"-inf", "-1e+300", "1.5", "inf", "nan"}},
      {"DECIMAL(10, 2)", R"(["1.50", null, "-3.00", "99999999.99"])", {"-3.00", "1.50", "99999999.99"}},
      {"DATE", "[3, null, -1]", {"1969-12-31", "1970-01-04"}},
  };
  for (const Case& c : cases) {
    const Columns columns = {{"x", c.type}};
    const BatchPtr rows = BatchOf(ArrowSchema(columns), {c.values});
    for (bool descending : {false, true}) {
      for (bool nulls_last : {false, true}) {
        std::vector<std::string> expected = c.ascending;
        if (descending) std::reverse(expected.begin(), expected.end());
        expected.insert(nulls_last ? expected.end() : expected.begin(), "null");
        EXPECT_EQ(SortedRows(Node(columns, {{"x", descending, nulls_last}}), {rows}), expected) << c.type << descending << nulls_last;
      }
    }
  }
}

const Columns kTwo = {{"x", "INT"}, {"id", "BIGINT NOT NULL"}};

BatchPtr Two(const std::string& x, const std::string& id) { return BatchOf(ArrowSchema(kTwo), {x, id}); }

TEST(Sort, LaterKeysDecideAmongEqualOnesAndThenTheOrderInWhichRowsCame) {
  const std::vector<BatchPtr> batches = {Two("[2, 1, 2]", "[10, 11, 12]"), Two("[1, 2, 1]", "[9, 8, 11]")};
  EXPECT_THAT(SortedRows(Node(kTwo, {{"x"}, {"id", true}}), batches), ElementsAre("1|11", "1|11", "1|9", "2|12", "2|10", "2|8"));
  EXPECT_THAT(SortedRows(Node(kTwo, {{"x", true}}), batches), ElementsAre("2|10", "2|12", "2|8", "1|11", "1|9", "1|11"));
}

TEST(Sort, LimitAndOffsetAlsoWithoutKeys) {
  const std::vector<BatchPtr> batches = {Two("[2, 1, 2]", "[10, 11, 12]"), Two("[1, 2, 1]", "[9, 8, 11]")};
  EXPECT_THAT(SortedRows(Node(kTwo, {}, 0, 2), batches), ElementsAre("2|10", "1|11"));
  EXPECT_THAT(SortedRows(Node(kTwo, {}, 2, 2), batches), ElementsAre("2|12", "1|9"));
  EXPECT_THAT(SortedRows(Node(kTwo, {{"id"}}, 4), batches), ElementsAre("1|11", "2|12"));
  EXPECT_THAT(SortedRows(Node(kTwo, {{"id"}}, 9, 5), batches), IsEmpty());
  EXPECT_THAT(SortedRows(Node(kTwo, {{"id"}}, 0, 0), batches), IsEmpty());
}

// Rows of random keys, in batches of random sizes.
struct Feed {
  explicit Feed(uint64_t seed, int64_t num_rows) : random(seed) {
    for (int64_t id = 0; id < num_rows;) {
      arrow::Int32Builder x;
      arrow::Int64Builder ids;
      for (int64_t end = std::min(num_rows, id + 1 + static_cast<int64_t>(random.Below(3000))); id < end; ++id) {
        const auto value = static_cast<int32_t>(random.Below(500));
        EXPECT_TRUE(x.Append(value).ok() && ids.Append(id).ok());
        rows.emplace_back(value, id);
      }
      auto schema = ArrowSchema(kTwo);
      const int64_t length = x.length();
      batches.push_back(arrow::RecordBatch::Make(schema, length, {*x.Finish(), *ids.Finish()}));
    }
  }
  std::vector<std::string> Expected(size_t offset, size_t limit) const {
    auto sorted = rows;
    std::sort(sorted.begin(), sorted.end());  // ids go up, so that equal values stay in their order
    std::vector<std::string> expected;
    for (size_t i = offset; i < std::min(sorted.size(), offset + limit); ++i) {
      expected.push_back(std::to_string(sorted[i].first) + "|" + std::to_string(sorted[i].second));
    }
    return expected;
  }
  Random random;
  std::vector<std::pair<int32_t, int64_t>> rows;
  std::vector<BatchPtr> batches;
};

TEST(Sort, WithALimitItKeepsLittleMoreThanItGivesBack) {
  for (int64_t limit : {1, 100, 3000}) {
    const Feed feed(static_cast<uint64_t>(limit), 60'000);
    auto op = Opened(Node(kTwo, {{"x"}}, 5, limit));
    CollectedOutput out;
    uint64_t most = 0;
    for (const BatchPtr& rows : feed.batches) {
      ASSERT_TRUE(op->ProcessBatch(0, 0, rows, out).ok());
      most = std::max(most, op->figures().num_keys);
    }
    EXPECT_LE(most, 2 * static_cast<uint64_t>(limit + 5) + 8192 + 3000);
    ASSERT_TRUE(op->OnWatermark(kFinalWatermark, out).ok());
    EXPECT_EQ(out.Rows(0), feed.Expected(5, static_cast<size_t>(limit)));
  }
}

// Every so often it is frozen, and often restored from what was frozen last, losing what came since, which comes again.
TEST(Sort, WhateverWasFrozenItGoesOnFromThere) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    const Feed feed(seed, 40'000);
    Random random(seed);
    const bool limited = random.Chance(0.6);
    const int64_t limit = limited ? static_cast<int64_t>(random.Below(4000)) : -1;
    const auto node = Node(kTwo, {{"x"}}, 3, limit);
    MemoryBlobStore blobs;
    std::optional<storage::v1::SnapshotHandle> handle;
    size_t frozen_at = 0;
    auto op = Opened(node);
    auto backend = std::make_unique<MemoryStateBackend>();
    CollectedOutput out;
    int epoch = 0;
    for (size_t next = 0; next < feed.batches.size();) {
      ASSERT_TRUE(op->ProcessBatch(0, 0, feed.batches[next++], out).ok());
      if (random.Chance(0.3)) {
        auto frozen = Must(op->BeforeBarrier(Epoch(static_cast<uint64_t>(++epoch)), out));
        if (frozen != nullptr) {
          ASSERT_TRUE(frozen->WriteTo(*backend).ok());
        }
        handle = Must(backend->Snapshot(Epoch(static_cast<uint64_t>(epoch)), {0, kNumKeyGroups}, blobs, std::to_string(epoch)));
        frozen_at = next;
      }
      if (!random.Chance(0.1)) continue;
      op = Opened(node);
      backend = std::make_unique<MemoryStateBackend>();
      std::vector<storage::v1::SnapshotHandle> handles;
      if (handle.has_value()) handles.push_back(*handle);
      ASSERT_TRUE(backend->Restore(handles, {0, kNumKeyGroups}, blobs).ok());
      ASSERT_TRUE(op->Restore(*backend).ok());
      next = frozen_at;
    }
    ASSERT_TRUE(op->OnWatermark(kFinalWatermark, out).ok());
    EXPECT_EQ(out.Rows(0), feed.Expected(3, limited ? static_cast<size_t>(limit) : feed.rows.size()));
    // Nothing stays behind.
    auto frozen = Must(op->BeforeBarrier(Epoch(1000), out));
    if (frozen != nullptr) {
      ASSERT_TRUE(frozen->WriteTo(*backend).ok());
    }
    int left = 0;
    for (uint32_t group = 0; group < kNumKeyGroups; ++group) {
      ASSERT_TRUE(backend->Scan(static_cast<KeyGroup>(group), 2, 0, 1, [&](std::string_view, std::string_view) { return ++left > 0; }).ok());
    }
    EXPECT_EQ(left, 0);
    if (HasFailure()) return;
  }
}

TEST(Sort, NestedColumnsComeBackAsTheyWere) {
  const Columns columns = {{"x", "INT"}, {"a", "ARRAY<STRING>"}, {"m", "MAP<STRING, INT>"}, {"r", "ROW<f DOUBLE>"}};
  const BatchPtr rows = BatchOf(ArrowSchema(columns), {"[2, 1]", R"([["p", null], null])", R"([[["k", 1]], []])", "[[-0.0], null]"});
  auto op = Opened(Node(columns, {{"x"}}));
  CollectedOutput out;
  ASSERT_TRUE(op->ProcessBatch(0, 0, rows, out).ok());
  ASSERT_TRUE(op->OnWatermark(kFinalWatermark, out).ok());
  ASSERT_EQ(out.emitted.size(), 1u);
  EXPECT_TRUE(out.emitted[0].second->Slice(1)->Equals(*rows->Slice(0, 1))) << out.emitted[0].second->ToString();
  EXPECT_TRUE(out.emitted[0].second->Slice(0, 1)->Equals(*rows->Slice(1))) << out.emitted[0].second->ToString();
}

TEST(Sort, AChunkThatIsDamagedIsDataLoss) {
  auto op = Opened(Node(kTwo, {{"x"}}));
  const KeyGroup group = KeyGroupOfHash(HashKeyBytes(""));
  std::string key(12, '\0');
  key[0] = static_cast<char>(group >> 8), key[1] = static_cast<char>(group), key[3] = 2, key[4] = static_cast<char>(0x80);
  for (const std::string& suffix : {std::string(8, '\0'), std::string("x")}) {
    MemoryStateBackend damaged;
    const std::string whole = key + suffix;
    const StateWrite write{whole, "no rows"};
    ASSERT_TRUE(damaged.Write({&write, 1}).ok());
    EXPECT_EQ(op->Restore(damaged).code(), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace millrace
