#include "base/expression/aggregate_nullability.h"

#include <string_view>
#include <utility>

#include "base/expression/type_rules.h"

namespace millrace {

DataType ResultOfGroup(const v1::Aggregate& aggregate, const DataType& argument, DataType result) {
  if (argument.nullable || !aggregate.filter().empty()) return result;
  const std::string_view function = aggregate.function();
  const bool picks = function == "min" || function == "max";
  const bool computes = function == "sum" || function == "avg" || function == "stddev_pop" || function == "var_pop";
  if (!picks && (!computes || IsDecimal(argument))) return result;
  return WithNullability(std::move(result), false);
}

}  // namespace millrace
