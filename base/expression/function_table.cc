#include "base/expression/function_table.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/nearest_name.h"

namespace millrace {
namespace {

using Index = std::map<std::string, std::vector<const Function*>, std::less<>>;

Index MakeIndex() {
  Index index;
  for (const Function& function : AllFunctions()) {
    index[function.name].push_back(&function);
    for (const std::string& alias : function.aliases) index[alias].push_back(&function);
  }
  return index;
}

const Index& FunctionIndex() {
  static const Index* const index = new Index(MakeIndex());
  return *index;
}

std::vector<Function> Concatenated() {
  std::vector<Function> all;
  for (auto family : {ComparisonFunctions, LogicalFunctions, ArithmeticFunctions, MathFunctions, ConditionalFunctions,
                      CollectionFunctions, ArrayFunctions, StringFunctions, TemporalFunctions, RandomFunctions}) {
    std::vector<Function> functions = family();
    std::move(functions.begin(), functions.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace

const std::vector<Function>& AllFunctions() {
  static const std::vector<Function>* const all = new std::vector<Function>(Concatenated());
  return *all;
}

std::vector<const Function*> FindFunctions(std::string_view name) {
  auto found = FunctionIndex().find(absl::AsciiStrToLower(AbslView(name)));
  return found == FunctionIndex().end() ? std::vector<const Function*>() : found->second;
}

absl::StatusOr<FoundFunction> FindOverload(std::string_view name, std::span<const CallArgument> args) {
  std::vector<const Function*> overloads = FindFunctions(name);
  if (overloads.empty()) {
    return InvalidArgument("there is no function '", name, "'", NameAdvice(name, ScalarFunctionNames()));
  }
  std::vector<std::string> signatures;
  for (const Function* function : overloads) {
    std::optional<Resolution> resolution = function->rule(args);
    if (resolution) return FoundFunction{function, *std::move(resolution)};
    signatures.push_back(function->signature);
  }
  std::string types;
  for (const CallArgument& arg : args) absl::StrAppend(&types, types.empty() ? "" : ", ", arg.type.sql);
  return InvalidArgument("function ", name, " takes ", absl::StrJoin(signatures, " or "), ", not (", types,
                         "); cast the arguments to what it takes");
}

}  // namespace millrace
