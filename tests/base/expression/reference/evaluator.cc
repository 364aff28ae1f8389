#include "tests/base/expression/reference/evaluator.h"

#include "tests/base/expression/reference/functions.h"

namespace millrace::reference {
namespace {

const FunctionTable& Functions() {
  static const FunctionTable* const kTable = [] {
    auto* table = new FunctionTable;
    AddComparisons(*table);
    AddNumbers(*table);
    AddStrings(*table);
    AddTexts(*table);
    AddTimes(*table);
    AddCollections(*table);
    return table;
  }();
  return *kTable;
}

// These do not need all of their arguments.
const std::set<std::string>& LazyFunctions() {
  static const auto* const kNames = new std::set<std::string>{"and", "or", "case", "if", "coalesce", "ifnull"};
  return *kNames;
}

Result Lazily(const TypedExpression& call, const std::vector<Value>& row) {
  const std::vector<TypedExpression>& args = call.args;
  if (call.function == "and" || call.function == "or") {
    const bool decisive = call.function == "or";
    bool any_null = false;
    for (const TypedExpression& arg : args) {
      const Result result = Evaluate(arg, row);
      if (!result.ok()) return result;
      if (result.value.null()) {
        any_null = true;
      } else if (result.value.boolean() == decisive) {
        return decisive;
      }
    }
    return any_null ? Result(Null()) : Result(!decisive);
  }
  if (call.function == "case" || call.function == "if") {
    for (size_t i = 0; i + 1 < args.size(); i += 2) {
      const Result condition = Evaluate(args[i], row);
      if (!condition.ok()) return condition;
      if (!condition.value.null() && condition.value.boolean()) return Evaluate(args[i + 1], row);
    }
    return Evaluate(args.back(), row);
  }
  Result result = Null();
  for (const TypedExpression& arg : args) {
    result = Evaluate(arg, row);
    if (!result.ok() || !result.value.null()) break;
  }
  return result;
}

// The worst of two: a row fails whatever else is unknown of it.
Result::Kind Worse(Result::Kind a, Result::Kind b) {
  if (a == Result::Kind::kFails || b == Result::Kind::kFails) return Result::Kind::kFails;
  return a == Result::Kind::kUnknown ? a : b;
}

}  // namespace

Result Evaluate(const TypedExpression& expression, const std::vector<Value>& row) {
  switch (expression.kind) {
    case TypedExpression::Kind::kColumn:
      return row[static_cast<size_t>(expression.column)];
    case TypedExpression::Kind::kLiteral:
      return expression.literal;
    case TypedExpression::Kind::kCast: {
      Result operand = Evaluate(expression.args[0], row);
      if (!operand.ok() || operand.value.null()) return operand;
      const DataType& from = expression.args[0].type;
      const bool sql = expression.mode == v1::CAST_MODE_SQL || expression.mode == v1::CAST_MODE_TRY;
      if (!sql) return CastExactly(operand.value, from, expression.type);
      Result cast = CastAsSql(operand.value, from, expression.type, expression.zone);
      if (expression.mode == v1::CAST_MODE_TRY && cast.kind == Result::Kind::kFails) return Null();
      return cast;
    }
    case TypedExpression::Kind::kCall:
      break;
  }
  if (LazyFunctions().contains(expression.function)) return Lazily(expression, row);
  Call call{.name = expression.function,
            .types = {},
            .result = expression.type,
            .literal = {},
            .zone = expression.zone,
            .args = {}};
  Result::Kind worst = Result::Kind::kValue;
  bool any_null = false;
  for (const TypedExpression& arg : expression.args) {
    Result result = Evaluate(arg, row);
    worst = Worse(worst, result.kind);
    any_null = any_null || (result.ok() && result.value.null());
    call.types.push_back(arg.type);
    call.literal.push_back(arg.kind == TypedExpression::Kind::kLiteral);
    call.args.push_back(std::move(result.value));
  }
  if (worst != Result::Kind::kValue) return Result(worst);
  const auto function = Functions().find(expression.function);
  if (function == Functions().end()) return Unknown();
  if (function->second.strict && any_null) return Null();
  return function->second.of(call);
}

std::set<std::string> KnownFunctions() {
  std::set<std::string> names = LazyFunctions();
  for (const auto& [name, function] : Functions()) names.insert(name);
  return names;
}

}  // namespace millrace::reference
