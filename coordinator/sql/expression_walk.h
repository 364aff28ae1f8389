#pragma once

#include <functional>
#include <vector>

#include "coordinator/sql/ast.h"

namespace millrace::sql {

// The expressions directly below a node, without those of subqueries.
std::vector<const Expression*> ChildrenOf(const Expression& expression);

// Whether the predicate holds for the expression or for one below it.
bool AnyExpression(const Expression& expression, const std::function<bool(const Expression&)>& predicate);

}  // namespace millrace::sql
