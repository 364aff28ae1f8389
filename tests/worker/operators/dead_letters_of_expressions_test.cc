#include "base/error.h"
#include "tests/base/expression/plan_expressions.h"
#include "tests/worker/operators/operator_fixture.h"

namespace millrace {
namespace {

using plan_expressions::Call;
using plan_expressions::Column;
using plan_expressions::Literal;
using testing::ElementsAre;
using testing::HasSubstr;

const Columns kInput = {{"a", "INT"}, {"b", "INT"}};

internal::v1::ChainNode ProjectNode() {
  internal::v1::ChainNode node;
  node.set_uid("p");
  *node.add_input_schemas() = SchemaMessage(kInput);
  *node.add_output_schemas() = SchemaMessage({{"q", "INT"}, {"r", "INT"}});
  for (const char* name : {"q", "r"}) {
    auto* column = node.mutable_project()->add_columns();
    column->set_name(name);
    *column->mutable_expression() = Call("divide", {Column("a"), Column("b")});
  }
  return node;
}

internal::v1::ChainNode FilterNode() {
  internal::v1::ChainNode node;
  node.set_uid("f");
  *node.add_input_schemas() = SchemaMessage(kInput);
  *node.add_output_schemas() = SchemaMessage(kInput);
  *node.mutable_filter()->mutable_condition() =
      Call("greater", {Call("divide", {Column("a"), Column("b")}), Literal("INT", "1")});
  return node;
}

std::unique_ptr<Operator> Opened(const internal::v1::ChainNode& node, bool dead_letters_connected) {
  std::unique_ptr<Operator> op = Must(MakeOperator(node));
  OperatorContext context;
  context.pipeline = "p1";
  context.dead_letters_connected = dead_letters_connected;
  EXPECT_TRUE(op->Open(context).ok());
  return op;
}

BatchPtr Rows() { return BatchOf(ArrowSchema(kInput), {"[4, 7, null, 9, 1, 1]", "[2, 0, 0, 3, 0, 1]"}); }

TEST(DeadLettersOfExpressions, AProjectSetsFailingRowsAside) {
  CollectedOutput out;
  ASSERT_TRUE(Opened(ProjectNode(), true)->ProcessBatch(0, 0, Rows(), out).ok());
  EXPECT_THAT(out.Rows(0), ElementsAre("2|2", "null|null", "3|3", "1|1"));
  ASSERT_EQ(out.emitted[0].first, 1U);
  const BatchPtr letters = out.emitted[0].second;
  ASSERT_EQ(letters->num_rows(), 2);
  auto text = [&](const char* column, int64_t row) {
    return letters->GetColumnByName(column)->GetScalar(row).ValueOrDie()->ToString();
  };
  EXPECT_EQ(text("reason", 0), "expression");
  EXPECT_EQ(text("pipeline", 0), "p1");
  EXPECT_EQ(text("operator", 0), "p");
  EXPECT_EQ(text("error", 0), "column \"q\": evaluate divide(a, b): division by zero: 7");
  EXPECT_EQ(text("error", 1), "column \"q\": evaluate divide(a, b): division by zero: 1");
  EXPECT_EQ(text("topic", 0), "null");
  const auto& values = static_cast<const arrow::BinaryArray&>(*letters->GetColumnByName("value"));
  EXPECT_EQ(values.GetString(0), R"({"a": 7, "b": 0})");
}

TEST(DeadLettersOfExpressions, AFilterSetsFailingRowsAside) {
  CollectedOutput out;
  ASSERT_TRUE(Opened(FilterNode(), true)->ProcessBatch(0, 0, Rows(), out).ok());
  EXPECT_THAT(out.Rows(0), ElementsAre("4|2", "9|3"));
  EXPECT_THAT(out.Rows(1), testing::SizeIs(2));
}

TEST(DeadLettersOfExpressions, UnreadTheFirstEndsThePipelineForGood) {
  for (const auto& node : {ProjectNode(), FilterNode()}) {
    CollectedOutput out;
    absl::Status status = Opened(node, false)->ProcessBatch(0, 0, Rows(), out);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("divide(a, b): division by zero: 7"));
    EXPECT_THAT(std::string(status.message()), HasSubstr(R"(the row is {"a": 7, "b": 0}, which operators before it made)"));
    EXPECT_THAT(std::string(status.message()), testing::Not(HasSubstr("operator p"))) << "the chain says whose it is";
  }
}

}  // namespace
}  // namespace millrace
