// Nexmark's queries over its published tables: golden/nexmark.txt says how each is planned, or in which words it is
// refused. Only the options of connectors that are not ours are others.
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "coordinator/sql/parser.h"
#include "coordinator/sql/unparser.h"
#include "tests/coordinator/sql/cases.h"
#include "tests/coordinator/sql/planned.h"

namespace millrace::sql {
namespace {

// The last WITH (…) of a text.
void ReplaceOptions(std::string& sql, const std::string& options) {
  const size_t begin = sql.rfind("WITH (");
  ASSERT_NE(begin, sql.npos) << sql;
  sql.replace(begin, sql.find(");", begin) - begin, "WITH (" + options);
}

std::string Published(const std::string& name, const std::string& table) {
  std::string sql =
      absl::StrReplaceAll(ReadText("nexmark/" + name + ".sql"),
                          {{"${NEXMARK_TABLE}", table},
                           {"${BOOTSTRAP_SERVERS}", "kafka:9092"},
                           {"CREATE FUNCTION count_char AS 'com.github.nexmark.flink.udf.CountChar';", ""}});
  if (name == "ddl_gen") ReplaceOptions(sql, "'connector' = 'datagen'");
  if (name == "q10") ReplaceOptions(sql, "'connector' = 'filesystem', 'path' = '/bid', 'format' = 'json'");
  return sql;
}

// The tables of datagen, or those of Kafka.
Catalog Tables(const std::string& table) {
  Catalog catalog;
  Declare(Published(table == "kafka" ? "ddl_kafka" : "ddl_gen", table), catalog);
  Declare(Published("ddl_views", table), catalog);
  return catalog;
}

Planned PlanQuery(const std::string& name, Catalog catalog) {
  const std::string sql = Published(name, "");
  ParseResult parsed = Parse(sql);
  EXPECT_TRUE(parsed.diagnostics.empty()) << RenderDiagnostics(parsed.diagnostics, sql);
  std::string inserts;
  for (const Statement& statement : parsed.script.statements) {
    const bool insert = std::holds_alternative<Insert>(statement.node);
    if (insert) inserts += Unparse(statement) + ";\n";
    if (!insert) Declare(Unparse(statement), catalog);
  }
  Planned planned = PlanOf(inserts, catalog);
  if (planned.diagnostics.empty()) {
    EXPECT_EQ(MistakesOf(planned.plan), "") << TextOf(planned.plan);
  }
  return planned;
}

std::string Answer(const std::string& name) {
  const Planned planned = PlanQuery(name, Tables("datagen"));
  if (planned.diagnostics.empty()) return TextOf(planned.plan);
  std::string text;
  for (const Diagnostic& diagnostic : planned.diagnostics) {
    const bool missing = diagnostic.kind == Diagnostic::Kind::kUnsupported;
    absl::StrAppend(&text, text.empty() ? "" : "\n", missing ? "" : "wrong: ", diagnostic.message);
  }
  return text;
}

TEST(NexmarkPlans, EveryQueryIsPlannedOrNamesWhatIsMissing) {
  RewriteCases("nexmark.txt", Answer);
  const std::vector<GoldenCase> cases = ReadCases("nexmark.txt");
  EXPECT_EQ(cases.size(), 24u);
  for (const GoldenCase& own : cases) EXPECT_EQ(Answer(own.input), own.expected) << own.input;
}

// The others lack an operator.
TEST(NexmarkPlans, QueriesOfOneTableWithoutEndlessStateRunOverEitherSource) {
  const std::set<int> wanted = {0, 1, 2, 10, 14, 21, 22};
  for (const std::string table : {"datagen", "kafka"}) {
    std::set<int> planned;
    for (int query = 0; query < 24; ++query) {
      if (PlanQuery(Cat("q", query), Tables(table)).diagnostics.empty()) planned.insert(query);
    }
    EXPECT_EQ(planned, wanted) << table;
  }
}

}  // namespace
}  // namespace millrace::sql
