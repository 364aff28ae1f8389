#include "base/expression/function_registry.h"

#include <gtest/gtest.h>

#include <vector>

#include "arrow/type.h"

namespace millrace {
namespace {

std::vector<DataType> Types(const std::vector<std::string>& sql) {
  std::vector<DataType> types;
  for (const std::string& one : sql) types.push_back(*ParseDataType(one));
  return types;
}

// The result's SQL type, or the message.
std::string Scalar(const std::string& name, const std::vector<std::string>& args) {
  absl::StatusOr<DataType> type = ScalarResultType(name, Types(args));
  if (!type.ok()) return std::string(type.status().message());
  EXPECT_EQ(ParseDataType(type->sql)->arrow->Equals(*type->arrow), true) << "spelling and Arrow type differ";
  EXPECT_EQ(ParseDataType(type->sql)->nullable, type->nullable);
  return type->sql;
}

TEST(FunctionRegistry, ScalarResultsAreFlinks) {
  struct Row {
    const char* name;
    std::vector<std::string> args;
    const char* result;
  };
  const Row table[] = {
      {"equal", {"INT", "BIGINT NOT NULL"}, "BOOLEAN"},
      {"equal", {"INT NOT NULL", "DECIMAL(5, 2) NOT NULL"}, "BOOLEAN NOT NULL"},
      {"not_equal", {"BOOLEAN", "BOOLEAN"}, "BOOLEAN"},
      {"less", {"STRING", "CHAR(3)"}, "BOOLEAN"},
      {"greater_equal", {"TIMESTAMP(3)", "TIMESTAMP(6)"}, "BOOLEAN"},
      {"and", {"BOOLEAN NOT NULL", "BOOLEAN NOT NULL", "BOOLEAN"}, "BOOLEAN"},
      {"not", {"BOOLEAN NOT NULL"}, "BOOLEAN NOT NULL"},
      {"is_null", {"ARRAY<INT>"}, "BOOLEAN NOT NULL"},
      {"plus", {"TINYINT", "INT"}, "INT"},
      {"plus", {"BIGINT NOT NULL", "FLOAT NOT NULL"}, "FLOAT NOT NULL"},
      {"minus", {"FLOAT", "DECIMAL(5, 2)"}, "DOUBLE"},
      {"plus", {"DECIMAL(10, 2)", "DECIMAL(5, 4)"}, "DECIMAL(13, 4)"},
      {"plus", {"DECIMAL(10, 2)", "INT"}, "DECIMAL(13, 2)"},
      {"times", {"DECIMAL(10, 2)", "DECIMAL(5, 4)"}, "DECIMAL(16, 6)"},
      {"times", {"DECIMAL(38, 10)", "DECIMAL(38, 10)"}, "DECIMAL(38, 6)"},
      {"times", {"DECIMAL(19, 2) NOT NULL", "DECIMAL(19, 2) NOT NULL"}, "DECIMAL(38, 4) NOT NULL"},
      {"times", {"DECIMAL(20, 2) NOT NULL", "DECIMAL(19, 2) NOT NULL"}, "DECIMAL(38, 4)"},
      {"divide", {"INT", "SMALLINT"}, "INT"},
      {"divide", {"DECIMAL(10, 2)", "DECIMAL(5, 4)"}, "DECIMAL(20, 8)"},
      {"modulo", {"BIGINT", "INT NOT NULL"}, "INT"},
      {"modulo", {"DECIMAL(10, 2)", "DECIMAL(5, 4)"}, "DECIMAL(5, 4)"},
      {"upper", {"VARCHAR(8) NOT NULL"}, "VARCHAR(8) NOT NULL"},
      {"concat", {"STRING NOT NULL", "STRING"}, "STRING"},
      {"char_length", {"STRING"}, "INT"},
      {"coalesce", {"INT", "BIGINT NOT NULL"}, "BIGINT NOT NULL"},
      {"coalesce", {"CHAR(2)", "CHAR(2)"}, "CHAR(2)"},
      {"coalesce", {"CHAR(2)", "VARCHAR(9) NOT NULL"}, "VARCHAR(9) NOT NULL"},
      {"coalesce", {"TIMESTAMP_LTZ(3)", "TIMESTAMP_LTZ(6)"}, "TIMESTAMP_LTZ(6)"},
      {"coalesce", {"DECIMAL(10, 2)", "DECIMAL(5, 4)", "INT"}, "DECIMAL(14, 4)"},
  };
  for (const Row& row : table) EXPECT_EQ(Scalar(row.name, row.args), row.result) << row.name;
}

TEST(FunctionRegistry, WhatIsTakenOutOfACollectionKeepsItsSpelling) {
  struct Row {
    const char* name;
    const char* collection;
    const char* literal_type;
    const char* literal;
    const char* result;
  };
  const Row table[] = {
      {"get_field", "ROW<a INT, t TIMESTAMP(3)>", "STRING NOT NULL", "t", "TIMESTAMP(3)"},
      {"get_field", "ROW<`an a` VARCHAR(7) NOT NULL> NOT NULL", "STRING NOT NULL", "an a", "VARCHAR(7) NOT NULL"},
      {"get_field", "ROW<r ROW<t TIMESTAMP_LTZ(0) NOT NULL>>", "STRING NOT NULL", "r", "ROW<t TIMESTAMP_LTZ(0) NOT NULL>"},
      {"element_at", "ARRAY<TIMESTAMP(3) NOT NULL>", "INT NOT NULL", "1", "TIMESTAMP(3)"},
      {"element_at", "MAP<CHAR(3), VARCHAR(9)>", "STRING NOT NULL", "abc", "VARCHAR(9)"},
  };
  for (const Row& row : table) {
    v1::Literal literal;
    literal.set_type(row.literal_type);
    literal.set_value(row.literal);
    const CallArgument arguments[] = {{*ParseDataType(row.collection), nullptr},
                                      {*ParseDataType(row.literal_type), &literal}};
    absl::StatusOr<ResolvedCall> call = ResolveCall(row.name, arguments);
    ASSERT_TRUE(call.ok()) << call.status();
    EXPECT_EQ(call->result.sql, row.result) << row.collection;
  }
}

TEST(FunctionRegistry, RefusalsSayWhatIsTaken) {
  EXPECT_EQ(Scalar("uper", {"STRING"}),
            "there is no function 'uper'; did you mean 'upper'?");
  EXPECT_EQ(Scalar("upper", {"INT"}), "function upper takes UPPER(string), not (INT); cast the arguments to what it takes");
  EXPECT_EQ(Scalar("not", {}), "function not takes NOT condition, not (); cast the arguments to what it takes");
  EXPECT_EQ(Scalar("modulo", {"DOUBLE", "INT"}),
            "function modulo takes MOD(exact number, exact number), not (DOUBLE, INT); cast the arguments to what it takes");
  EXPECT_EQ(Scalar("equal", {"TIMESTAMP(3)", "TIMESTAMP_LTZ(3)"}),
            "function equal takes value = value, not (TIMESTAMP(3), TIMESTAMP_LTZ(3)); cast the arguments to what it takes");
  EXPECT_NE(Scalar("less", {"BOOLEAN", "INT"}).find("function less takes"), std::string::npos);
  EXPECT_NE(Scalar("less", {"ROW<a INT>", "ROW<a INT>"}).find("function less takes"), std::string::npos);
  EXPECT_EQ(Scalar("UPPER", {"STRING"}), "function 'UPPER' is called upper in a plan");
  EXPECT_EQ(Scalar("mod", {"INT", "INT"}), "function 'mod' is called modulo in a plan");
}

TEST(FunctionRegistry, ATypeThatWouldBeNestedTooDeepIsRefused) {
  std::string deep = "INT";
  while (ParseDataType("ARRAY<" + deep + ">").ok()) deep = "ARRAY<" + deep + ">";
  EXPECT_NE(Scalar("array", {deep}).find("function array takes"), std::string::npos);
  EXPECT_NE(Scalar("map", {"INT", deep}).find("function map takes"), std::string::npos);
  EXPECT_NE(Scalar("row", {deep}).find("function row takes"), std::string::npos);
}

TEST(FunctionRegistry, NullabilityIsReadFromTheFlagNotTheSpelling) {
  std::vector<DataType> args = Types({"CHAR(2)", "CHAR(3)"});
  args[0].nullable = args[1].nullable = false;
  EXPECT_EQ(ScalarResultType("coalesce", args)->sql, "VARCHAR(3) NOT NULL");
  EXPECT_EQ(AggregateResultType("max", args[0])->sql, "CHAR(2)");
}

std::string Aggregate(const std::string& name, const std::string& argument) {
  std::optional<DataType> type;
  if (!argument.empty()) type = *ParseDataType(argument);
  absl::StatusOr<DataType> result = AggregateResultType(name, type);
  return result.ok() ? result->sql : std::string(result.status().message());
}

TEST(FunctionRegistry, AggregateResultsAreFlinks) {
  EXPECT_EQ(Aggregate("count", ""), "BIGINT NOT NULL");
  EXPECT_EQ(Aggregate("count", "ARRAY<INT>"), "BIGINT NOT NULL");
  EXPECT_EQ(Aggregate("sum", "INT NOT NULL"), "INT");
  EXPECT_EQ(Aggregate("sum", "FLOAT"), "FLOAT");
  EXPECT_EQ(Aggregate("sum", "DECIMAL(10, 2)"), "DECIMAL(38, 2)");
  EXPECT_EQ(Aggregate("avg", "TINYINT"), "TINYINT");
  EXPECT_EQ(Aggregate("avg", "DECIMAL(10, 2)"), "DECIMAL(38, 6)");
  EXPECT_EQ(Aggregate("avg", "DECIMAL(10, 8)"), "DECIMAL(38, 8)");
  EXPECT_EQ(Aggregate("min", "CHAR(3) NOT NULL"), "CHAR(3)");
  EXPECT_EQ(Aggregate("max", "TIMESTAMP_LTZ(3) NOT NULL"), "TIMESTAMP_LTZ(3)");
  EXPECT_EQ(Aggregate("var_samp", "DOUBLE NOT NULL"), "DOUBLE");
  EXPECT_EQ(Aggregate("stddev_pop", "FLOAT"), "FLOAT");
  EXPECT_EQ(Aggregate("stddev_pop", "INT"), "aggregate stddev_pop takes a FLOAT or DOUBLE, not INT; cast the column in a project first");
  EXPECT_EQ(Aggregate("cuont", ""), "there is no aggregate 'cuont'; did you mean 'count'?");
  EXPECT_EQ(Aggregate("median", ""), "there is no aggregate 'median'; known: count, sum, min, max, avg, stddev_pop, stddev_samp, var_pop, var_samp");
  EXPECT_EQ(Aggregate("sum", ""), "aggregate sum needs a column; only count can do without");
  EXPECT_EQ(Aggregate("sum", "STRING"), "aggregate sum takes a number, not STRING; cast the column in a project first");
  EXPECT_EQ(Aggregate("max", "ARRAY<INT>"), "aggregate max does not take ARRAY<INT>; use a column that has an order");
}

std::string Cast(const std::string& from, const std::string& to) {
  absl::StatusOr<DataType> result = CastResultType(*ParseDataType(from), *ParseDataType(to));
  return result.ok() ? result->sql : std::string(result.status().message());
}

TEST(FunctionRegistry, CastsKeepTheOperandsNullability) {
  EXPECT_EQ(Cast("STRING", "INT"), "INT");
  EXPECT_EQ(Cast("STRING NOT NULL", "INT"), "INT NOT NULL");
  EXPECT_EQ(Cast("TIMESTAMP(3)", "DATE"), "DATE");
  EXPECT_EQ(Cast("STRING", "INT NOT NULL"),
            "cannot cast STRING to INT NOT NULL, because the operand may be NULL; use coalesce around it");
  EXPECT_EQ(Cast("BIGINT", "TIMESTAMP(3)"), "cannot cast BIGINT to TIMESTAMP(3); docs/plan.md lists what can be cast");
  EXPECT_EQ(Cast("ARRAY<INT>", "STRING"), "cannot cast ARRAY<INT> to STRING; docs/plan.md lists what can be cast");
}

}  // namespace
}  // namespace millrace
