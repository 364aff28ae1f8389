#include "connectors/delta/delta_stats.h"

#include <limits>

#include "connectors/delta/delta_text.h"
#include "tests/connectors/delta/delta_test_support.h"

namespace millrace {
namespace {

std::string StatsOf(const arrow::FieldVector& fields, const std::string& rows) {
  auto schema = arrow::schema(fields);
  return DeltaStats(*arrow::Table::FromRecordBatches(schema, {BatchOf(schema, rows)}).ValueOrDie());
}

TEST(DeltaStats, NumbersDatesTimestampsAndStringsHaveBounds) {
  EXPECT_EQ(StatsOf({arrow::field("n", arrow::int64()), arrow::field("day", arrow::date32()),
                     arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                     arrow::field("local", arrow::timestamp(arrow::TimeUnit::MICRO)), arrow::field("s", arrow::utf8()),
                     arrow::field("d", arrow::float64())},
                    R"([[3, 0, 1999999, -1, "b\"", 1.5], [null, 1, 1500, -1000, "a", -0.25]])"),
            R"({"numRecords":2,"minValues":{"n":3,"day":"1970-01-01","at":"1970-01-01T00:00:00.001Z",)"
            R"("local":"1969-12-31T23:59:59.999","s":"a","d":-0.25},)"
            R"("maxValues":{"n":3,"day":"1970-01-02","at":"1970-01-01T00:00:01.999Z",)"
            R"("local":"1969-12-31T23:59:59.999","s":"b\"","d":1.5},)"
            R"("nullCount":{"n":1,"day":0,"at":0,"local":0,"s":0,"d":0},"tightBounds":true})");
}

TEST(DeltaStats, BooleansBinariesListsAndMapsHaveNullCountsOnly) {
  EXPECT_EQ(
      StatsOf({arrow::field("b", arrow::boolean()), arrow::field("bin", arrow::binary()),
               arrow::field("list", arrow::list(arrow::int64())),
               arrow::field("map", arrow::map(arrow::utf8(), arrow::int64()))},
              R"([[true, "x", [1], [["k", 1]]], [null, null, null, null]])"),
      R"({"numRecords":2,"minValues":{},"maxValues":{},"nullCount":{"b":1,"bin":1,"list":1,"map":1},"tightBounds":true})");
}

TEST(DeltaStats, MembersOfAStructNestAndInheritItsNulls) {
  EXPECT_EQ(
      StatsOf({arrow::field("row",
                            arrow::struct_({arrow::field("x", arrow::int32()), arrow::field("b", arrow::boolean())}))},
              R"([[[5, true]], [null], [[null, false]]])"),
      R"({"numRecords":3,"minValues":{"row":{"x":5}},"maxValues":{"row":{"x":5}},"nullCount":{"row":{"x":2,"b":1}},"tightBounds":true})");
}

TEST(DeltaStats, NotANumberAndAllNullOmitBounds) {
  auto schema = arrow::schema({arrow::field("d", arrow::float64()), arrow::field("n", arrow::int64())});
  arrow::DoubleBuilder d;
  ASSERT_TRUE(d.AppendValues({1.0, std::numeric_limits<double>::quiet_NaN()}).ok());
  arrow::Int64Builder n;
  ASSERT_TRUE(n.AppendNulls(2).ok());
  auto table = arrow::Table::Make(schema, arrow::ArrayVector{d.Finish().ValueOrDie(), n.Finish().ValueOrDie()});
  EXPECT_EQ(DeltaStats(*table),
            R"({"numRecords":2,"minValues":{},"maxValues":{},"nullCount":{"d":0,"n":2},"tightBounds":true})");
}

TEST(DeltaStats, DecimalsAreBareDigitsWithoutAnExponent) {
  EXPECT_EQ(
      StatsOf({arrow::field("dec", arrow::decimal128(20, 10))}, R"([["-0.0000000001"], ["123456789.5000000000"]])"),
      R"({"numRecords":2,"minValues":{"dec":-0.0000000001},"maxValues":{"dec":123456789.5000000000},)"
      R"("nullCount":{"dec":0},"tightBounds":true})");
}

TEST(DeltaStats, OnlyTheFirst32LeavesAreCovered) {
  arrow::FieldVector fields;
  std::string row;
  for (int i = 0; i < 40; ++i) {
    fields.push_back(arrow::field(Cat("c", i), arrow::int64()));
    row += Cat(i == 0 ? "" : ",", i);
  }
  std::string stats = StatsOf(fields, Cat("[[", row, "]]"));
  EXPECT_NE(stats.find("\"c31\":0"), std::string::npos);
  EXPECT_EQ(stats.find("\"c32\""), std::string::npos);
}

TEST(DeltaStats, LongStringsAreCutToBoundsThatStillBound) {
  const std::string highest = "\xf4\x8f\xbf\xbf";
  std::string ascii(40, 'x');
  EXPECT_EQ(DeltaStringLowerBound(ascii), std::string(32, 'x'));
  EXPECT_EQ(DeltaStringUpperBound(ascii), std::string(32, 'x') + "\x7f");
  std::string umlauts;
  for (int i = 0; i < 40; ++i) umlauts += "\xc3\xa4";
  EXPECT_EQ(DeltaStringLowerBound(umlauts).size(), 64u);
  EXPECT_EQ(DeltaStringUpperBound(umlauts), umlauts.substr(0, 64) + highest);
  // DEL is the tie-breaker's own character: it takes the higher one.
  std::string del = std::string(32, 'x') + "\x7f\x7f";
  EXPECT_GT(DeltaStringUpperBound(del), del);
  // Dropped characters that nothing sorts after lengthen the prefix.
  std::string high = std::string(32, 'x') + highest + "yz";
  EXPECT_EQ(DeltaStringUpperBound(high), std::string(32, 'x') + highest + "\x7f");
  std::string all;
  for (int i = 0; i < 80; ++i) all += highest;
  EXPECT_EQ(DeltaStringUpperBound(all), "");
  EXPECT_EQ(DeltaStringUpperBound("short"), "short");
}

TEST(DeltaText, PartitionValuesAreSpelledAsTheProtocolSays) {
  EXPECT_EQ(DeltaDate(-1), "1969-12-31");
  EXPECT_EQ(DeltaPartitionTimestamp(123456, true), "1970-01-01T00:00:00.123456Z");
  EXPECT_EQ(DeltaPartitionTimestamp(-1, false), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(DeltaStatsTimestamp(-1, true), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(DeltaDecimal(arrow::Decimal128(-5), 3), "-0.005");
  EXPECT_EQ(DeltaDecimal(arrow::Decimal128(12345), 2), "123.45");
  EXPECT_EQ(DeltaDecimal(arrow::Decimal128(7), 0), "7");
}

}  // namespace
}  // namespace millrace
