#include "base/expression/function_registry.h"

#include <algorithm>

#include "arrow/type.h"
#include "base/error.h"
#include "base/expression/cast_rules.h"
#include "base/expression/function_table.h"
#include "base/expression/type_rules.h"
#include "base/macros.h"
#include "base/nearest_name.h"

namespace millrace {
namespace {

constexpr const char* kAggregates[] = {"count",      "sum",         "min",     "max",     "avg",
                                       "stddev_pop", "stddev_samp", "var_pop", "var_samp"};

}  // namespace

absl::StatusOr<DataType> ScalarResultType(std::string_view name, std::span<const CallArgument> args) {
  for (const Function* function : FindFunctions(name)) {
    if (function->name != name) return InvalidArgument("function '", name, "' is called ", function->name, " in a plan");
  }
  ASSIGN_OR_RETURN(FoundFunction found, FindOverload(name, args));
  return std::move(found.resolution.result);
}

absl::StatusOr<DataType> ScalarResultType(std::string_view name, std::span<const DataType> args) {
  std::vector<CallArgument> arguments;
  for (const DataType& type : args) arguments.push_back({.type = type});
  return ScalarResultType(name, arguments);
}

absl::StatusOr<ResolvedCall> ResolveCall(std::string_view name, std::span<const CallArgument> args) {
  ASSIGN_OR_RETURN(FoundFunction found, FindOverload(name, args));
  return ResolvedCall{.function = found.function->name,
                      .arguments = std::move(found.resolution.arguments),
                      .result = std::move(found.resolution.result),
                      .zoned = found.function->zoned,
                      .deterministic = found.function->deterministic};
}

bool IsDeterministic(const v1::Call& call) {
  for (const Function* overload : FindFunctions(call.function())) {
    if (!overload->deterministic && overload->rule({}).has_value() == call.args().empty()) return false;
  }
  return true;
}

bool IsDeterministic(const v1::Expression& expression) {
  if (expression.has_cast()) return IsDeterministic(expression.cast().operand());
  if (!expression.has_call()) return true;
  const auto& args = expression.call().args();
  return IsDeterministic(expression.call()) &&
         std::all_of(args.begin(), args.end(), [](const v1::Expression& arg) { return IsDeterministic(arg); });
}

absl::StatusOr<DataType> AggregateResultType(std::string_view function, const std::optional<DataType>& argument) {
  if (std::find(std::begin(kAggregates), std::end(kAggregates), function) == std::end(kAggregates)) {
    return InvalidArgument("there is no aggregate '", function, "'", NameAdvice(function, AggregateFunctionNames()));
  }
  if (function == "count") return MakeType(arrow::int64(), false);
  if (!argument) return InvalidArgument("aggregate ", function, " needs a column; only count can do without");
  if (function.starts_with("stddev_") || function.starts_with("var_")) {
    if (argument->arrow->id() != arrow::Type::FLOAT && argument->arrow->id() != arrow::Type::DOUBLE) {
      return InvalidArgument("aggregate ", function, " takes a FLOAT or DOUBLE, not ", argument->sql,
                             "; cast the column in a project first");
    }
    return WithNullability(*argument, true);
  }
  const bool extreme = function == "min" || function == "max";
  if (!extreme && FamilyOf(*argument) != TypeFamily::kNumber) {
    return InvalidArgument("aggregate ", function, " takes a number, not ", argument->sql,
                           "; cast the column in a project first");
  }
  if (!IsKeyType(*argument)) {
    return InvalidArgument("aggregate ", function, " does not take ", argument->sql, "; use a column that has an order");
  }
  if (!extreme && IsDecimal(*argument)) {
    const int scale = DigitsOf(*argument).scale;
    return MakeType(arrow::decimal128(38, function == "avg" ? std::max(6, scale) : scale), true);
  }
  return WithNullability(*argument, true);
}

absl::StatusOr<DataType> CastResultType(const DataType& from, const DataType& to, v1::CastMode mode) {
  if (!CanCast(from, to, mode)) {
    return InvalidArgument("cannot cast ", from.sql, " to ", to.sql, "; docs/plan.md lists what can be cast");
  }
  if (mode == v1::CAST_MODE_TRY) return WithNullability(to, true);
  if (from.nullable && !to.nullable) {
    return InvalidArgument("cannot cast ", from.sql, " to ", to.sql,
                           ", because the operand may be NULL; use coalesce around it");
  }
  return WithNullability(to, from.nullable);
}

bool IsKeyType(const DataType& type) {
  const TypeFamily family = FamilyOf(type);
  return family != TypeFamily::kNested && family != TypeFamily::kMonths && family != TypeFamily::kMillis;
}

std::vector<std::string> ScalarFunctionNames() {
  std::vector<std::string> names;
  for (const Function& function : AllFunctions()) {
    if (std::find(names.begin(), names.end(), function.name) == names.end()) names.push_back(function.name);
  }
  return names;
}

std::vector<std::string> AggregateFunctionNames() { return {std::begin(kAggregates), std::end(kAggregates)}; }

}  // namespace millrace
