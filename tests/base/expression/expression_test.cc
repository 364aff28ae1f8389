#include "base/expression/expression.h"

#include "base/error.h"
#include "tests/base/expression/plan_expressions.h"
#include "tests/worker/operators/operator_fixture.h"

namespace millrace {
namespace {

using plan_expressions::Call;
using plan_expressions::Cast;
using plan_expressions::Column;
using plan_expressions::Literal;
using testing::ElementsAre;
using testing::HasSubstr;

struct Case {
  std::string name;
  Columns columns;
  std::vector<std::string> values;
  v1::Expression expression;
  std::string expected_type;
  std::string expected;  // JSON; "error: …" if it must fail
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

class ExpressionCase : public testing::TestWithParam<Case> {};

TEST_P(ExpressionCase, GivesTheStatedResult) {
  const Case& c = GetParam();
  // A project node, so that Arrow's kernels are registered and the declared type is checked.
  internal::v1::ChainNode node;
  node.set_uid("p");
  *node.add_input_schemas() = SchemaMessage(c.columns);
  *node.add_output_schemas() = SchemaMessage({{"r", c.expected_type}});
  auto* column = node.mutable_project()->add_columns();
  column->set_name("r");
  *column->mutable_expression() = c.expression;
  std::unique_ptr<Operator> op = Must(MakeOperator(node));
  CollectedOutput out;
  absl::Status status = op->ProcessBatch(0, 0, BatchOf(ArrowSchema(c.columns), c.values), out);
  if (c.expected.starts_with("error: ")) {
    EXPECT_TRUE(IsPermanent(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.expected.substr(7)));
    return;
  }
  ASSERT_TRUE(status.ok()) << status;
  auto expected = arrow::json::ArrayFromJSONString(Must(ParseDataType(c.expected_type)).arrow, c.expected).ValueOrDie();
  auto actual = out.emitted.at(0).second->column(0);
  EXPECT_TRUE(actual->Equals(*expected, arrow::EqualOptions::Defaults().nans_equal(true))) << actual->ToString();
}

const Columns kInts = {{"a", "INT"}, {"b", "INT"}};
const Columns kDecimals = {{"a", "DECIMAL(10, 2)"}, {"b", "DECIMAL(10, 2)"}};
const Columns kWords = {{"a", "ARRAY<STRING>"}};
const v1::Expression kA = Column("a");
const v1::Expression kB = Column("b");

INSTANTIATE_TEST_SUITE_P(
    Expressions, ExpressionCase,
    testing::Values(
        Case{
            "PlusWraps", kInts, {"[2147483647, null]", "[1, 1]"}, Call("plus", {kA, kB}), "INT", "[-2147483648, null]"},
        Case{"TheOnlyElement",
             {{"a", "ARRAY<INT>"}},
             {"[[7], [], null, [null]]"},
             Call("element", {kA}),
             "INT",
             "[7, null, null, null]"},
        Case{"MoreThanOneElementFails",
             {{"a", "ARRAY<INT>"}},
             {"[[7, 8]]"},
             Call("element", {kA}),
             "INT",
             "error: ELEMENT takes an array of one element, and this one has 2"},
        Case{"PlusIsComputedInTheWider",
             {{"a", "INT"}, {"b", "BIGINT"}},
             {"[2147483647]", "[1]"},
             Call("plus", {kA, kB}),
             "BIGINT",
             "[2147483648]"},
        Case{"DivideCutsTowardsZero", kInts, {"[-7, 7]", "[2, -2]"}, Call("divide", {kA, kB}), "INT", "[-3, -3]"},
        Case{"DivideTheSmallestByMinusOneWraps",
             kInts,
             {"[-2147483648]", "[-1]"},
             Call("divide", {kA, kB}),
             "INT",
             "[-2147483648]"},
        Case{"ModuloHasTheDividendsSign", kInts, {"[-7, 7]", "[2, -2]"}, Call("modulo", {kA, kB}), "INT", "[-1, 1]"},
        Case{"ModuloIsOfTheDivisorsType",
             {{"a", "BIGINT"}, {"b", "TINYINT"}},
             {"[9000000000001]", "[10]"},
             Call("modulo", {kA, kB}),
             "TINYINT",
             "[1]"},
        Case{"DivideByZeroQuotesTheExpression",
             kInts,
             {"[1]", "[0]"},
             Call("divide", {kA, kB}),
             "INT",
             "error: divide(a, b)"},
        Case{"FloatsDivideByIeee",
             {{"a", "DOUBLE"}, {"b", "DOUBLE"}},
             {"[1, 0]", "[0, 0]"},
             Call("divide", {kA, kB}),
             "DOUBLE",
             "[Inf, NaN]"},
        Case{"DecimalPlus",
             kDecimals,
             {R"(["1.25", null])", R"(["-0.30", "1.00"])"},
             Call("plus", {kA, kB}),
             "DECIMAL(11, 2)",
             R"(["0.95", null])"},
        Case{"DecimalMinus",
             kDecimals,
             {R"(["1.25"])", R"(["2.00"])"},
             Call("minus", {kA, kB}),
             "DECIMAL(11, 2)",
             R"(["-0.75"])"},
        Case{"DecimalTimes",
             kDecimals,
             {R"(["-1.25"])", R"(["0.03"])"},
             Call("times", {kA, kB}),
             "DECIMAL(21, 4)",
             R"(["-0.0375"])"},
        Case{"DecimalDivideRoundsHalfUp",
             kDecimals,
             {R"(["2.00", "-2.00"])", R"(["3.00", "3.00"])"},
             Call("divide", {kA, kB}),
             "DECIMAL(23, 13)",
             R"(["0.6666666666667", "-0.6666666666667"])"},
        Case{"DecimalModulo",
             kDecimals,
             {R"(["-7.50"])", R"(["2.00"])"},
             Call("modulo", {kA, kB}),
             "DECIMAL(10, 2)",
             R"(["-1.50"])"},
        Case{"DecimalDivideByZero",
             kDecimals,
             {R"(["1.00"])", R"(["0.00"])"},
             Call("divide", {kA, kB}),
             "DECIMAL(23, 13)",
             "error: division by zero"},
        Case{"DecimalOverflowIsNull",
             {{"a", "DECIMAL(38, 0)"}, {"b", "DECIMAL(38, 0)"}},
             {R"(["99999999999999999999999999999999999999"])", R"(["99999999999999999999999999999999999999"])"},
             Call("times", {kA, kB}),
             "DECIMAL(38, 0)",
             "[null]"},
        Case{"CompareNumbersOfTwoTypes",
             {{"a", "TINYINT"}, {"b", "DOUBLE"}},
             {"[1, 2, null]", "[1.5, 1.5, 1]"},
             Call("less", {kA, kB}),
             "BOOLEAN",
             "[true, false, null]"},
        Case{"CompareDecimalsThatNeedOver38Digits",
             {{"a", "DECIMAL(38, 0)"}, {"b", "DECIMAL(38, 38)"}},
             {R"(["0", "1"])",
              R"(["0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000001"])"},
             Call("less", {kA, kB}),
             "BOOLEAN",
             "[true, false]"},
        Case{"CompareDecimalWithInt",
             {{"a", "DECIMAL(5, 2)"}, {"b", "INT"}},
             {R"(["1.50", "2.00"])", "[1, 2]"},
             Call("equal", {kA, kB}),
             "BOOLEAN",
             "[false, true]"},
        Case{"CompareWithTimestampLiteral",
             {{"a", "TIMESTAMP_LTZ(3)"}},
             {"[0, 1000]"},
             Call("greater", {kA, Literal("TIMESTAMP_LTZ(3)", "1970-01-01 00:00:00.000")}),
             "BOOLEAN",
             "[false, true]"},
        Case{"CompareWithDecimalLiteral",
             {{"a", "DECIMAL(5, 2)"}},
             {R"(["1.50", "1.49"])"},
             Call("greater_equal", {kA, Literal("DECIMAL(2, 1)", "1.5")}),
             "BOOLEAN",
             "[true, false]"},
        Case{"AndIsThreeValued",
             {{"a", "BOOLEAN"}, {"b", "BOOLEAN"}},
             {"[true, false, null, null]", "[null, null, false, true]"},
             Call("and", {kA, kB}),
             "BOOLEAN",
             "[null, false, false, null]"},
        Case{"AndShieldsItsRightSide",
             kInts,
             {"[4, 4, 4, null]", "[2, 0, null, 1]"},
             Call("and", {Call("not_equal", {kB, Literal("INT", "0")}),
                          Call("greater", {Call("divide", {kA, kB}), Literal("INT", "1")})}),
             "BOOLEAN",
             "[true, false, null, null]"},
        Case{"OrShieldsItsRightSide",
             kInts,
             {"[4, 4]", "[2, 0]"},
             Call("or", {Call("equal", {kB, Literal("INT", "0")}),
                         Call("greater", {Call("divide", {kA, kB}), Literal("INT", "2")})}),
             "BOOLEAN",
             "[false, true]"},
        Case{"NaNIsNotNull", {{"a", "DOUBLE"}}, {"[NaN, null]"}, Call("is_null", {kA}), "BOOLEAN", "[false, true]"},
        Case{"NotOfNull", {{"a", "BOOLEAN"}}, {"[true, null]"}, Call("not", {kA}), "BOOLEAN", "[false, null]"},
        Case{"Upper", {{"a", "STRING"}}, {R"(["aé", null])"}, Call("upper", {kA}), "STRING", R"(["AÉ", null])"},
        Case{"CharLengthCountsCodePoints",
             {{"a", "STRING"}},
             {R"(["äö", ""])"},
             Call("char_length", {kA}),
             "INT",
             "[2, 0]"},
        Case{"ConcatOfNullIsNull",
             {{"a", "STRING"}, {"b", "STRING"}},
             {R"(["x", "y"])", R"(["1", null])"},
             Call("concat", {kA, kB}),
             "STRING",
             R"(["x1", null])"},
        Case{"CoalesceWidens",
             {{"a", "INT"}, {"b", "BIGINT"}},
             {"[1, null]", "[5, 6]"},
             Call("coalesce", {kA, kB}),
             "BIGINT",
             "[1, 6]"},
        Case{"CastNarrowsWhatFits", {{"a", "BIGINT"}}, {"[1, null]"}, Cast(kA, "TINYINT"), "TINYINT", "[1, null]"},
        Case{"CastRefusesWhatDoesNotFit",
             {{"a", "BIGINT"}},
             {"[300]"},
             Cast(kA, "TINYINT"),
             "TINYINT",
             "error: CAST(a AS TINYINT)"},
        Case{"CastRefusesAFraction", {{"a", "DOUBLE"}}, {"[1.5]"}, Cast(kA, "INT"), "INT", "error: does not fit"},
        Case{"CastRefusesDigitsOfASecond",
             {{"a", "TIMESTAMP(6)"}},
             {"[1]"},
             Cast(kA, "TIMESTAMP(3)"),
             "TIMESTAMP(3)",
             "error: more than 3 digits"},
        Case{"CastStringToTimestamp",
             {{"a", "STRING"}},
             {R"(["1970-01-01 00:00:01"])"},
             Cast(kA, "TIMESTAMP_LTZ(3)"),
             "TIMESTAMP_LTZ(3)",
             "[1000000]"},
        Case{"CastIntToString", {{"a", "INT"}}, {"[-5]"}, Cast(kA, "STRING"), "STRING", R"(["-5"])"},
        Case{"CastRescalesDecimals",
             {{"a", "DECIMAL(5, 2)"}},
             {R"(["1.50"])"},
             Cast(kA, "DECIMAL(4, 1)"),
             "DECIMAL(4, 1)",
             R"(["1.5"])"},
        Case{"ArrayContainsFindsNull",
             {{"a", "ARRAY<INT>"}, {"b", "INT"}},
             {"[[1, null], [1], null]", "[null, null, 1]"},
             Call("array_contains", {kA, kB}),
             "BOOLEAN",
             "[true, false, null]"},
        Case{"ArrayPositionIsNullForNull",
             {{"a", "ARRAY<INT>"}, {"b", "INT"}},
             {"[[1, null], [1, 2, 2], [], null]", "[null, 2, 1, 1]"},
             Call("array_position", {kA, kB}),
             "INT",
             "[null, 2, 0, null]"},
        Case{"ArrayDistinctKeepsTheFirst",
             kWords,
             {R"([["b", null, "a", "b", null], null, []])"},
             Call("array_distinct", {kA}),
             "ARRAY<STRING>",
             R"([["b", null, "a"], null, []])"},
        Case{"ArrayReverse",
             kWords,
             {R"([["b", null], null, ["c"]])"},
             Call("array_reverse", {kA}),
             "ARRAY<STRING>",
             R"([[null, "b"], null, ["c"]])"},
        Case{"ArrayMinIgnoresNull",
             kWords,
             {R"([["b", null, "a"], [null], []])"},
             Call("array_min", {kA}),
             "STRING",
             R"(["a", null, null])"},
        Case{"ArrayMaxOfDecimals",
             {{"a", "ARRAY<DECIMAL(4, 1)>"}},
             {R"([["-1.5", "10.0", "9.5"], ["-1.5", "-2.0"], null])"},
             Call("array_max", {kA}),
             "DECIMAL(4, 1)",
             R"(["10.0", "-1.5", null])"},
        Case{"ArrayJoinLeavesNullsOut",
             kWords,
             {R"([["a", null, ""], [null], null])"},
             Call("array_join", {kA, Literal("STRING", ",")}),
             "STRING",
             R"(["a,", "", null])"},
        Case{"ArrayJoinWithAWordForNull",
             kWords,
             {R"([["a", null, ""], [null], null])"},
             Call("array_join", {kA, Literal("STRING", ", "), Literal("STRING", "-")}),
             "STRING",
             R"(["a, -, ", "-", null])"},
        Case{"MapValues",
             {{"a", "MAP<STRING, INT>"}},
             {R"([[["x", 1], ["y", null]], null, [], [["z", 3]]])"},
             Call("map_values", {kA}),
             "ARRAY<INT>",
             "[[1, null], null, [], [3]]"},
        Case{"LiteralForEveryRow", kInts, {"[1, 2]", "[3, 4]"}, Literal("STRING", "x"), "STRING", R"(["x", "x"])"}),
    [](const auto& info) { return info.param.name; });

TEST(Project, DoesNotCopyAColumnThatIsOnlyRenamed) {
  internal::v1::ChainNode node;
  node.set_uid("p");
  *node.add_input_schemas() = SchemaMessage(kInts);
  *node.add_output_schemas() = SchemaMessage({{"x", "INT"}});
  auto* column = node.mutable_project()->add_columns();
  column->set_name("x");
  column->mutable_expression()->set_column("b");
  auto op = Must(MakeOperator(node));
  CollectedOutput out;
  BatchPtr rows = BatchOf(ArrowSchema(kInts), {"[1]", "[2]"});
  ASSERT_TRUE(op->ProcessBatch(0, 0, rows, out).ok());
  EXPECT_EQ(out.emitted[0].second->column_data(0)->buffers[1], rows->column_data(1)->buffers[1]);
  EXPECT_EQ(out.emitted[0].second->schema()->field(0)->name(), "x");
}

TEST(Project, RefusesAColumnThatIsNotThere) {
  internal::v1::ChainNode node;
  node.set_uid("p");
  *node.add_input_schemas() = SchemaMessage(kInts);
  *node.add_output_schemas() = SchemaMessage({{"x", "INT"}});
  node.mutable_project()->add_columns()->mutable_expression()->set_column("zz");
  absl::Status status = MakeOperator(node).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("zz"));
}

TEST(Filter, KeepsOnlyTrue) {
  internal::v1::ChainNode node;
  node.set_uid("f");
  *node.add_input_schemas() = SchemaMessage(kInts);
  *node.mutable_filter()->mutable_condition() = Call("less", {kA, kB});
  auto op = Must(MakeOperator(node));
  CollectedOutput out;
  ASSERT_TRUE(op->ProcessBatch(0, 0, BatchOf(ArrowSchema(kInts), {"[1, 5, null, 2]", "[2, 2, 2, 3]"}), out).ok());
  EXPECT_THAT(out.Rows(0), ElementsAre("1|2", "2|3"));
  BatchPtr all = BatchOf(ArrowSchema(kInts), {"[1]", "[2]"});
  ASSERT_TRUE(op->ProcessBatch(0, 0, all, out).ok());
  EXPECT_EQ(out.emitted.back().second, all);
}

}  // namespace
}  // namespace millrace
