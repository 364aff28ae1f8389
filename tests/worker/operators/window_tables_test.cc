#include "worker/operators/window_tables.h"

#include "base/error.h"
#include "base/random.h"
#include "tests/worker/operators/operator_fixture.h"
#include "worker/operators/window_state.h"
#include "worker/state_memory.h"

namespace millrace {
namespace {

const Columns kInput = {{"k", "STRING"}, {"t", "TIMESTAMP_LTZ(3)"}, {"s", "STRING"}};

v1::WindowAggregate Window() {
  v1::WindowAggregate window;
  window.set_time_column("t");
  window.set_size_ms(1000);
  window.add_keys("k");
  for (const char* function : {"count", "max"}) {
    auto* aggregate = window.add_aggregates();
    aggregate->set_function(function);
    if (std::string_view(function) == "max") aggregate->set_column("s");
    aggregate->set_name(function);
  }
  return window;
}

BatchPtr RandomRows(Random& random, const std::shared_ptr<arrow::Schema>& schema) {
  std::string keys;
  std::string times;
  std::string strings;
  for (int row = 0; row < 200; ++row) {
    const char* comma = row == 0 ? "" : ",";
    keys += Cat(comma, "\"key ", random.Below(500), "\"");
    times += Cat(comma, random.Below(5000) * 1000);
    strings += Cat(comma, "\"", std::string(random.Below(40), static_cast<char>('a' + random.Below(26))), "\"");
  }
  return BatchOf(schema, {"[" + keys + "]", "[" + times + "]", "[" + strings + "]"});
}

uint64_t SumOf(WindowTables& windows) {
  uint64_t sum = 0;
  for (const auto& [slice, table] : windows.tables()) sum += table->num_bytes();
  return sum;
}

// What is charged after every batch is kept as a running sum.
TEST(WindowTables, MemoryIsThatOfItsTablesWhateverHappens) {
  Random random(7);
  auto schema = ArrowSchema(kInput);
  auto windows = Must(WindowTables::Make(Window(), schema, "counts"));
  EXPECT_EQ(windows->num_bytes(), 0u);
  uint64_t largest = 0;
  for (int step = 0; step < 300; ++step) {
    std::vector<uint32_t> refused;
    ASSERT_TRUE(windows->Add(RandomRows(random, schema), kNoWatermark, refused).ok());
    if (random.Chance(0.3)) FreezeWindows(*windows, kNumKeyGroups, std::nullopt);
    if (random.Chance(0.1)) windows->Drop(static_cast<Slice>(random.Below(6)) * 1'000'000);
    if (random.Chance(0.02)) windows->Clear();
    ASSERT_EQ(windows->num_bytes(), SumOf(*windows)) << "step " << step;
    ASSERT_EQ(windows->figures().num_bytes, windows->num_bytes());
    largest = std::max(largest, windows->num_bytes());
  }
  EXPECT_GT(largest, 50'000u);
  windows->Clear();
  EXPECT_EQ(windows->num_bytes(), 0u);
}

TEST(WindowTables, WhatIsFrozenCountsItsCopy) {
  Random random(8);
  auto schema = ArrowSchema(kInput);
  auto windows = Must(WindowTables::Make(Window(), schema, "counts"));
  std::vector<uint32_t> refused;
  ASSERT_TRUE(windows->Add(RandomRows(random, schema), kNoWatermark, refused).ok());
  auto frozen = FreezeWindows(*windows, kNumKeyGroups, std::nullopt);
  // At least key, hash and one word of every group.
  EXPECT_GT(frozen->num_bytes(), windows->figures().num_keys * 32);
  EXPECT_LT(frozen->num_bytes(), windows->num_bytes() + 10'000);
}

}  // namespace
}  // namespace millrace
