#include "worker/operators/aggregate_table.h"

#include <algorithm>
#include <map>

#include "base/random.h"
#include "tests/worker/operators/operator_fixture.h"

namespace millrace {
namespace {

TEST(AggregateTable, AgreesWithAMapOverRandomKeys) {
  v1::WindowAggregate window;
  window.add_aggregates()->set_function("count");
  AggregateLayout layout = Must(AggregateLayout::Make(window, *arrow::schema({})));
  AggregateTable table(&layout);
  std::map<std::string, uint64_t> expected;
  Random random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> names;
    for (int i = 0; i < 1000; ++i)
      names.push_back(std::string(random.Below(5), 'x') + std::to_string(random.Below(20000)));
    std::vector<std::string_view> keys(names.begin(), names.end());
    std::vector<uint64_t> hashes;
    for (auto key : keys) hashes.push_back(HashKeyBytes(key));
    std::vector<uint32_t> groups(keys.size());
    table.FindOrInsert(keys, hashes, groups);
    table.MarkDirty(groups);
    for (size_t i = 0; i < keys.size(); ++i) {
      ASSERT_EQ(table.key(groups[i]), keys[i]);
      table.cells().At(groups[i], layout.cells()[0])[0] += 1;
      expected[names[i]] += 1;
    }
    names.assign(names.size(), "gone: keys are copied");
  }
  ASSERT_EQ(table.num_groups(), expected.size());
  for (uint32_t group = 0; group < table.num_groups(); ++group) {
    EXPECT_EQ(table.cells().At(group, layout.cells()[0])[0], expected.at(std::string(table.key(group))));
  }
  std::vector<uint32_t> dirty = table.TakeDirty();
  std::sort(dirty.begin(), dirty.end());
  EXPECT_EQ(dirty.size(), expected.size());
  EXPECT_TRUE(std::adjacent_find(dirty.begin(), dirty.end()) == dirty.end());
  EXPECT_TRUE(table.TakeDirty().empty());
}

TEST(AggregateTable, TellsKeysOfTheSameHashApart) {
  v1::WindowAggregate window;
  AggregateLayout layout = Must(AggregateLayout::Make(window, *arrow::schema({})));
  AggregateTable table(&layout);
  std::vector<std::string_view> keys = {"a", "b", "a", ""};
  std::vector<uint64_t> hashes(keys.size(), 42);
  std::vector<uint32_t> groups(keys.size());
  table.FindOrInsert(keys, hashes, groups);
  EXPECT_EQ(table.num_groups(), 3u);
  EXPECT_EQ(groups[0], groups[2]);
  EXPECT_NE(groups[0], groups[1]);
}

}  // namespace
}  // namespace millrace
