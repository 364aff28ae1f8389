#include "worker/operators/unnest.h"

#include "tests/worker/operators/operator_fixture.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

internal::v1::ChainNode Node(const std::string& type, const Columns& added, bool ordinality = false, bool outer = false) {
  internal::v1::ChainNode node;
  node.set_uid("elements");
  node.mutable_unnest()->set_column("a");
  node.mutable_unnest()->set_ordinality(ordinality);
  node.mutable_unnest()->set_outer(outer);
  Columns columns = {{"id", "INT NOT NULL"}, {"a", type}};
  *node.add_input_schemas() = SchemaMessage(columns);
  for (const auto& column : added) columns.push_back(column);
  for (const auto& [name, of] : added) node.mutable_unnest()->add_names(name);
  *node.add_output_schemas() = SchemaMessage(columns);
  return node;
}

// Rows without the nested column itself.
std::vector<std::string> Rows(const internal::v1::ChainNode& node, const std::string& ids, const std::string& nested, int64_t skip = 0) {
  auto op = Must(MakeOperator(node));
  CollectedOutput out;
  auto schema = Must(SchemaOf(node.input_schemas(0).columns()));
  EXPECT_TRUE(op->ProcessBatch(0, 0, BatchOf(schema, {ids, nested})->Slice(skip), out).ok());
  for (auto& [number, rows] : out.emitted) {
    EXPECT_TRUE(rows->Validate().ok());
    EXPECT_TRUE(rows->schema()->Equals(*Must(SchemaOf(node.output_schemas(0).columns()))));
    rows = *rows->RemoveColumn(1);
  }
  return out.Rows(0);
}

TEST(Unnest, ARowForEveryElementInOrder) {
  const std::string arrays = "[[1, 2], null, [], [null, 5]]";
  EXPECT_THAT(Rows(Node("ARRAY<INT>", {{"x", "INT"}}), "[1, 2, 3, 4]", arrays), ElementsAre("1|1", "1|2", "4|null", "4|5"));
  EXPECT_THAT(Rows(Node("ARRAY<INT>", {{"x", "INT"}, {"n", "INT NOT NULL"}}, true), "[1, 2, 3, 4]", arrays),
              ElementsAre("1|1|1", "1|2|2", "4|null|1", "4|5|2"));
  EXPECT_THAT(Rows(Node("ARRAY<INT>", {{"x", "INT"}, {"n", "INT"}}, true, true), "[1, 2, 3, 4]", arrays),
              ElementsAre("1|1|1", "1|2|2", "2|null|null", "3|null|null", "4|null|1", "4|5|2"));
  EXPECT_THAT(Rows(Node("ARRAY<INT>", {{"x", "INT"}}), "[1, 2, 3, 4]", arrays, 1), ElementsAre("4|null", "4|5")) << "a slice";
  EXPECT_THAT(Rows(Node("ARRAY<INT>", {{"x", "INT"}}), "[1]", "[[]]"), IsEmpty());
}

TEST(Unnest, FieldsOfRowsBecomeColumns) {
  const auto node = Node("ARRAY<ROW<p INT, q STRING>>", {{"p", "INT"}, {"s", "STRING"}});
  EXPECT_THAT(Rows(node, "[1, 2]", R"([[[1, "a"], null], [[null, "b"]]])"), ElementsAre("1|1|a", "1|null|null", "2|null|b"));
}

TEST(Unnest, EntriesOfAMapBecomeKeyAndValue) {
  const auto node = Node("MAP<STRING, INT>", {{"k", "STRING"}, {"v", "INT"}}, false, true);
  const std::string maps = R"([[["x", 1], ["y", null]], null, [], [["x", 7]]])";
  EXPECT_THAT(Rows(node, "[1, 2, 3, 4]", maps), ElementsAre("1|x|1", "1|y|null", "2|null|null", "3|null|null", "4|x|7"));
  EXPECT_THAT(Rows(node, "[1, 2, 3, 4]", maps, 2), ElementsAre("3|null|null", "4|x|7"));
}

TEST(Unnest, LongArraysComeInPieces) {
  std::string array = "[[0";
  for (int i = 1; i < 20'000; ++i) array += "," + std::to_string(i);
  auto op = Must(MakeOperator(Node("ARRAY<INT>", {{"x", "INT"}})));
  CollectedOutput out;
  ASSERT_TRUE(op->ProcessBatch(0, 0, BatchOf(ArrowSchema({{"id", "INT NOT NULL"}, {"a", "ARRAY<INT>"}}), {"[1]", array + "]]"}), out).ok());
  EXPECT_EQ(out.emitted.size(), 3u);
  int64_t next = 0;
  for (const auto& [number, rows] : out.emitted) {
    const auto& x = static_cast<const arrow::Int32Array&>(*rows->column(2));
    for (int64_t i = 0; i < x.length(); ++i) ASSERT_EQ(x.Value(i), next++);
  }
  EXPECT_EQ(next, 20'000);
}

TEST(Unnest, WhatHasNoElementsIsRefused) {
  EXPECT_EQ(MakeOperator(Node("INT", {{"x", "INT"}})).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MakeOperator(Node("ARRAY<INT>", {{"x", "BIGINT"}})).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MakeOperator(Node("ARRAY<INT>", {{"x", "INT"}}, true)).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace millrace
