#include <gtest/gtest.h>

#include "coordinator/sql/parser.h"
#include "coordinator/sql/unparser.h"

namespace millrace::sql {
namespace {

std::string Repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

bool Parses(const std::string& sql) { return Parse(sql).diagnostics.empty(); }

bool IsTooDeep(const std::string& sql) {
  const ParseResult result = Parse(sql);
  return result.diagnostics.size() == 1 && result.diagnostics[0].message.starts_with("this is nested too deeply");
}

TEST(Limits, NestingIsBoundedAndNoStackOverflows) {
  struct Kind {
    const char* open;
    const char* middle;
    const char* close;
    int fine;
  };
  const Kind kinds[] = {{"(", "1", ")", 150},       {"f(", "1", ")", 100},
                        {"- ", "1", "", 200},       {"NOT ", "a", "", 200},
                        {"a[", "1", "]", 100},      {"CASE WHEN TRUE THEN ", "1", " END", 100},
                        {"(SELECT ", "1", ")", 50}, {"a = NOT ", "b", "", 200},
                        {"ARRAY[", "1", "]", 100},  {"CAST(", "1", " AS INT)", 100}};
  for (const Kind& kind : kinds) {
    const auto nested = [&](int depth) {
      return "SELECT " + Repeat(kind.open, depth) + kind.middle + Repeat(kind.close, depth);
    };
    EXPECT_TRUE(Parses(nested(kind.fine))) << kind.open;
    EXPECT_TRUE(IsTooDeep(nested(2'000))) << kind.open;
    EXPECT_FALSE(Parses(nested(100'000))) << kind.open;
    EXPECT_FALSE(Parses("SELECT " + Repeat(kind.open, 2'000))) << kind.open;
  }
  EXPECT_TRUE(Parses("CREATE TABLE t (a " + Repeat("ARRAY<", 100) + "INT" + Repeat(">", 100) + ")"));
  EXPECT_TRUE(IsTooDeep("CREATE TABLE t (a " + Repeat("ARRAY<", 2'000) + "INT" + Repeat(">", 2'000) + ")"));
  EXPECT_TRUE(IsTooDeep("SELECT * FROM " + Repeat("(", 2'000) + "t" + Repeat(")", 2'000)));
  EXPECT_TRUE(IsTooDeep("SELECT * FROM " + Repeat("(SELECT * FROM ", 2'000) + "t" + Repeat(")", 2'000)));
}

TEST(Limits, ChainsOfOperatorsAreBoundedButForAndAndOr) {
  for (const char* link : {" + a", " || a", " = a", "[1]", " IS NULL", " BETWEEN 1 AND 2"}) {
    EXPECT_TRUE(Parses("SELECT a" + Repeat(link, 300))) << link;
    EXPECT_TRUE(IsTooDeep("SELECT a" + Repeat(link, 5'000))) << link;
  }
  EXPECT_TRUE(IsTooDeep("SELECT 1" + Repeat(" UNION ALL SELECT 1", 2'000)));
  for (const char* link : {" OR a = 1", " AND a = 1"}) {
    auto script = ParseScript("SELECT a" + Repeat(link, 5'000));
    ASSERT_TRUE(script.ok()) << script.status().message();
    EXPECT_TRUE(*script == *ParseScript(Unparse(*script)));
  }
  EXPECT_TRUE(Parses("SELECT a IN (1" + Repeat(", 1", 20'000) + ")"));
}

TEST(Limits, TheLongestScriptIsAMebibyte) {
  const std::string line = "SELECT a, b AS c FROM t WHERE x = 'y';\n";
  const std::string fits = Repeat(line, static_cast<int>(kMaxScriptBytes / line.size()));
  EXPECT_EQ(Parse(fits).script.statements.size(), kMaxScriptBytes / line.size());
  const ParseResult result = Parse(fits + line);
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].message, "the script has 1048593 bytes; at most 1048576 are read");
}

TEST(Limits, AMistakeInALongStatementIsFound) {
  const std::string sql = "SELECT a" + Repeat(", a", 20'000) + " FORM t WHERE b = 3 c";
  const ParseResult result = Parse(sql);
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].range.begin.column, 60'015);
}

}  // namespace
}  // namespace millrace::sql
