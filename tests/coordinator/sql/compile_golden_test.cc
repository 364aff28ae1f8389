#include <gtest/gtest.h>

#include <sstream>

#include "base/error.h"
#include "coordinator/sql/compiler.h"
#include "tests/coordinator/sql/cases.h"

namespace millrace::sql {
namespace {

// Everything that a script comes to, a fact a line.
std::string TextOf(const std::string& script) {
  const auto explain = [](const v1::Plan& plan) -> absl::StatusOr<std::string> {
    std::string text = "explained:";
    for (const v1::Node& node : plan.nodes()) text += " " + node.uid();
    return text;
  };
  CompileOptions options;
  options.name = "golden";
  options.result_path = "file:///results";
  options.explain = explain;
  const Compilation compiled = Compile(script, options);
  std::string out;
  const auto line = [&](const std::string& text) { out += (out.empty() ? "" : "\n") + text; };
  for (const Diagnostic& note : compiled.notes) line("note " + RenderDiagnostic(note, script));
  if (!compiled.diagnostics.empty()) line(RenderDiagnostics(compiled.diagnostics, script));
  for (const StatementResult& result : compiled.results) {
    const auto row = [&](const auto& cells) {
      std::string text;
      for (const auto& cell : cells) {
        if constexpr (std::is_same_v<decltype(cell), const std::string&>) {
          text += (text.empty() ? "" : " | ") + cell;
        } else {
          text += (text.empty() ? "" : " | ") + cell.value_or("NULL");
        }
      }
      std::istringstream lines(text);
      for (std::string one; std::getline(lines, one);) line(one);
    };
    row(result.columns);
    for (const auto& cells : result.rows) row(cells);
  }
  for (const ResultColumn& column : compiled.columns) line(Cat("column ", column.name, " ", column.type.sql));
  if (compiled.plan) {
    v1::Plan head = *compiled.plan;
    head.clear_nodes();
    line(Cat("plan ", compiled.bounded ? "bounded " : "", head.ShortDebugString()));
    for (const v1::Node& node : compiled.plan->nodes()) line(node.ShortDebugString());
  }
  return out;
}

class CompileGolden : public testing::TestWithParam<const char*> {};

TEST_P(CompileGolden, SaysWhatItSaid) {
  RewriteCases(GetParam(), TextOf);
  for (const GoldenCase& one : ReadCases(GetParam())) EXPECT_EQ(TextOf(one.input), one.expected) << one.input;
}

INSTANTIATE_TEST_SUITE_P(Files, CompileGolden,
                         testing::Values("tables.txt", "shows.txt", "wrong_tables.txt", "wrong_options.txt",
                                         "wrong_scripts.txt", "wrong_selects.txt"),
                         [](const auto& info) {
                           std::string name = info.param;
                           return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace millrace::sql
