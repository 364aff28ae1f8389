// Nexmark's queries are planned, or refused by the name of what is missing, and by nothing else.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_replace.h"
#include "base/expression/function_registry.h"
#include "coordinator/sql/parser.h"
#include "coordinator/sql/unparser.h"
#include "tests/coordinator/sql/cases.h"
#include "tests/coordinator/sql/planned.h"

namespace millrace::sql {
namespace {

std::string Published(const std::string& name) {
  return absl::StrReplaceAll(ReadText("nexmark/" + name + ".sql"),
                             {{"${NEXMARK_TABLE}", "datagen"},
                              {"CREATE FUNCTION count_char AS 'com.github.nexmark.flink.udf.CountChar';", ""}});
}

// The others lack an operator.
const std::set<int>& QueriesThatRun() {
  static const auto* const planned = new std::set<int>{0, 1, 2, 10, 14, 21, 22};
  return *planned;
}

class NexmarkPlans : public testing::TestWithParam<int> {};

TEST_P(NexmarkPlans, IsPlannedOrNamesWhatIsMissing) {
  // The tables themselves need it; without it there is nothing to look at.
  const std::vector<std::string> functions = ScalarFunctionNames();
  for (const char* needed : {"case", "get_field"}) {
    if (std::find(functions.begin(), functions.end(), needed) == functions.end())
      GTEST_SKIP() << "there is no function " << needed;
  }
  Catalog catalog;
  Declare(Published("ddl_gen"), catalog);
  Declare(Published("ddl_views"), catalog);
  const std::string sql = Published("q" + std::to_string(GetParam()));
  ParseResult parsed = Parse(sql);
  ASSERT_TRUE(parsed.diagnostics.empty()) << RenderDiagnostics(parsed.diagnostics, sql);
  std::string inserts;
  for (const Statement& statement : parsed.script.statements) {
    const bool insert = std::holds_alternative<Insert>(statement.node);
    if (insert) inserts += Unparse(statement) + ";\n";
    if (!insert) Declare(Unparse(statement), catalog);
  }
  const Planned planned = PlanOf(inserts, catalog);
  for (const Diagnostic& diagnostic : planned.diagnostics) {
    // Of the registry; with it, the test tells all.
    if (diagnostic.message.starts_with("there is no function ")) GTEST_SKIP() << diagnostic.message;
  }
  EXPECT_EQ(planned.diagnostics.empty(), QueriesThatRun().contains(GetParam()))
      << RenderDiagnostics(planned.diagnostics, inserts);
  for (const Diagnostic& diagnostic : planned.diagnostics) {
    // The sixth, as published, names tables of a subquery outside of it.
    if (GetParam() == 6) continue;
    EXPECT_EQ(diagnostic.kind, Diagnostic::Kind::kUnsupported) << diagnostic.message;
  }
  if (planned.diagnostics.empty()) {
    EXPECT_EQ(MistakesOf(planned.plan), "") << TextOf(planned.plan);
  }
}

INSTANTIATE_TEST_SUITE_P(Queries, NexmarkPlans, testing::Range(0, 24),
                         [](const auto& query) { return "q" + std::to_string(query.param); });

}  // namespace
}  // namespace millrace::sql
