// Any text as a script: refused with a reason that has a place within the text, or read; and what was read can be
// written and read back as the same.
#include <algorithm>
#include <string_view>

#include "absl/strings/string_view.h"
#include "coordinator/sql/parser.h"
#include "coordinator/sql/unparser.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const sql::ParseResult result = sql::Parse(text);
  const auto num_lines = 1 + std::count(text.begin(), text.end(), '\n');
  for (const sql::Diagnostic& diagnostic : result.diagnostics) {
    Require(!diagnostic.message.empty(), "a diagnostic says something");
    Require(diagnostic.range.begin.line >= 1 && diagnostic.range.begin.line <= num_lines, "on a line of the script");
    Require(diagnostic.range.begin.column >= 1, "at a column");
    Require(!sql::RenderDiagnostic(diagnostic, text).empty(), "and can be shown");
  }
  for (const sql::Statement& statement : result.script.statements) {
    auto again = sql::ParseScript(sql::Unparse(statement));
    // The canonical form of a deep statement may be nested a little deeper than what was written.
    if (!again.ok() && again.status().message().find("nested too deeply") != absl::string_view::npos) continue;
    Require(again.ok() && again->statements.size() == 1, "what was read can be read again");
    Require(again->statements[0] == statement, "as the same");
  }
  return 0;
}
