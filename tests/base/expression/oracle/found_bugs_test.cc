// What random expressions have found, one by one.
#include "arrow/api.h"
#include "base/error.h"
#include "base/expression/constant_folding.h"
#include "base/expression/expression.h"
#include "gtest/gtest.h"
#include "tests/base/expression/plan_expressions.h"
#include "tests/base/expression/reference/value.h"

namespace millrace {
namespace {

using plan_expressions::Call;
using plan_expressions::Cast;
using plan_expressions::Literal;

class FoundBugs : public testing::Test {
 protected:
  // The value of an expression of constants, or what is wrong.
  static std::string ValueOf(const v1::Expression& expression) {
    absl::StatusOr<ExpressionPtr> bound = BindExpression(expression, *arrow::schema({}));
    if (!bound.ok()) return std::string(bound.status().message());
    const BatchPtr row = arrow::RecordBatch::Make(arrow::schema({}), 1, arrow::ArrayVector{});
    absl::StatusOr<std::shared_ptr<arrow::Array>> value = EvaluateArray(**bound, row);
    return value.ok() ? reference::ValueAt(**value, 0).Show() : std::string(value.status().message());
  }
};

TEST_F(FoundBugs, ADecimalIsDividedByALargeUnitExactly) {
  // Arrow's division of 256 bits is one too small here.
  EXPECT_EQ(ValueOf(Call("times", {Literal("DECIMAL(38, 38)", "0.00005"),
                                   Literal("DECIMAL(38, 18)", "99999999999999999999.999999999999999999")})),
            "500000000000000000000000000000000d");
}

TEST_F(FoundBugs, TheLeastOfTimestampsInAZone) {
  EXPECT_EQ(ValueOf(Call("least", {Literal("TIMESTAMP_LTZ(3)", "1970-01-01 00:00:02"),
                                   Literal("TIMESTAMP_LTZ(3)", "1970-01-01 00:00:01")})),
            "1000000");
}

TEST_F(FoundBugs, GreatestOrdersAsJavasCompareTo) {
  const v1::Expression nan = Literal("DOUBLE", "nan"), one = Literal("DOUBLE", "1");
  EXPECT_EQ(ValueOf(Call("greatest", {one, nan})), "nan");
  EXPECT_EQ(ValueOf(Call("least", {nan, one})), "1");
  EXPECT_EQ(ValueOf(Call("least", {Literal("DOUBLE", "0"), Literal("DOUBLE", "-0")})), "-0");
}

TEST_F(FoundBugs, AMapWithoutAKeyFailsItsRowAndNothingElse) {
  EXPECT_EQ(ValueOf(Call("map", {Literal("STRING"), Literal("INT", "1")})),
            "evaluate map(NULL of STRING, INT '1'): the key of a MAP is NULL");
  const v1::Expression map = Call("map", {Literal("INT", "100"), Literal("INT", "1")});
  EXPECT_NE(ValueOf(Cast(map, "MAP<DECIMAL(1, 0), INT>", v1::CAST_MODE_SQL)).find("a key of a MAP becomes NULL"),
            std::string::npos);
}

TEST_F(FoundBugs, FoldingKeepsWhatALiteralCannotSay) {
  const v1::Expression half_past =
      Call("plus", {Literal("TIME(0)", "10:00:00"), Literal("INTERVAL DAY TO SECOND(3)", "500")});
  EXPECT_EQ(ValueOf(FoldConstants(half_past)), ValueOf(half_past));
}

TEST_F(FoundBugs, FoldingMakesNoIntervalThatADateRefuses) {
  v1::Expression sum =
      Call("plus", {plan_expressions::Column("d"), Call("negate", {Literal("INTERVAL DAY TO SECOND(3)", "1")})});
  const auto schema = arrow::schema({arrow::field("d", arrow::date32())});
  ASSERT_TRUE(BindExpression(sum, *schema).ok());
  EXPECT_TRUE(BindExpression(FoldConstants(sum), *schema).ok());
}

TEST_F(FoundBugs, NestedValuesAreComparedWhateverMayBeNullInThem) {
  const v1::Expression may_be_null = Call("array", {Cast(Literal("STRING", "1"), "INT", v1::CAST_MODE_TRY)});
  const v1::Expression is_not = Call("array", {Literal("INT", "1")});
  EXPECT_EQ(ValueOf(Call("equal", {may_be_null, is_not})), "true");
  EXPECT_EQ(ValueOf(Call("nullif", {is_not, may_be_null})), "NULL");
  // Folding makes the one of the other.
  EXPECT_EQ(ValueOf(FoldConstants(Call("equal", {may_be_null, is_not}))), "true");
}

TEST_F(FoundBugs, NoTimeIsMidnightOfTheNextDay) {
  EXPECT_EQ(ValueOf(Call("ceil_to", {Literal("STRING", "SECOND"), Literal("TIME(3)", "23:59:59.500")})),
            "evaluate ceil_to(STRING 'SECOND', TIME(3) '23:59:59.500'): the result is 24:00:00, which no TIME can be");
}

TEST_F(FoundBugs, NullIsCastToATypeThatIsTooNarrowForEveryValue) {
  EXPECT_EQ(ValueOf(Cast(Literal("INT"), "DECIMAL(38, 38)", v1::CAST_MODE_EXACT)), "NULL");
}

TEST_F(FoundBugs, AnExactCastNoticesWhatDoesNotFitIn128Bits) {
  EXPECT_NE(ValueOf(Cast(Literal("DECIMAL(38, 18)", "7835672126040.3"), "DECIMAL(38, 38)", v1::CAST_MODE_EXACT))
                .find("does not fit"),
            std::string::npos);
}

TEST_F(FoundBugs, ADecimalIsComparedAsTheNearestDouble) {
  EXPECT_EQ(ValueOf(Call("equal", {Literal("DECIMAL(38, 38)", "0.99999999999999999999999999999999999999"),
                                   Literal("DOUBLE", "1")})),
            "true");
}

TEST_F(FoundBugs, RoundGivesNoNegativeZero) {
  EXPECT_EQ(ValueOf(Call("round", {Literal("DOUBLE", "-0.25")})), "0");
  EXPECT_EQ(ValueOf(Call("truncate", {Literal("DOUBLE", "-0")})), "0");
}

// No INT is the negation of the smallest.
TEST_F(FoundBugs, RoundTakesTheSmallestNumberOfDigits) {
  EXPECT_EQ(ValueOf(Call("round", {Literal("DOUBLE", "1.5"), Literal("INT", "-2147483648")})), "0");
  EXPECT_EQ(ValueOf(Call("truncate", {Literal("DOUBLE", "1.5"), Literal("INT", "-2147483648")})), "0");
}

TEST_F(FoundBugs, ATimeLosesItsFractionOnTheWayToATimestampInAZone) {
  EXPECT_EQ(ValueOf(Cast(Literal("TIME(3)", "00:00:01.500"), "TIMESTAMP_LTZ(0)", v1::CAST_MODE_SQL)), "1000000");
}

TEST_F(FoundBugs, TheSmallestNumberIsAPlaceInAText) {
  EXPECT_EQ(ValueOf(Call("instr", {Literal("STRING", "abc"), Literal("STRING", "b"),
                                   Literal("BIGINT", "-9223372036854775808")})),
            "0");
}

}  // namespace
}  // namespace millrace
