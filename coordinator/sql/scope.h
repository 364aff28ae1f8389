#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/sql/ast.h"
#include "coordinator/sql/bind_expression.h"
#include "coordinator/sql/diagnostic.h"

namespace millrace::sql {

// A column that a name means, and how many parts of the name that took; what is left are fields of a ROW.
struct FoundColumn {
  const ScopeColumn* column = nullptr;
  size_t parts = 0;
};

// The column that a path begins with: t.a before a.field. nullopt: there is none, or there are two, and a diagnostic
// names them, or the nearest one and its table; or no more is known of it, which is told already.
std::optional<FoundColumn> FindColumn(const QualifiedName& name, const Scope& scope,
                                      std::vector<Diagnostic>& diagnostics);

// Names of the tables in sight, each once.
std::vector<std::string> TablesOf(const Scope& scope);

// "; did you mean 'user_id' of 'clicks'?", or "".
std::string ColumnAdvice(std::string_view name, const Scope& scope);

}  // namespace millrace::sql
