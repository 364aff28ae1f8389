#include <iterator>
#include <limits>

#include "base/error.h"
#include "base/expression/function_table.h"
#include "base/expression/string_families.h"

namespace millrace {
namespace {

DataType TextType(bool fixed, int64_t length) {
  if (length >= std::numeric_limits<int32_t>::max()) return MakeType("STRING", true);
  return MakeType(Cat(fixed ? "CHAR(" : "VARCHAR(", length, ")"), true);
}

}  // namespace

ResultRule LikeFirst(bool varying) {
  return [varying](std::span<const CallArgument> args) {
    const TextLength first = LengthOf(args[0].type);
    return varying && first.fixed ? TextType(false, first.length) : args[0].type;
  };
}

ResultRule SumOfLengths(bool varying) {
  return [varying](std::span<const CallArgument> args) {
    const TextLength a = LengthOf(args[0].type), b = LengthOf(args[1].type);
    if (a.length < 0 || b.length < 0) return MakeType("STRING", true);
    return TextType(a.fixed && b.fixed && !varying, a.length + b.length);
  };
}

std::vector<Function> StringFunctions() {
  std::vector<Function> all;
  for (auto part : {StringEditFunctions, StringSearchFunctions, StringPatternFunctions, StringEncodeFunctions}) {
    std::vector<Function> functions = part();
    std::move(functions.begin(), functions.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace millrace
