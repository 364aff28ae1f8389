// What EXPLAIN says of the last statement of the scripts of golden/explains.txt, which stands behind "-- explained".
#include <gtest/gtest.h>

#include "base/error.h"
#include "coordinator/plan/explain.h"
#include "coordinator/plan/physical_planner.h"
#include "coordinator/sql/compiler.h"
#include "tests/coordinator/sql/cases.h"

namespace millrace::sql {
namespace {

constexpr std::string_view kMark = "-- explained\n";

absl::StatusOr<std::string> ExplainPlan(const v1::Plan& plan) {
  const auto physical = MakePhysicalPlan(plan, 0);
  if (!physical.ok()) return physical.status();
  return millrace::Explain(*physical);
}

Compilation Compiled(const std::string& script) {
  CompileOptions options;
  options.name = "golden";
  options.result_path = "file:///results";
  options.explain = ExplainPlan;
  return Compile(script, options);
}

std::string WithoutEmptyLines(std::string text) {
  for (size_t at = 0; (at = text.find("\n\n", at)) != text.npos;) text.erase(at, 1);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

// As a statement.
std::string Answer(const std::string& script) {
  const size_t at = script.find(kMark);
  EXPECT_NE(at, script.npos) << script;
  std::string asked = script.substr(0, at) + "EXPLAIN " + script.substr(at + kMark.size());
  if (const size_t set = asked.find("EXPLAIN EXECUTE "); set != asked.npos) asked.erase(set + 8, 8);
  const Compilation compiled = Compiled(asked);
  if (!compiled.diagnostics.empty()) return RenderDiagnostics(compiled.diagnostics, asked);
  EXPECT_FALSE(compiled.plan.has_value()) << "EXPLAIN runs nothing";
  return WithoutEmptyLines(compiled.results.back().rows[0][0].value_or("NULL"));
}

TEST(ExplainGolden, SaysWhatItSaid) {
  RewriteCases("explains.txt", Answer);
  for (const GoldenCase& one : ReadCases("explains.txt")) EXPECT_EQ(Answer(one.input), one.expected) << one.input;
}

// `millrace explain` and Validate explain the plan of the script itself.
TEST(ExplainGolden, TheStatementSaysWhatTheScriptWouldRun) {
  for (const GoldenCase& one : ReadCases("explains.txt")) {
    const Compilation compiled = Compiled(one.input);
    ASSERT_TRUE(compiled.plan.has_value()) << one.input << RenderDiagnostics(compiled.diagnostics, one.input);
    const auto text = ExplainPlan(*compiled.plan);
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_EQ(Answer(one.input), WithoutEmptyLines(*text)) << one.input;
  }
}

}  // namespace
}  // namespace millrace::sql
