#pragma once

#include <vector>

#include "base/error.h"
#include "coordinator/sql/diagnostic.h"

namespace millrace::sql {

// Appends a diagnostic whose message is the parts in a row.
template <typename... Parts>
void ReportWrong(std::vector<Diagnostic>& diagnostics, const SourceRange& range, const Parts&... parts) {
  diagnostics.push_back({Diagnostic::Kind::kSemantic, range, Cat(parts...)});
}
template <typename... Parts>
void ReportUnsupported(std::vector<Diagnostic>& diagnostics, const SourceRange& range, const Parts&... parts) {
  diagnostics.push_back({Diagnostic::Kind::kUnsupported, range, Cat(parts...)});
}

}  // namespace millrace::sql
