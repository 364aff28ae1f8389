// The statements of the Nexmark benchmark as published for Flink; nexmark/README.md says where they are from.
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "coordinator/sql/parser.h"
#include "coordinator/sql/unparser.h"
#include "tests/coordinator/sql/cases.h"

namespace millrace::sql {
namespace {

// The benchmark's driver puts the table in; its other variables stand between quotes.
std::string Published(const std::string& name) {
  return absl::StrReplaceAll(ReadText("nexmark/" + name + ".sql"), {{"${NEXMARK_TABLE}", "datagen"}});
}

void ExpectParses(const std::string& name, const std::string& sql, size_t num_statements) {
  auto script = ParseScript(sql);
  ASSERT_TRUE(script.ok()) << name << "\n" << script.status().message();
  EXPECT_EQ(script->statements.size(), num_statements) << name;
  auto again = ParseScript(Unparse(*script));
  ASSERT_TRUE(again.ok()) << name << "\n" << again.status().message();
  EXPECT_TRUE(*script == *again) << name;
}

TEST(Nexmark, TheTablesAndViewsParse) {
  ExpectParses("ddl_gen", Published("ddl_gen"), 1);
  ExpectParses("ddl_kafka", Published("ddl_kafka"), 1);
  ExpectParses("ddl_views", Published("ddl_views"), 3);
  ExpectParses("insert_kafka", Published("insert_kafka"), 1);
}

TEST(Nexmark, AllQueriesButTheOneWithCodeOfItsOwnParse) {
  for (int query = 0; query <= 23; ++query) {
    if (query == 14) continue;
    const std::string name = "q" + std::to_string(query);
    ExpectParses(name, Published(name), query == 12 || query == 13 ? 3 : 2);
  }
}

TEST(Nexmark, QueryFourteenParsesWithoutItsFunction) {
  const std::string sql = Published("q14");
  ParseResult result = Parse(sql);
  ASSERT_EQ(result.diagnostics.size(), 1u);
  EXPECT_EQ(result.diagnostics[0].kind, Diagnostic::Kind::kUnsupported);
  EXPECT_EQ(RenderDiagnostics(result.diagnostics, sql),
            "8:1: CREATE FUNCTION is not supported: functions are built in; SHOW FUNCTIONS lists them\n"
            "  CREATE FUNCTION count_char AS 'com.github.nexmark.flink.udf.CountChar';\n"
            "  ^^^^^^^^^^^^^^^");
  EXPECT_EQ(result.script.statements.size(), 2u);
}

TEST(Nexmark, AQueryMeansWhatItSays) {
  const std::string sql = Published("q21");
  auto script = ParseScript(sql);
  ASSERT_TRUE(script.ok()) << script.status().message();
  EXPECT_EQ(
      Unparse(script->statements[1]),
      "INSERT INTO nexmark_q21 SELECT auction, bidder, price, channel, CASE WHEN lower(channel) = 'apple' THEN '0' "
      "WHEN "
      "lower(channel) = 'google' THEN '1' WHEN lower(channel) = 'facebook' THEN '2' WHEN lower(channel) = 'baidu' THEN "
      "'3' "
      "ELSE REGEXP_EXTRACT(url, '(&|^)channel_id=([^&]*)', 2) END AS channel_id FROM bid WHERE REGEXP_EXTRACT(url, "
      "'(&|^)channel_id=([^&]*)', 2) IS NOT NULL OR lower(channel) IN ('apple', 'google', 'facebook', 'baidu')");
}

}  // namespace
}  // namespace millrace::sql
