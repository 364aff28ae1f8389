#pragma once

#include <optional>
#include <vector>

#include "coordinator/sql/ast.h"
#include "coordinator/sql/catalog.h"
#include "coordinator/sql/diagnostic.h"
#include "coordinator/sql/session.h"
#include "coordinator/sql/statement_result.h"

namespace millrace::sql {

// SHOW … of the catalog. nullopt: a diagnostic says why.
std::optional<StatementResult> ShowCatalog(const Show& show, const Catalog& catalog,
                                           std::vector<Diagnostic>& diagnostics);

// SET by itself: what is set.
StatementResult ShowOptions(const Session& session);

}  // namespace millrace::sql
