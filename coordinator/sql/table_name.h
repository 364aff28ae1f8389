#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/sql/ast_type.h"
#include "coordinator/sql/catalog.h"
#include "coordinator/sql/diagnostic.h"

namespace millrace::sql {

// The name by which the catalog knows a table or view: t, default_database.t and default_catalog.default_database.t are
// "t". nullopt: another catalog or database, and a diagnostic says so.
std::optional<std::string> TableNameOf(const QualifiedName& name, std::vector<Diagnostic>& diagnostics);

// "; did you mean 'orders'?", or what there is, for a name that `catalog` does not know.
std::string TableAdvice(std::string_view name, const Catalog& catalog);

}  // namespace millrace::sql
