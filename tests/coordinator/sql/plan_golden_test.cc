// What scripts are planned as, or why not: the cases of golden/plans*.txt and golden/wrong_queries.txt over the tables
// of golden/tables_of_plans.sql.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

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

// With MILLRACE_WRITE_GOLDEN set, prints the file as it would have to be.
void CheckFile(const std::string& name) {
  Catalog catalog;
  Declare(ReadText("golden/tables_of_plans.sql"), catalog);
  const bool write = std::getenv("MILLRACE_WRITE_GOLDEN") != nullptr;
  for (const GoldenCase& own : ReadCases(name)) {
    const std::string answer = Answer(own.input, catalog);
    if (!write) {
      EXPECT_EQ(answer, own.expected) << own.input;
      continue;
    }
    std::string lines = "=> ";
    for (const char c : answer) lines += c == '\n' ? std::string("\n=> ") : std::string(1, c);
    printf("%s\n%s\n\n", own.input.c_str(), lines.c_str());
  }
}

TEST(PlanGolden, QueriesArePlanned) { CheckFile("plans.txt"); }
TEST(PlanGolden, WhatIsWrongIsNamed) { CheckFile("wrong_queries.txt"); }

}  // namespace
}  // namespace millrace::sql
