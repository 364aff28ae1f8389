#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/sql/ast.h"
#include "coordinator/sql/diagnostic.h"
#include "millrace/v1/plan.pb.h"

namespace millrace::sql {

// Which column of SELECT `ORDER BY 2` means, from 0; num_columns if there is none, which is said. nullopt: the item is
// not a position.
std::optional<size_t> OrdinalOf(const OrderItem& item, size_t num_columns, std::vector<Diagnostic>& diagnostics);

// The plan's key over a column, with Flink's default for NULLs.
v1::SortKey SortKeyOf(const OrderItem& item, const std::string& column);

}  // namespace millrace::sql
