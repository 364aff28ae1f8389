#pragma once

#include <optional>
#include <string>

#include "arrow/type_fwd.h"
#include "coordinator/sql/ast.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// The plan's form of an expression of SQL over columns of one table, for tests: no inference but that a NULL takes the
// type of what stands beside it. Nothing: it has a part that this does not know.
std::optional<v1::Expression> PlanOf(const sql::Expression& expression, const arrow::Schema& input,
                                     const std::string& zone);

}  // namespace millrace
