#include "worker/operators/aggregate_layout.h"

#include <cmath>
#include <limits>

#include "tests/worker/operators/operator_fixture.h"
#include "worker/operators/aggregate_table.h"

namespace millrace {
namespace {

struct Case {
  std::string name;
  std::string function;
  std::string type;
  std::string values;    // JSON
  std::string expected;  // JSON, one value
  std::string expected_type;
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

class AggregateCase : public testing::TestWithParam<Case> {};

v1::WindowAggregate OneAggregate(const std::string& function, const std::string& column) {
  v1::WindowAggregate window;
  auto* aggregate = window.add_aggregates();
  aggregate->set_function(function);
  aggregate->set_column(column);
  aggregate->set_name("r");
  return window;
}

// All rows into one group; and each row into a group of its own, packed and merged. Both must agree.
TEST_P(AggregateCase, GivesTheStatedResultAtOnceAndThroughPartialAggregates) {
  const Case& c = GetParam();
  auto schema = ArrowSchema({{"x", c.type}});
  BatchPtr batch = BatchOf(schema, {c.values});
  AggregateLayout layout = Must(AggregateLayout::Make(OneAggregate(c.function, "x"), *schema));
  AggregateTable whole(&layout), parts(&layout), merged(&layout);
  std::vector<uint32_t> rows, groups, one_each;
  std::string_view empty;
  std::vector<std::string> names;
  for (uint32_t i = 0; i < batch->num_rows(); ++i) {
    rows.push_back(i);
    names.push_back(std::to_string(i));
  }
  std::vector<std::string_view> same(rows.size(), empty), keys(names.begin(), names.end());
  std::vector<uint64_t> same_hashes(rows.size(), HashKeyBytes(empty)), hashes;
  for (auto key : keys) hashes.push_back(HashKeyBytes(key));
  groups.resize(rows.size());
  one_each.resize(rows.size());
  whole.FindOrInsert(same, same_hashes, groups);
  layout.Update(*batch, rows, groups, whole.cells());
  parts.FindOrInsert(keys, hashes, one_each);
  layout.Update(*batch, rows, one_each, parts.cells());
  uint32_t target = 0;
  merged.FindOrInsert({&empty, 1}, {same_hashes.data(), 1}, {&target, 1});
  for (uint32_t group : one_each) {
    std::string packed;
    layout.Pack(parts.cells(), group, packed);
    ASSERT_TRUE(layout.Merge(packed, target, merged.cells()).ok());
  }
  auto expected =
      arrow::json::ArrayFromJSONString(Must(ParseDataType(c.expected_type)).arrow, "[" + c.expected + "]").ValueOrDie();
  uint32_t zero = 0;
  for (AggregateTable* table : {&whole, &merged}) {
    auto result = Must(layout.Finish(layout.cells()[0], table->cells(), {&zero, 1}));
    EXPECT_TRUE(result->Equals(*expected, arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false)))
        << result->ToString() << " instead of " << expected->ToString();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Aggregates, AggregateCase,
    testing::Values(
        Case{"CountSkipsNull", "count", "INT", "[1, null, 3]", "2", "BIGINT"},
        Case{"CountOfNothing", "count", "STRING", "[null]", "0", "BIGINT"},
        Case{"TinyintWraps", "sum", "TINYINT", "[127, 1]", "-128", "TINYINT"},
        Case{"SmallintWraps", "sum", "SMALLINT", "[32767, 2]", "-32767", "SMALLINT"},
        Case{"IntWraps", "sum", "INT", "[2147483647, 1]", "-2147483648", "INT"},
        Case{"BigintWraps", "sum", "BIGINT", "[9223372036854775807, 1]", "-9223372036854775808", "BIGINT"},
        Case{"SumOfNulls", "sum", "BIGINT", "[null, null]", "null", "BIGINT"},
        Case{"FloatSum", "sum", "FLOAT", "[0.5, 0.25, null]", "0.75", "FLOAT"},
        Case{"LoneNegativeZero", "sum", "DOUBLE", "[-0.0]", "-0.0", "DOUBLE"},
        Case{"NaNSum", "sum", "DOUBLE", "[1, NaN]", "NaN", "DOUBLE"},
        Case{"DecimalSum", "sum", "DECIMAL(5, 2)", R"(["999.99", "0.01", "-1.00", null])", R"("999.00")",
             "DECIMAL(38, 2)"},
        Case{"DecimalOverflowIsNull", "sum", "DECIMAL(38, 0)", R"(["99999999999999999999999999999999999999", "1"])",
             "null", "DECIMAL(38, 0)"},
        Case{
            "DecimalOverflowOnTheWayIsNot", "sum", "DECIMAL(38, 0)",
            R"(["99999999999999999999999999999999999999", "99999999999999999999999999999999999999", "-99999999999999999999999999999999999999"])",
            R"("99999999999999999999999999999999999999")", "DECIMAL(38, 0)"},
        Case{"IntAverageCutsTowardsZero", "avg", "INT", "[-1, -2, null]", "-1", "INT"},
        Case{"TinyintAverageDoesNotWrap", "avg", "TINYINT", "[127, 127, 127]", "127", "TINYINT"},
        Case{"DoubleAverage", "avg", "DOUBLE", "[1, 2]", "1.5", "DOUBLE"},
        Case{"AverageOfNulls", "avg", "DOUBLE", "[null]", "null", "DOUBLE"},
        Case{"DecimalAverageRoundsHalfUp", "avg", "DECIMAL(10, 0)", R"(["1", "1", "0"])", R"("0.666667")",
             "DECIMAL(38, 6)"},
        Case{"DecimalAverageRoundsHalfDown", "avg", "DECIMAL(20, 7)", R"(["-0.0000001", "0.0000000"])",
             R"("-0.0000001")", "DECIMAL(38, 7)"},
        Case{"VarianceOfAll", "var_pop", "DOUBLE", "[1, 2, 3, 4, null]", "1.25", "DOUBLE"},
        Case{"VarianceOfASample", "var_samp", "DOUBLE", "[1, 3]", "2", "DOUBLE"},
        Case{"VarianceOfOne", "var_pop", "DOUBLE", "[7]", "0", "DOUBLE"},
        Case{"VarianceOfASampleOfOne", "var_samp", "DOUBLE", "[7, null]", "null", "DOUBLE"},
        Case{"DeviationOfNulls", "stddev_pop", "DOUBLE", "[null]", "null", "DOUBLE"},
        Case{"DeviationOfAll", "stddev_pop", "FLOAT", "[1, 3]", "1", "FLOAT"},
        Case{"DeviationOfASample", "stddev_samp", "DOUBLE", "[2, 4, 4, 4, 5, 5, 7, 9, 5]", "2", "DOUBLE"},
        Case{"LargeValuesCloseTogetherDoNotCancelOut", "stddev_pop", "DOUBLE", "[1000000000000001, 1000000000000003]", "1", "DOUBLE"},
        Case{"DeviationWithNaN", "stddev_pop", "DOUBLE", "[1, NaN, 3]", "NaN", "DOUBLE"},
        Case{"MinBoolean", "min", "BOOLEAN", "[true, false, null]", "false", "BOOLEAN"},
        Case{"MaxBoolean", "max", "BOOLEAN", "[false, true]", "true", "BOOLEAN"},
        Case{"MinTinyint", "min", "TINYINT", "[127, -128, 0]", "-128", "TINYINT"},
        Case{"MaxBigint", "max", "BIGINT", "[-9223372036854775808, 9223372036854775807]", "9223372036854775807",
             "BIGINT"},
        Case{"MinOfNegativeZero", "min", "DOUBLE", "[0.0, -0.0]", "-0.0", "DOUBLE"},
        Case{"MaxOfNegativeZero", "max", "DOUBLE", "[-0.0, 0.0, -0.0]", "0.0", "DOUBLE"},
        Case{"NaNIsTheLargest", "max", "DOUBLE", "[Inf, NaN, 1]", "NaN", "DOUBLE"},
        Case{"NaNIsNotTheSmallest", "min", "FLOAT", "[NaN, -Inf, 1]", "-Inf", "FLOAT"},
        Case{"MinString", "min", "STRING", R"(["b", "", "a", null])", R"("")", "STRING"},
        Case{"MaxStringGrows", "max", "STRING", R"(["a", "ab", "abc", "abcdefgh", "b", "ä"])", R"("ä")", "STRING"},
        Case{"MaxOfNullStrings", "max", "STRING", "[null, null]", "null", "STRING"},
        Case{"MinBytes", "min", "BYTES", R"(["zz", "za"])", R"("za")", "BYTES"},
        Case{"MinDate", "min", "DATE", "[3, -7]", "-7", "DATE"},
        Case{"MaxTime", "max", "TIME(3)", "[3, 86399999]", "86399999", "TIME(3)"},
        Case{"MaxTimestamp", "max", "TIMESTAMP_LTZ(3)", "[-5, 17]", "17", "TIMESTAMP_LTZ(3)"},
        Case{"MinDecimal", "min", "DECIMAL(38, 1)", R"(["-9999999999999999999999999999999999999.9", "0.0"])",
             R"("-9999999999999999999999999999999999999.9")", "DECIMAL(38, 1)"}),
    [](const auto& info) { return info.param.name; });

TEST(AggregateLayout, RefusesDamagedBytes) {
  auto schema = ArrowSchema({{"x", "STRING"}});
  AggregateLayout layout = Must(AggregateLayout::Make(OneAggregate("max", "x"), *schema));
  AggregateTable table(&layout);
  std::string_view key;
  uint64_t hash = HashKeyBytes(key);
  uint32_t group = 0;
  table.FindOrInsert({&key, 1}, {&hash, 1}, {&group, 1});
  for (std::string_view bad : {std::string_view(""), std::string_view("\2\0\0\0\0", 5), std::string_view("\1\0\0", 3),
                               std::string_view("\1\5\0\0\0ab", 7), std::string_view("\1\0\0\0\0x", 6)}) {
    EXPECT_EQ(layout.Merge(bad, group, table.cells()).code(), absl::StatusCode::kDataLoss);
  }
}

TEST(AggregateLayout, RefusesWhatAFunctionDoesNotTake) {
  auto schema = ArrowSchema({{"s", "STRING"}, {"a", "ARRAY<INT>"}});
  EXPECT_EQ(AggregateLayout::Make(OneAggregate("sum", "s"), *schema).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(AggregateLayout::Make(OneAggregate("min", "a"), *schema).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(AggregateLayout::Make(OneAggregate("sum", ""), *schema).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(AggregateLayout::Make(OneAggregate("median", "s"), *schema).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace millrace
