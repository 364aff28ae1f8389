#include "connectors/delta/delta_schema.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<arrow::Schema> EveryType() {
  return arrow::schema({
      arrow::field("b", arrow::boolean(), false),
      arrow::field("i8", arrow::int8()),
      arrow::field("i16", arrow::int16()),
      arrow::field("i32", arrow::int32()),
      arrow::field("i64", arrow::int64()),
      arrow::field("f", arrow::float32()),
      arrow::field("d", arrow::float64()),
      arrow::field("dec", arrow::decimal128(38, 10)),
      arrow::field("s", arrow::utf8()),
      arrow::field("bin", arrow::binary()),
      arrow::field("day", arrow::date32()),
      arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
      arrow::field("local", arrow::timestamp(arrow::TimeUnit::MICRO)),
      arrow::field("list", arrow::list(arrow::field("element", arrow::int32(), false))),
      arrow::field("map", arrow::map(arrow::utf8(), arrow::field("value", arrow::int64(), false))),
      arrow::field("row", arrow::struct_({arrow::field("x", arrow::int32(), false),
                                          arrow::field("ys", arrow::list(arrow::field("element", arrow::utf8())))})),
  });
}

TEST(DeltaSchema, EveryTypeComesBackAsItWas) {
  auto schema = EveryType();
  auto text = DeltaSchemaString(*schema);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, HasSubstr(R"json({"name":"dec","type":"decimal(38,10)","nullable":true,"metadata":{}})json"));
  EXPECT_THAT(*text, HasSubstr(R"({"name":"local","type":"timestamp_ntz")"));
  EXPECT_THAT(*text, HasSubstr(R"("type":{"type":"array","elementType":"integer","containsNull":false})"));
  auto back = ParseDeltaSchema(*text);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_TRUE((*back)->Equals(*schema)) << (*back)->ToString();
}

TEST(DeltaSchema, ATypeThatDeltaLacksIsRefusedByColumn) {
  auto text = DeltaSchemaString(*arrow::schema({arrow::field("clock", arrow::time32(arrow::TimeUnit::MILLI))}));
  EXPECT_EQ(text.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(text.status().message()), HasSubstr("column clock"));
  EXPECT_FALSE(
      DeltaSchemaString(*arrow::schema({arrow::field("at", arrow::timestamp(arrow::TimeUnit::NANO, "UTC"))})).ok());
}

TEST(DeltaSchema, OnlyTimestampsWithoutZoneNeedTheFeature) {
  EXPECT_TRUE(HasTimestampNtz(*EveryType()));
  EXPECT_FALSE(HasTimestampNtz(*arrow::schema({arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"))})));
  EXPECT_TRUE(
      HasTimestampNtz(*arrow::schema({arrow::field("list", arrow::list(arrow::timestamp(arrow::TimeUnit::MICRO)))})));
}

TEST(DeltaSchema, MismatchesAreListedColumnByColumn) {
  auto rows = arrow::schema({arrow::field("id", arrow::int64()), arrow::field("n", arrow::int32()),
                             arrow::field("extra", arrow::utf8()), arrow::field("same", arrow::utf8(), false)});
  auto table = arrow::schema({arrow::field("id", arrow::int64(), false), arrow::field("n", arrow::int64()),
                              arrow::field("must", arrow::utf8(), false), arrow::field("same", arrow::utf8()),
                              arrow::field("may", arrow::utf8())});
  absl::Status status = CheckRowsFitTable(*rows, {"id"}, *table, {});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "the pipeline's rows do not fit the table; change the plan, or use another table:\n"
            "  column id: the pipeline writes long, the table has long not null\n"
            "  column n: the pipeline writes integer, the table has long\n"
            "  column extra: the pipeline writes string, the table has no such column\n"
            "  column must: the table requires string not null, the pipeline does not write it\n"
            "  partitioning: the pipeline has (id), the table has ()");
  EXPECT_TRUE(CheckRowsFitTable(*table, {"id"}, *table, {"id"}).ok());
}

TEST(DeltaSchema, AnInvariantOfTheTableIsRefused) {
  auto schema = ParseDeltaSchema(
      R"({"type":"struct","fields":[{"name":"n","type":"long","nullable":true,"metadata":{"delta.invariants":"n > 3"}}]})");
  EXPECT_EQ(schema.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(DeltaSchema, NamesAndPartitionColumnsAreValidated) {
  auto schema = arrow::schema({arrow::field("a b", arrow::int64()), arrow::field("n", arrow::int64()),
                               arrow::field("N", arrow::int64()), arrow::field("d", arrow::float64())});
  EXPECT_THAT(ValidateDeltaColumns(*schema, {"d", "gone"}),
              ElementsAre(HasSubstr("column a b: Delta forbids"), HasSubstr("column N: another column"),
                          HasSubstr("partition column d: its type is double"), HasSubstr("partition column gone")));
  auto good = arrow::schema({arrow::field("n", arrow::int64())});
  EXPECT_THAT(ValidateDeltaColumns(*good, {}), ElementsAre());
  EXPECT_THAT(ValidateDeltaColumns(*good, {"n"}), ElementsAre(HasSubstr("every column is a partition column")));
}

}  // namespace
}  // namespace millrace
