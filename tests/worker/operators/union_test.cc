#include "worker/operators/union.h"

#include "tests/worker/operators/operator_fixture.h"

namespace millrace {
namespace {

using testing::ElementsAre;

internal::v1::ChainNode Node(const Columns& first, const Columns& second, const Columns& output) {
  internal::v1::ChainNode node;
  node.set_uid("both");
  node.mutable_union_();
  *node.add_input_schemas() = SchemaMessage(first);
  *node.add_input_schemas() = SchemaMessage(second);
  *node.add_output_schemas() = SchemaMessage(output);
  return node;
}

TEST(Union, RowsOfAllInputsComeUnderItsOwnNames) {
  const Columns first = {{"a", "INT NOT NULL"}, {"b", "STRING"}};
  const Columns second = {{"x", "INT"}, {"a", "STRING NOT NULL"}};
  const Columns output = {{"a", "INT"}, {"b", "STRING"}};
  auto op = Must(MakeOperator(Node(first, second, output)));
  CollectedOutput out;
  ASSERT_TRUE(op->ProcessBatch(0, 0, BatchOf(ArrowSchema(first), {"[1]", R"(["p"])"}), out).ok());
  ASSERT_TRUE(op->ProcessBatch(1, 0, BatchOf(ArrowSchema(second), {"[null]", R"(["q"])"}), out).ok());
  EXPECT_THAT(out.Rows(0), ElementsAre("1|p", "null|q"));
  for (const auto& [number, rows] : out.emitted) EXPECT_TRUE(rows->schema()->Equals(*ArrowSchema(output))) << rows->schema()->ToString();
}

TEST(Union, InputsOfOtherTypesAreRefused) {
  for (const Columns& second : {Columns{{"a", "BIGINT"}}, Columns{}, Columns{{"a", "INT"}, {"b", "INT"}}}) {
    EXPECT_EQ(MakeOperator(Node({{"a", "INT"}}, second, {{"a", "INT"}})).status().code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_FALSE(MakeOperator(Node({{"a", "INT NOT NULL"}}, {{"a", "INT"}}, {{"a", "INT NOT NULL"}})).ok()) << "one may be NULL";
}

}  // namespace
}  // namespace millrace
