#pragma once

#include <vector>

#include "coordinator/sql/catalog.h"
#include "coordinator/sql/diagnostic.h"

namespace millrace::sql {

// The table with the options that hints /*+ OPTIONS('k' = 'v') */ set, for one use of it. UID is left to the planner.
// Other hints are Flink's advice to its optimizer: known ones change nothing, unknown ones are reported.
// UID and OPTIONS are written in capitals or not.
Table ApplyHints(const Table& table, const std::vector<Hint>& hints, std::vector<Diagnostic>& diagnostics);

// What is wrong with the hints of a SELECT or a view, which have no options.
void CheckSelectHints(const std::vector<Hint>& hints, std::vector<Diagnostic>& diagnostics);

// Of the name of a view, or of a table of WITH: what is behind it has hints of its own. `what`: "view 'v'".
void RefuseTableHints(const std::vector<Hint>& hints, std::string_view what, std::vector<Diagnostic>& diagnostics);

}  // namespace millrace::sql
