#pragma once

#include <optional>
#include <vector>

#include "coordinator/sql/ast.h"
#include "coordinator/sql/catalog.h"
#include "coordinator/sql/diagnostic.h"
#include "coordinator/sql/session.h"

namespace millrace::sql {

// What CREATE TABLE declares, with LIKE carried out and types resolved; the columns of AS are left to the caller.
// Diagnostics say everything that is wrong, and then the table is, too. Options are looked at by SourceOf and SinkOf,
// once it is known whether the table is read or written.
Table DeclareTable(const CreateTable& create, const Catalog& catalog, const Session& session,
                                  std::vector<Diagnostic>& diagnostics);

}  // namespace millrace::sql
