#include "coordinator/plan/expression_types.h"

#include <gtest/gtest.h>

#include "base/data_type.h"

namespace millrace {
namespace {

bool IsLiteral(const char* type, const char* value) { return CheckLiteral(*ParseDataType(type), value).ok(); }

TEST(Literals, AreSqlText) {
  const std::pair<const char*, const char*> good[] = {
      {"BOOLEAN", "true"}, {"BOOLEAN", "FALSE"}, {"TINYINT", "-128"}, {"BIGINT", "9223372036854775807"}, {"DOUBLE", "1.5e3"},
      {"FLOAT", "-2"}, {"DECIMAL(4, 2)", "12.34"}, {"DECIMAL(4, 2)", "-1"}, {"STRING", ""}, {"CHAR(3)", "abc"},
      {"DATE", "2026-11-21"}, {"TIME(3)", "10:00:00.000"}, {"TIMESTAMP(3)", "2026-11-21 10:00:00.123"},
      {"TIMESTAMP_LTZ(3)", "2026-11-21 10:00:00"}, {"TIMESTAMP_LTZ(6)", "2026-11-21 10:00:00.123456"},
      {"BYTES", "00ff"}, {"BINARY(1)", "7f"}, {"INTERVAL YEAR TO MONTH", "-14"}, {"INTERVAL DAY TO SECOND(3)", "1500"}};
  for (const auto& [type, value] : good) EXPECT_TRUE(IsLiteral(type, value)) << type << " " << value;
  const std::pair<const char*, const char*> bad[] = {
      {"BOOLEAN", "1"}, {"TINYINT", "128"}, {"INT", "1.0"}, {"INT", ""}, {"BIGINT", "9223372036854775808"}, {"DOUBLE", "much"},
      {"DECIMAL(4, 2)", "1.234"}, {"DECIMAL(4, 2)", "123.4"}, {"DATE", "21.11.2026"}, {"DATE", "2026-02-30"},
      {"TIME(3)", "25:00:00"}, {"TIMESTAMP(3)", "tomorrow"}, {"TIMESTAMP(3)", "2026-11-21 10:00:00.123456"},
      {"INTERVAL YEAR TO MONTH", "1-2"}, {"INTERVAL YEAR TO MONTH", "2147483648"}, {"INTERVAL DAY TO SECOND(3)", "1 00:00:00"},
      {"BYTES", "0g"}, {"BYTES", "0"}, {"BYTES", "FF"}, {"ARRAY<INT>", "[1]"}};
  for (const auto& [type, value] : bad) EXPECT_FALSE(IsLiteral(type, value)) << type << " " << value;
}

std::string TypeText(const v1::Expression& expression) {
  Diagnostics diagnostics;
  Relation input;
  input.columns.push_back({"a", *ParseDataType("INT"), false});
  std::optional<DataType> type = TypeOfExpression(expression, input, "e", diagnostics);
  if (type) return type->sql;
  return diagnostics.list().empty() ? "silence" : diagnostics.list()[0].field() + ": " + diagnostics.list()[0].message();
}

TEST(Literals, AreNullableOnlyWithoutAValue) {
  v1::Expression expression;
  expression.mutable_literal()->set_type("INT");
  EXPECT_EQ(TypeText(expression), "INT");
  expression.mutable_literal()->set_value("7");
  EXPECT_EQ(TypeText(expression), "INT NOT NULL");
  expression.mutable_literal()->set_type("INT NOT NULL");
  EXPECT_EQ(TypeText(expression), "INT NOT NULL");
  expression.mutable_literal()->clear_value();
  EXPECT_EQ(TypeText(expression),
            "e.literal.value: a literal without a value is NULL, but its type is INT NOT NULL; give it a value");
}

TEST(Expressions, CoalesceWithAConstantTakesNullAway) {
  v1::Expression expression;
  expression.mutable_call()->set_function("coalesce");
  expression.mutable_call()->add_args()->set_column("a");
  expression.mutable_call()->add_args()->mutable_literal()->set_type("BIGINT");
  expression.mutable_call()->mutable_args(1)->mutable_literal()->set_value("0");
  EXPECT_EQ(TypeText(expression), "BIGINT NOT NULL");
}

TEST(Expressions, AreNestedAtMostTwentyFourDeep) {
  v1::Expression expression;
  expression.set_column("a");
  for (int depth = 1; depth < 24; ++depth) {
    v1::Expression outer;
    outer.mutable_cast()->set_type("INT");
    *outer.mutable_cast()->mutable_operand() = expression;
    expression = outer;
  }
  EXPECT_EQ(TypeText(expression), "INT");
  v1::Expression deeper;
  deeper.mutable_call()->set_function("is_null");
  *deeper.mutable_call()->add_args() = expression;
  EXPECT_EQ(TypeText(deeper),
            "e: the expression is nested more than 24 deep; compute a part of it in a project before this node");
}

}  // namespace
}  // namespace millrace
