#pragma once

#include <string_view>
#include <vector>

#include "base/expression/function.h"

namespace millrace {

// The families. Each returns entries in the order of the documentation.
std::vector<Function> ComparisonFunctions();
std::vector<Function> LogicalFunctions();
std::vector<Function> ArithmeticFunctions();
std::vector<Function> MathFunctions();
std::vector<Function> RandomFunctions();  // of arithmetic and of strings
std::vector<Function> ConditionalFunctions();
std::vector<Function> CollectionFunctions();
std::vector<Function> ArrayFunctions();  // of the family of collections, too
std::vector<Function> StringFunctions();
std::vector<Function> TemporalFunctions();

// All of them; made at the first call, constant thereafter. Thread: any.
const std::vector<Function>& AllFunctions();

// The entries whose name or alias this is, in any letter case; empty if there is none.
std::vector<const Function*> FindFunctions(std::string_view name);

// The overload that takes the arguments, with its resolution. Fails as ResolveCall.
struct FoundFunction {
  const Function* function;
  Resolution resolution;
};
absl::StatusOr<FoundFunction> FindOverload(std::string_view name, std::span<const CallArgument> args);

}  // namespace millrace
