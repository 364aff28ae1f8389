// What scripts are planned as, or why not: the cases of golden/plans*.txt and golden/wrong_queries.txt over the tables
// of golden/tables_of_plans.sql.
#include <gtest/gtest.h>

#include "coordinator/sql/parser.h"
#include "tests/coordinator/sql/cases.h"
#include "tests/coordinator/sql/planned.h"

namespace millrace::sql {
namespace {

std::string Answer(const std::string& sql, const Catalog& catalog) {
  const Planned planned = PlanOf(sql, catalog);
  if (!planned.diagnostics.empty()) return RenderDiagnostics(planned.diagnostics, sql);
  EXPECT_EQ(MistakesOf(planned.plan), "") << sql << "\n" << TextOf(planned.plan);
  const std::string plan = TextOf(planned.plan);
  return planned.columns.empty() ? plan : TextOf(planned.columns) + "\n" + plan;
}

void CheckFile(const std::string& name) {
  Catalog catalog;
  Declare(ReadText("golden/tables_of_plans.sql"), catalog);
  RewriteCases(name, [&](const std::string& sql) { return Answer(sql, catalog); });
  for (const GoldenCase& own : ReadCases(name)) EXPECT_EQ(Answer(own.input, catalog), own.expected) << own.input;
}

TEST(PlanGolden, QueriesArePlanned) { CheckFile("plans.txt"); }
TEST(PlanGolden, WhatIsWrongIsNamed) { CheckFile("wrong_queries.txt"); }

}  // namespace
}  // namespace millrace::sql
