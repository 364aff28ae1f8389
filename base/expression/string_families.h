#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/expression/function.h"
#include "base/expression/type_rules.h"

namespace millrace {

// What the files of the string family share; string_functions.cc puts them together.
std::vector<Function> StringEditFunctions();
std::vector<Function> StringSearchFunctions();
std::vector<Function> StringPatternFunctions();
std::vector<Function> StringEncodeFunctions();

using ResultRule = std::function<DataType(std::span<const CallArgument>)>;
// The first argument's type; with `varying`, VARCHAR(n) for CHAR(n).
ResultRule LikeFirst(bool varying);
// CHAR(m) and CHAR(n) give CHAR(m + n), others VARCHAR(m + n); `varying`: all.
ResultRule SumOfLengths(bool varying);

}  // namespace millrace
