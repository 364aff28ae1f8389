#include "base/expression/expression_set.h"

#include "arrow/api.h"
#include "arrow/json/from_string.h"
#include "base/expression/constant_folding.h"
#include "gtest/gtest.h"
#include "tests/base/expression/plan_expressions.h"

namespace millrace {
namespace {

using plan_expressions::Call;
using plan_expressions::Column;
using plan_expressions::Literal;

BatchPtr Rows() {
  auto schema = arrow::schema({arrow::field("a", arrow::int32()), arrow::field("b", arrow::int32())});
  return arrow::RecordBatch::Make(schema, 4,
                                  {arrow::json::ArrayFromJSONString(arrow::int32(), "[6, 7, null, 9]").ValueOrDie(),
                                   arrow::json::ArrayFromJSONString(arrow::int32(), "[2, 0, 1, 3]").ValueOrDie()});
}

TEST(ExpressionSetTest, PartsThatOccurTwiceAreSharedAndFailOnce) {
  const v1::Expression quotient = Call("divide", {Column("a"), Column("b")});
  const v1::Expression twice = Call("plus", {quotient, quotient});
  const v1::Expression more = Call("plus", {twice, Literal("INT", "1")});
  const v1::Expression* expressions[] = {&quotient, &twice, &more};
  const BatchPtr rows = Rows();
  absl::StatusOr<ExpressionSet> set = ExpressionSet::Bind(expressions, *rows->schema());
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->num_shared(), 2U);  // the quotient, and the sum of it with itself
  RowErrors errors;
  auto columns = set->Evaluate(rows, errors);
  ASSERT_TRUE(columns.ok()) << columns.status();
  ASSERT_EQ(errors.entries().size(), 1U);
  EXPECT_EQ(errors.entries()[0].row, 1);
  EXPECT_EQ(errors.entries()[0].message, "evaluate divide(a, b): division by zero: 7");
  auto value = [&](size_t column, int64_t row) { return (*columns)[column]->GetScalar(row).ValueOrDie()->ToString(); };
  EXPECT_EQ(value(0, 0), "3");
  EXPECT_EQ(value(1, 3), "6");
  EXPECT_EQ(value(2, 3), "7");
  EXPECT_EQ(value(2, 2), "null");
}

TEST(ExpressionSetTest, ErrorsAreToldByExpression) {
  const v1::Expression a = Column("a");
  const v1::Expression quotient = Call("divide", {a, Column("b")});
  const v1::Expression remainder = Call("modulo", {a, Call("minus", {Column("b"), Literal("INT", "3")})});
  const v1::Expression* expressions[] = {&a, &quotient, &remainder};
  const BatchPtr rows = Rows();
  absl::StatusOr<ExpressionSet> set = ExpressionSet::Bind(expressions, *rows->schema());
  ASSERT_TRUE(set.ok()) << set.status();
  std::vector<RowErrors> errors;
  ASSERT_TRUE(set->Evaluate(rows, errors).ok());
  ASSERT_EQ(errors.size(), 3U);
  EXPECT_TRUE(errors[0].empty());
  ASSERT_EQ(errors[1].entries().size(), 1U);
  EXPECT_EQ(errors[1].entries()[0].row, 1);
  ASSERT_EQ(errors[2].entries().size(), 1U);
  EXPECT_EQ(errors[2].entries()[0].row, 3);
  errors.clear();
  ASSERT_TRUE(set->Evaluate(rows->Slice(0, 1), errors).ok());
  EXPECT_TRUE(errors.empty()) << "no row failed";
}

TEST(ExpressionSetTest, ASharedPartIsComputedAnewForTheRowsOfABranch) {
  // The quotient is shared, but CASE may evaluate it only where b is not 0.
  const v1::Expression quotient = Call("divide", {Column("a"), Column("b")});
  const v1::Expression guarded =
      Call("case", {Call("equal", {Column("b"), Literal("INT", "0")}), Literal("INT", "-1"), quotient});
  const v1::Expression sum = Call("plus", {guarded, Call("coalesce", {guarded, quotient})});
  const v1::Expression* expressions[] = {&guarded, &sum};
  const BatchPtr rows = Rows();
  absl::StatusOr<ExpressionSet> set = ExpressionSet::Bind(expressions, *rows->schema());
  ASSERT_TRUE(set.ok()) << set.status();
  RowErrors errors;
  auto columns = set->Evaluate(rows, errors);
  ASSERT_TRUE(columns.ok()) << columns.status();
  EXPECT_TRUE(errors.empty());
  auto expected = arrow::json::ArrayFromJSONString(arrow::int32(), "[3, -1, null, 3]").ValueOrDie();
  EXPECT_TRUE((*columns)[0]->Equals(expected)) << (*columns)[0]->ToString();
}

TEST(ExpressionSetTest, AnExpressionThatIsWrongIsNumbered) {
  const v1::Expression right = Column("a"), wrong = Call("upper", {Column("a")});
  const v1::Expression* expressions[] = {&right, &wrong};
  size_t failed = 9;
  EXPECT_FALSE(ExpressionSet::Bind(expressions, *Rows()->schema(), &failed).ok());
  EXPECT_EQ(failed, 1U);
}

TEST(FoldConstants, ReplacesWhatStandsOnConstantsOnly) {
  const v1::Expression folded =
      FoldConstants(Call("plus", {Column("a"), Call("times", {Literal("INT", "6"), Literal("INT", "7")})}));
  EXPECT_EQ(folded.call().args(0).column(), "a");
  EXPECT_EQ(folded.call().args(1).literal().type(), "INT NOT NULL");
  EXPECT_EQ(folded.call().args(1).literal().value(), "42");
}

TEST(FoldConstants, LeavesWhatFails) {
  const v1::Expression fails = Call("divide", {Literal("INT", "1"), Literal("INT", "0")});
  EXPECT_EQ(FoldConstants(fails).SerializeAsString(), fails.SerializeAsString());
  // But a branch that is never taken does not matter.
  const v1::Expression guarded = Call("case", {Literal("BOOLEAN", "true"), Literal("INT", "5"), fails});
  EXPECT_EQ(FoldConstants(guarded).literal().value(), "5");
}

}  // namespace
}  // namespace millrace
