#include "base/data_type.h"

#include <gtest/gtest.h>

#include "arrow/type.h"
#include "arrow/util/key_value_metadata.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {
namespace {

struct Spelling {
  const char* written;
  const char* canonical;
  const char* arrow;
};

TEST(DataType, EverySpellingHasOneCanonicalFormAndOneArrowType) {
  const Spelling table[] = {
      {"boolean", "BOOLEAN", "bool"},
      {"TINYINT NOT NULL", "TINYINT NOT NULL", "int8"},
      {"SMALLINT NULL", "SMALLINT", "int16"},
      {"INTEGER", "INT", "int32"},
      {"  bigint  not   null ", "BIGINT NOT NULL", "int64"},
      {"FLOAT", "FLOAT", "float"},
      {"DOUBLE PRECISION", "DOUBLE", "double"},
      {"DECIMAL", "DECIMAL(10, 0)", "decimal128(10, 0)"},
      {"NUMERIC(38,38)", "DECIMAL(38, 38)", "decimal128(38, 38)"},
      {"CHAR(3)", "CHAR(3)", "string"},
      {"VARCHAR(2147483647)", "STRING", "string"},
      {"STRING", "STRING", "string"},
      {"VARBINARY(9)", "VARBINARY(9)", "binary"},
      {"BYTES", "BYTES", "binary"},
      {"DATE", "DATE", "date32[day]"},
      {"TIME", "TIME(0)", "time32[ms]"},
      {"TIME(3)", "TIME(3)", "time32[ms]"},
      {"TIMESTAMP", "TIMESTAMP(6)", "timestamp[us]"},
      {"TIMESTAMP(3) WITHOUT TIME ZONE", "TIMESTAMP(3)", "timestamp[us]"},
      {"TIMESTAMP(3) WITH LOCAL TIME ZONE NOT NULL", "TIMESTAMP_LTZ(3) NOT NULL", "timestamp[us, tz=UTC]"},
      {"TIMESTAMP_LTZ", "TIMESTAMP_LTZ(6)", "timestamp[us, tz=UTC]"},
      {"CHAR(0) NOT NULL", "CHAR(0) NOT NULL", "string"},
      {"ARRAY<INT NOT NULL>", "ARRAY<INT NOT NULL>", "list<item: int32 not null>"},
      {"MAP<STRING,BIGINT>", "MAP<STRING, BIGINT>", "map<string, int64>"},
      {"interval year(4) to month", "INTERVAL YEAR TO MONTH", "month_interval"},
      {"INTERVAL MONTH NOT NULL", "INTERVAL YEAR TO MONTH NOT NULL", "month_interval"},
      {"INTERVAL DAY(3) TO SECOND(3)", "INTERVAL DAY TO SECOND(3)", "duration[ms]"},
      {"INTERVAL HOUR TO MINUTE", "INTERVAL DAY TO SECOND(3)", "duration[ms]"},
      {"ROW(a INT, `b c` ROW<d STRING>)", "ROW<a INT, `b c` ROW<d STRING>>", "struct<a: int32, b c: struct<d: string>>"},
  };
  for (const Spelling& row : table) {
    absl::StatusOr<DataType> type = ParseDataType(row.written);
    ASSERT_TRUE(type.ok()) << type.status();
    EXPECT_EQ(type->sql, row.canonical);
    const std::string arrow = type->arrow->ToString();
    EXPECT_EQ(arrow, row.arrow);
    absl::StatusOr<DataType> again = ParseDataType(type->sql);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->sql, type->sql);
    EXPECT_TRUE(again->arrow->Equals(*type->arrow));
    EXPECT_EQ(again->nullable, type->nullable);
    EXPECT_EQ(again->precision, type->precision);
  }
}

TEST(DataType, AnErrorNamesTheOffendingPart) {
  const std::pair<const char*, const char*> table[] = {
      {"", "type '': expected the name of a type, found the end"},
      {"TIMSTAMP(3)", "type 'TIMSTAMP(3)': there is no type 'TIMSTAMP'; did you mean 'TIMESTAMP'?"},
      {"TIMESTAMP(9)", "type 'TIMESTAMP(9)': the precision of TIMESTAMP is 9; use 0 to 6"},
      {"TIME(6)", "type 'TIME(6)': the precision of TIME is 6; use 0 to 3"},
      {"DECIMAL(39, 2)", "type 'DECIMAL(39, 2)': the precision of DECIMAL is 39; use 1 to 38"},
      {"DECIMAL(4, 5)", "type 'DECIMAL(4, 5)': the scale of DECIMAL is 5; use 0 to 4"},
      {"DECIMAL(x)", "type 'DECIMAL(x)': expected a whole number for the precision, found 'x'"},
      {"INT NOT", "type 'INT NOT': expected NULL behind NOT, found the end"},
      {"INT UNSIGNED", "type 'INT UNSIGNED': unexpected 'UNSIGNED' behind INT"},
      {"ARRAY<INT", "type 'ARRAY<INT': expected '>' behind the element type of ARRAY, found the end"},
      {"INTERVAL WEEK",
       "type 'INTERVAL WEEK': expected YEAR TO MONTH or DAY TO SECOND(3) behind INTERVAL, found 'WEEK'"},
      {"INTERVAL YEAR TO DAY", "type 'INTERVAL YEAR TO DAY': expected MONTH behind TO, found 'DAY'"},
      {"MAP<INT>", "type 'MAP<INT>': expected ',' behind the key type of MAP, found '>'"},
      {"ROW<a INT, a INT>", "type 'ROW<a INT, a INT>': ROW has two fields named 'a'; rename one"},
      {"ROW<`a INT>", "type 'ROW<`a INT>': the back tick in front of 'a INT>' is never closed"},
      {"TIMESTAMP(3) WITH TIME ZONE",
       "type 'TIMESTAMP(3) WITH TIME ZONE': TIMESTAMP WITH TIME ZONE is not supported; use TIMESTAMP_LTZ(3)"},
  };
  for (const auto& [written, message] : table) {
    absl::StatusOr<DataType> type = ParseDataType(written);
    ASSERT_FALSE(type.ok()) << written;
    EXPECT_EQ(type.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(type.status().message(), message);
  }
}

TEST(DataType, NestingIsBounded) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "ARRAY<";
  EXPECT_FALSE(ParseDataType(deep).ok());
}

TEST(DataType, ArrowTypesSpellThemselves) {
  EXPECT_EQ(SqlTypeOf(*arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), false, 3), "TIMESTAMP_LTZ(3) NOT NULL");
  EXPECT_EQ(SqlTypeOf(*arrow::timestamp(arrow::TimeUnit::MICRO), true), "TIMESTAMP(6)");
  for (const char* sql : {"ARRAY<INT NOT NULL>", "MAP<STRING, DOUBLE NOT NULL>", "ROW<a DECIMAL(5, 2), b ROW<c DATE>>", "BYTES",
                          "ROW<`a b` INT, `x``y` ROW<`,` STRING NOT NULL>, `` DATE>"}) {
    absl::StatusOr<DataType> type = ParseDataType(sql);
    ASSERT_TRUE(type.ok()) << type.status();
    EXPECT_EQ(SqlTypeOf(*type->arrow, true), sql);
  }
}

TEST(DataType, AFieldKeepsItsSpelling) {
  v1::Column column;
  column.set_name("at");
  column.set_type("timestamp_ltz(3) not null");
  auto field = FieldOf(column);
  ASSERT_TRUE(field.ok()) << field.status();
  EXPECT_FALSE((*field)->nullable());
  EXPECT_EQ((*field)->metadata()->Get("millrace.sql_type").ValueOrDie(), "TIMESTAMP_LTZ(3) NOT NULL");
}

TEST(DataType, ASchemaRefusesTwoColumnsOfOneName) {
  google::protobuf::RepeatedPtrField<v1::Column> columns;
  for (int i = 0; i < 2; ++i) {
    columns.Add()->set_name("a");
    columns.rbegin()->set_type("INT");
  }
  EXPECT_EQ(SchemaOf(columns).status().message(), "two columns are named 'a'; rename one");
  columns.RemoveLast();
  EXPECT_EQ((*SchemaOf(columns))->num_fields(), 1);
  columns.rbegin()->set_type("INTT");
  EXPECT_EQ(SchemaOf(columns).status().message(), "column 'a': type 'INTT': there is no type 'INTT'; did you mean 'INT'?");
}

}  // namespace
}  // namespace millrace
