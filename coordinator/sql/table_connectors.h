#pragma once

#include <optional>
#include <vector>

#include "coordinator/sql/catalog.h"
#include "coordinator/sql/diagnostic.h"
#include "coordinator/sql/session.h"
#include "millrace/v1/plan.pb.h"

namespace millrace::sql {

// The plan's source for a table: connector, options under the plan's names, physical and metadata columns in the
// order of the table, watermark, limit of bad records. Without computed columns, which the planner adds. nullopt: it
// cannot be read, and a diagnostic at the table's name or option says why.
std::optional<v1::Source> SourceOf(const Table& table, const Session& session, std::vector<Diagnostic>& diagnostics);

// The plan's sink for a table. nullopt as above.
std::optional<v1::Sink> SinkOf(const Table& table, std::vector<Diagnostic>& diagnostics);

// Whether the table's source ends: what ORDER BY, GROUP BY without a window, and DISTINCT need.
bool IsBounded(const Table& table);

// 'decode.on-error' = 'dead-letter': the table named by 'decode.dead-letter.table'. nullopt: bad records fail.
std::optional<std::string> DeadLetterTableOf(const Table& table);

}  // namespace millrace::sql
