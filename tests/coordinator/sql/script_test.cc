#include <gtest/gtest.h>

#include "coordinator/sql/parser.h"
#include "coordinator/sql/unparser.h"

namespace millrace::sql {
namespace {

std::string Complaints(const std::string& sql) { return RenderDiagnostics(Parse(sql).diagnostics, sql); }

TEST(Script, SemicolonsSeparateAndMayBeMany) {
  for (const char* sql :
       {"SELECT 1; SELECT 2", ";;SELECT 1;;;SELECT 2;;", "SELECT 1;\n-- end\nSELECT 2;\n/* done */"}) {
    auto script = ParseScript(sql);
    ASSERT_TRUE(script.ok()) << script.status().message();
    EXPECT_EQ(Unparse(*script), "SELECT 1;\nSELECT 2;\n");
  }
  for (const char* sql : {"", ";", "  \n", "-- nothing", "/* */;"})
    EXPECT_TRUE(ParseScript(sql)->statements.empty()) << sql;
}

TEST(Script, EveryWrongStatementIsToldAndTheOthersAreRead) {
  const std::string sql = "SELECT 1;\nSELEC 2;\nSELECT 3;\n  SELECT a FROM t WHERE;\nUSE x;\nSELECT 'open";
  const ParseResult result = Parse(sql);
  EXPECT_EQ(Unparse(result.script), "SELECT 1;\nSELECT 3;\n");
  EXPECT_EQ(Complaints(sql),
            "2:1: unexpected 'SELEC'; did you mean SELECT?\n"
            "  SELEC 2;\n"
            "  ^^^^^\n"
            "4:24: the statement ends too early; expected an expression\n"
            "    SELECT a FROM t WHERE;\n"
            "                         ^\n"
            "5:1: USE is not supported: there is one catalog with one database; name tables by themselves\n"
            "  USE x;\n"
            "  ^^^\n"
            "6:8: this text never ends; close it with ', and write '' for one within\n"
            "  SELECT 'open\n"
            "         ^");
  const auto status = ParseScript(sql).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), Complaints(sql));
}

TEST(Script, InAStatementSetToo) {
  const std::string sql =
      "EXECUTE STATEMENT SET\nBEGIN\n  INSERT INTO a SELECT * FORM b;\n  INSERT INTO c SELECT 1;\n  INSERT INTO d "
      "SELECT (1;\nEND;\n"
      "SELECT 2";
  EXPECT_EQ(Complaints(sql),
            "3:26: unexpected 'FORM'; did you mean FROM?\n"
            "    INSERT INTO a SELECT * FORM b;\n"
            "                           ^^^^\n"
            "5:24: this '(' is not closed; a ')' is missing\n"
            "    INSERT INTO d SELECT (1;\n"
            "                         ^");
  EXPECT_EQ(Unparse(Parse(sql).script), "SELECT 2;\n");
}

TEST(Script, ColumnsAreCharactersAndLinesEndAsTheyDo) {
  EXPECT_EQ(Complaints("SELECT 'ünïcödé 🎉', a b c"),
            "1:25: unexpected 'c'; expected ',', FROM, another clause or the end of the statement\n"
            "  SELECT 'ünïcödé 🎉', a b c\n"
            "                          ^");
  EXPECT_EQ(Complaints("SELECT 1;\r\n\tSELECT a b c\r\n"),
            "2:13: unexpected 'c'; expected ',', FROM, another clause or the end of the statement\n"
            "   SELECT a b c\n"
            "              ^");
  EXPECT_EQ(Complaints("\xEF\xBB\xBFSELECT a b c"),
            "1:12: unexpected 'c'; expected ',', FROM, another clause or the end of the statement\n"
            "  SELECT a b c\n"
            "             ^");
}

TEST(Script, ALongLineIsCutAroundTheMistake) {
  std::string sql = "SELECT a";
  for (int i = 0; i < 100; ++i) sql += ", a";
  EXPECT_EQ(Complaints(sql + " b c" + sql.substr(8)),
            "1:312: unexpected 'c'; expected ',', FROM, another clause or the end of the statement\n"
            "  …, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a b c, a, a, a, a, a, a, a, a, a, a, a, a, a…\n"
            "                                                               ^");
}

TEST(Script, BytesThatAreNoTextAreRefused) {
  EXPECT_EQ(Complaints("SELECT '\xFF'"), "1:8: this text is not UTF-8\n  SELECT '\uFFFD'\n         ^^^");
  EXPECT_EQ(Complaints("SELECT a\xC3"), "1:8: this is not UTF-8\n  SELECT a\uFFFD\n         ^^");
  EXPECT_EQ(Complaints(std::string("SELECT \0 1", 10)),
            "1:8: a control character (0x00) has no place here\n  SELECT \uFFFD 1\n         ^");
  EXPECT_EQ(Complaints("SELECT\u00A01"),
            "1:7: this is a special space; write an ordinary one\n  SELECT\u00A01\n        ^");
}

TEST(Script, NodesKnowTheirPlace) {
  auto script = ParseScript("SELECT 1;\n  INSERT INTO t\n  SELECT a.b + 'x',\n    `c`\n  FROM s;");
  ASSERT_TRUE(script.ok());
  const auto expect = [](const SourceRange& range, SourcePosition begin, SourcePosition end) {
    EXPECT_TRUE(SameRange(range, {begin, end}))
        << range.begin.line << ":" << range.begin.column << " to " << range.end.line << ":" << range.end.column;
  };
  expect(script->statements[0].range, {1, 1}, {1, 9});
  expect(script->statements[1].range, {2, 3}, {5, 9});
  const auto& insert = std::get<Insert>(script->statements[1].node);
  expect(insert.table.range, {2, 15}, {2, 16});
  expect(insert.query.range, {3, 3}, {5, 9});
  const auto& select = std::get<Select>(insert.query.body);
  const auto& sum = std::get<Expression>(select.items[0].value);
  expect(sum.range, {3, 10}, {3, 19});
  const auto& binary = std::get<Binary>(sum.node);
  expect(binary.left->range, {3, 10}, {3, 13});
  expect(binary.right->range, {3, 16}, {3, 19});
  expect(std::get<ColumnReference>(binary.left->node).name.parts[1].range, {3, 12}, {3, 13});
  expect(std::get<Expression>(select.items[1].value).range, {4, 5}, {4, 8});
  expect(select.from[0].range, {5, 8}, {5, 9});
}

TEST(Script, AStatementSetHasThePlacesOfItsParts) {
  auto script = ParseScript("EXECUTE STATEMENT SET BEGIN\nINSERT INTO a SELECT 1;\nINSERT INTO b SELECT 2;\nEND;");
  ASSERT_TRUE(script.ok());
  EXPECT_TRUE(SameRange(script->statements[0].range, {{1, 1}, {4, 4}}));
  const auto& set = std::get<StatementSet>(script->statements[0].node);
  ASSERT_EQ(set.inserts.size(), 2u);
  EXPECT_TRUE(SameRange(set.inserts[1].range, {{3, 1}, {3, 23}}));
}

}  // namespace
}  // namespace millrace::sql
