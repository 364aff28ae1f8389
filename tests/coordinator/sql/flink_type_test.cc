#include "coordinator/sql/flink_type.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "arrow/type.h"
#include "base/error.h"
#include "base/random.h"
#include "coordinator/sql/create_table.h"
#include "coordinator/sql/parser.h"

namespace millrace::sql {
namespace {

std::string Spelled(const std::string& type) { return FlinkTypeOf(*ParseDataType(type)); }

// As the recorded answers of Flink have them, tests/oracle/flink/answers.
TEST(FlinkType, IsSpelledAsFlinkPrintsIt) {
  EXPECT_EQ(Spelled("INT NOT NULL"), "INT");
  EXPECT_EQ(Spelled("STRING"), "VARCHAR(2147483647)");
  EXPECT_EQ(Spelled("BYTES"), "VARBINARY(2147483647)");
  EXPECT_EQ(Spelled("CHAR(3)"), "CHAR(3)");
  EXPECT_EQ(Spelled("DECIMAL(38, 18) NOT NULL"), "DECIMAL(38, 18)");
  EXPECT_EQ(Spelled("TIME"), "TIME(0)");
  EXPECT_EQ(Spelled("TIMESTAMP(3)"), "TIMESTAMP(3)");
  EXPECT_EQ(Spelled("TIMESTAMP_LTZ(3) NOT NULL"), "TIMESTAMP(3) WITH LOCAL TIME ZONE");
}

TEST(FlinkType, SpellsWhatIsInside) {
  EXPECT_EQ(Spelled("ARRAY<STRING NOT NULL>"), "ARRAY<VARCHAR(2147483647) NOT NULL>");
  EXPECT_EQ(Spelled("MAP<CHAR(1) NOT NULL, INT NOT NULL> NOT NULL"), "MAP<CHAR(1) NOT NULL, INT NOT NULL>");
  EXPECT_EQ(Spelled("ROW<a INT NOT NULL, `b c` STRING>"), "ROW<`a` INT NOT NULL, `b c` VARCHAR(2147483647)>");
  EXPECT_EQ(Spelled("ROW<`a``, b` ARRAY<ROW<x TIMESTAMP_LTZ(0)>>> NOT NULL"),
            "ROW<`a``, b` ARRAY<ROW<`x` TIMESTAMP(0) WITH LOCAL TIME ZONE>>>");
}

std::string NameFrom(Random& random) {
  static const char* const kNames[] = {"a", "Order", "select", "a b", "1",    "x`y", "`",    "NULL",
                                       "ü", "a,b",   "c>",     "ROW<", "''", "\"q\"", "_"};
  std::string name = kNames[random.Below(std::size(kNames))];
  if (random.Chance(0.3)) name += kNames[random.Below(std::size(kNames))];
  return name;
}

// A type as a script writes it.
std::string TypeFrom(Random& random, int depth) {
  static const char* const kPlain[] = {"BOOLEAN",       "TINYINT",        "SMALLINT",     "INT",   "BIGINT",
                                       "FLOAT",         "DOUBLE",         "STRING",       "BYTES", "DATE",
                                       "DECIMAL(5, 2)", "DECIMAL(38, 0)", "TIMESTAMP(6)", "TIMESTAMP_LTZ(6)"};
  const std::string null = random.Chance(0.3) ? " NOT NULL" : "";
  const uint64_t kind = depth > 3 ? 3 : random.Below(5);
  if (kind == 0) return Cat("ARRAY<", TypeFrom(random, depth + 1), ">", null);
  const std::string plain = kPlain[random.Below(std::size(kPlain))];
  if (kind == 1) return Cat("MAP<", plain, ", ", TypeFrom(random, depth + 1), ">", null);
  if (kind > 2) return Cat(plain, null);
  std::string fields;
  std::set<std::string> names;
  for (uint64_t i = 0; i < 1 + random.Below(4); ++i) {
    const std::string name = NameFrom(random);
    if (!names.insert(name).second) continue;
    std::string quoted;
    for (const char c : name) quoted.append(c == '`' ? 2 : 1, c);
    fields += Cat(fields.empty() ? "" : ", ", "`", quoted, "` ", TypeFrom(random, depth + 1));
  }
  return Cat("ROW<", fields, ">", null);
}

// What is printed is read again, as the same type: by a plan, and by a script. MILLRACE_SEED repeats a run.
TEST(FlinkType, WhatIsPrintedIsReadAgain) {
  const char* given = std::getenv("MILLRACE_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 20261121;
  SCOPED_TRACE(Cat("MILLRACE_SEED=", seed));
  Random random(seed);
  for (int i = 0; i < 500; ++i) {
    const std::string text = TypeFrom(random, 0);
    const absl::StatusOr<DataType> type = ParseDataType(text);
    ASSERT_TRUE(type.ok()) << text << "\n" << type.status();
    const std::string spelled = SqlTypeOf(*type->arrow, type->nullable);
    const absl::StatusOr<DataType> again = ParseDataType(spelled);
    ASSERT_TRUE(again.ok()) << spelled << "\n" << again.status();
    EXPECT_TRUE(again->arrow->Equals(*type->arrow)) << text << "\n" << spelled;
    EXPECT_EQ(again->nullable, type->nullable);

    const std::string script = Cat("CREATE TABLE t (c ", SqlTextOf(*type), ")");
    const ParseResult parsed = Parse(script);
    ASSERT_TRUE(parsed.diagnostics.empty()) << RenderDiagnostics(parsed.diagnostics, script);
    std::vector<Diagnostic> diagnostics;
    const Table table = DeclareTable(std::get<CreateTable>(parsed.script.statements[0].node), {}, {}, diagnostics);
    ASSERT_TRUE(diagnostics.empty()) << RenderDiagnostics(diagnostics, script);
    EXPECT_TRUE(table.columns[0].type.arrow->Equals(*type->arrow)) << script;
    EXPECT_EQ(table.columns[0].type.sql, type->sql);
  }
}

}  // namespace
}  // namespace millrace::sql
