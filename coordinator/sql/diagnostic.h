#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coordinator/sql/source_range.h"

namespace millrace::sql {

// One thing that is wrong with a script, for a person to read: what, where, and what to do.
struct Diagnostic {
  enum class Kind {
    kSyntax,
    kSemantic,     // it reads well, but a name, a type or an option is wrong
    kUnsupported,  // good SQL that Millrace does not have; the message names it
  };
  Kind kind = Kind::kSyntax;
  SourceRange range;
  std::string message;
};

// Brings the diagnostics behind the first `from` into the order of the text.
void SortByPlace(std::vector<Diagnostic>& diagnostics, size_t from);

// Two or three lines: "3:14: message", then the line of the script, cut to a window if it is long, and carets below the
// offending characters. Control characters of the script are not repeated.
std::string RenderDiagnostic(const Diagnostic& diagnostic, std::string_view sql);

// All of them, with a newline between.
std::string RenderDiagnostics(const std::vector<Diagnostic>& diagnostics, std::string_view sql);

}  // namespace millrace::sql
