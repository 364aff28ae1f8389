#include "base/state_fingerprint.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

using Columns = google::protobuf::RepeatedPtrField<v1::Column>;

void Add(Columns& columns, const char* name, const char* type) {
  columns.Add()->set_name(name);
  columns.rbegin()->set_type(type);
}

Columns ColumnsOfTest() {
  Columns columns;
  Add(columns, "k", "STRING NOT NULL");
  Add(columns, "x", "INT");
  Add(columns, "y", "DECIMAL(10, 2)");
  return columns;
}

v1::WindowAggregate WindowOfTest() {
  v1::WindowAggregate window;
  window.set_size_ms(1000);
  window.set_offset_ms(250);
  window.set_time_column("t");
  window.add_keys("k");
  window.add_aggregates()->set_function("count");
  auto* sum = window.add_aggregates();
  sum->set_function("sum");
  sum->set_column("y");
  sum->set_name("total");
  return window;
}

// Golden: checkpoints carry it. Another text refuses every checkpoint there is.
TEST(StateFingerprint, ItsTextIsFrozen) {
  EXPECT_EQ(*WindowStateFingerprint(WindowOfTest(), ColumnsOfTest()),
            "window_aggregate/1 tumbling size_ms=1000 offset_ms=250 zone=UTC keys=[k STRING] "
            "aggregates=[count(), sum(y DECIMAL(10, 2))]");
}

TEST(StateFingerprint, FollowsWhatStateMeansAndNothingElse) {
  const std::string first = *WindowStateFingerprint(WindowOfTest(), ColumnsOfTest());
  v1::WindowAggregate window = WindowOfTest();
  window.mutable_aggregates(1)->set_name("other_name");
  window.set_time_column("other_time");
  EXPECT_EQ(*WindowStateFingerprint(window, ColumnsOfTest()), first);
  window.set_zone("UTC");
  EXPECT_EQ(*WindowStateFingerprint(window, ColumnsOfTest()), first);
  window.set_zone("Europe/Berlin");
  EXPECT_EQ(*WindowStateFingerprint(window, ColumnsOfTest()),
            "window_aggregate/1 tumbling size_ms=1000 offset_ms=250 zone=Europe/Berlin keys=[k STRING] "
            "aggregates=[count(), sum(y DECIMAL(10, 2))]");
  window.clear_zone();
  window.set_size_ms(2000);
  EXPECT_NE(*WindowStateFingerprint(window, ColumnsOfTest()), first);
  window = WindowOfTest();
  window.mutable_aggregates(1)->set_column("x");
  EXPECT_NE(*WindowStateFingerprint(window, ColumnsOfTest()), first);
  window = WindowOfTest();
  window.add_keys("x");
  EXPECT_NE(*WindowStateFingerprint(window, ColumnsOfTest()), first);
  Columns columns = ColumnsOfTest();
  columns[2].set_type("DECIMAL(10, 3)");
  EXPECT_NE(*WindowStateFingerprint(WindowOfTest(), columns), first);
  columns = ColumnsOfTest();
  columns[0].set_type("STRING");
  EXPECT_EQ(*WindowStateFingerprint(WindowOfTest(), columns), first);
}

TEST(StateFingerprint, AColumnThatDoesNotArriveIsRefused) {
  v1::WindowAggregate window = WindowOfTest();
  window.set_keys(0, "gone");
  absl::Status status = WindowStateFingerprint(window, ColumnsOfTest()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("'gone'"), absl::string_view::npos) << status;
}

TEST(StateFingerprint, OfAGroupAggregateAndASort) {
  google::protobuf::RepeatedPtrField<v1::Column> input;
  for (auto [name, type] : {std::pair{"k", "STRING NOT NULL"}, {"v", "INT"}, {"ok", "BOOLEAN"}}) {
    input.Add()->set_name(name);
    input.rbegin()->set_type(type);
  }
  v1::GroupAggregate group;
  group.add_keys("k");
  v1::Aggregate& aggregate = *group.add_aggregates();
  aggregate.set_function("sum");
  aggregate.set_column("v");
  EXPECT_EQ(*GroupStateFingerprint(group, input), "group_aggregate/1 keys=[k STRING] aggregates=[sum(v INT)]");
  aggregate.set_distinct(true);
  aggregate.set_filter("ok");
  EXPECT_EQ(*GroupStateFingerprint(group, input), "group_aggregate/1 keys=[k STRING] aggregates=[sum(distinct v INT) filter(ok)]");
  v1::Sort sort;
  sort.add_keys()->set_column("v");
  sort.set_offset(2);
  EXPECT_EQ(*SortStateFingerprint(sort, input), "sort/1 columns=[k STRING, v INT, ok BOOLEAN] keys=[v]");
  sort.set_limit(5);
  sort.mutable_keys(0)->set_descending(true);
  sort.mutable_keys(0)->set_nulls_last(true);
  EXPECT_EQ(*SortStateFingerprint(sort, input),
            "sort/1 columns=[k STRING, v INT, ok BOOLEAN] keys=[v desc nulls last] offset=2 limit=5");
  sort.mutable_keys(0)->set_column("x");
  EXPECT_FALSE(SortStateFingerprint(sort, input).ok());
}

}  // namespace
}  // namespace millrace
