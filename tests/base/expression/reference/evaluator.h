#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/base/expression/reference/typed_expression.h"
#include "tests/base/expression/reference/value.h"

namespace millrace::reference {

// What an expression gives for one row, computed one value at a time and as plainly as can be, from what Flink says of
// its functions: an oracle for base/expression, with which it shares the types only.
Result Evaluate(const TypedExpression& expression, const std::vector<Value>& row);

// The registry's names of the functions it knows.
std::set<std::string> KnownFunctions();

}  // namespace millrace::reference
