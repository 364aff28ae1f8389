#pragma once

#include <optional>

#include "coordinator/sql/query_binder.h"

namespace millrace::sql {

// SELECT with the ORDER BY and LIMIT of the query around it, which see its columns.
std::optional<Relation> PlanSelect(QueryBinder& binder, const Select& select, const Query& query, CommonTables* common);

}  // namespace millrace::sql
