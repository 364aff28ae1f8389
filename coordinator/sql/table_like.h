#pragma once

#include <vector>

#include "coordinator/sql/ast.h"
#include "coordinator/sql/catalog.h"
#include "coordinator/sql/diagnostic.h"

namespace millrace::sql {

// The part of `source` that LIKE takes over into the table that `create` declares, for its own columns, watermark, keys
// and options to be added to. Flink's rules: everything is included unless a rule says otherwise; what is declared
// anew as well is a mistake, or overwrites if the rule says so. Own options always overwrite.
Table TakeOver(const Table& source, const CreateTable& create, std::vector<Diagnostic>& diagnostics);

// What has to be done with a computed or metadata column or a watermark that both have.
bool Overwrites(const TableLike& like, std::string_view feature);

}  // namespace millrace::sql
