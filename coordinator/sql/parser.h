#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "coordinator/sql/ast.h"
#include "coordinator/sql/diagnostic.h"

namespace millrace::sql {

// Longest script, in bytes.
inline constexpr size_t kMaxScriptBytes = 1 << 20;

// How many rules of the grammar may be nested in each other. A pair of parentheses takes three, a subquery about eight,
// an operator of a chain (a + b + …) one; AND and OR take one for a whole chain. Bounds the stack that any walk of a
// tree needs.
inline constexpr int kMaxDepth = 600;

// The statements of a script that are right, and a diagnostic for each that is not (or more, if several parts of it are
// wrong), both in the order of the text.
struct ParseResult {
  Script script;
  std::vector<Diagnostic> diagnostics;
};

// Reads a script of statements with semicolons between them (behind the last one it may be missing).
ParseResult Parse(std::string_view sql);

// The same for callers that want all or nothing: fails with InvalidArgument whose message is the rendered diagnostics.
absl::StatusOr<Script> ParseScript(std::string_view sql);

}  // namespace millrace::sql
