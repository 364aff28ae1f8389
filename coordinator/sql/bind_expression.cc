#include "coordinator/sql/bind_expression.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "arrow/type.h"
#include "base/expression/function_registry.h"
#include "base/nearest_name.h"
#include "coordinator/sql/bind_literal.h"
#include "coordinator/sql/expression_binder.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/scope.h"
#include "coordinator/sql/sql_types.h"

namespace millrace::sql {
namespace {

constexpr std::string_view kNullNeedsType =
    "this NULL has no type here; write CAST(NULL AS INT), with the type that is meant";

template <typename... Kinds>
struct Overloaded : Kinds... {
  using Kinds::operator()...;
};

}  // namespace

ExpressionBinder::Result ExpressionBinder::Bind(const Expression& expression) {
  if (hook_ != nullptr) {
    Result taken;
    if (hook_->Take(expression, taken)) return taken;
  }
  return BindNode(expression);
}

ExpressionBinder::Result ExpressionBinder::BindNode(const Expression& expression) {
  const SourceRange& range = expression.range;
  const auto misplaced = [&](const auto&... what) {
    ReportWrong(diagnostics_, range, what...);
    return std::nullopt;
  };
  const auto subquery = [&] {
    ReportUnsupported(diagnostics_, range, "a subquery cannot stand here");
    return std::nullopt;
  };
  return std::visit(
      Overloaded{
          [&](const Literal& literal) -> Result { return BindLiteral(literal, false, range, diagnostics_); },
          [&](const IntervalLiteral& literal) -> Result { return BindInterval(literal, range, diagnostics_); },
          [&](const ColumnReference& reference) -> Result { return Column(reference); },
          [&](const FieldAccess& access) -> Result {
            Result operand = BindTyped(*access.operand);
            return operand ? Field(*std::move(operand), access.field) : std::nullopt;
          },
          [&](const ElementAccess& access) -> Result {
            Result operand = BindTyped(*access.operand), index = BindTyped(*access.index);
            if (!operand || !index) return std::nullopt;
            return Call("element_at", {*std::move(operand), *std::move(index)}, range);
          },
          [&](const Unary& unary) -> Result { return UnaryOf(unary, range); },
          [&](const Binary& binary) -> Result { return BinaryOf(binary, range); },
          [&](const Logical& logical) -> Result { return LogicalOf(logical, range); },
          [&](const IsTest& test) -> Result { return IsTestOf(test, range); },
          [&](const Between& between) -> Result { return BetweenOf(between, range); },
          [&](const Like& like) -> Result { return LikeOf(like, range); },
          [&](const InList& in) -> Result { return InListOf(in, range); },
          [&](const InSubquery&) -> Result { return subquery(); },
          [&](const Quantified&) -> Result { return subquery(); },
          [&](const Exists&) -> Result { return subquery(); },
          [&](const ScalarSubquery&) -> Result { return subquery(); },
          [&](const Case& cases) -> Result { return CaseOf(cases, range); },
          [&](const Cast& cast) -> Result { return CastOf(cast, range); },
          [&](const ArrayConstructor& array) -> Result { return Constructor("array", array.values, range); },
          [&](const MapConstructor& map) -> Result { return Constructor("map", map.entries, range); },
          [&](const RowConstructor& row) -> Result { return Constructor("row", row.values, range); },
          [&](const Symbol&) -> Result {
            return misplaced("this word is an argument of a function, and stands alone here");
          },
          [&](const Descriptor&) -> Result {
            return misplaced("DESCRIPTOR names the time column of a window function, such as TUMBLE; it is no value");
          },
          [&](const TableArgument&) -> Result {
            return misplaced("TABLE … is an argument of a window function, such as TUMBLE; it is no value");
          },
          [&](const FunctionCall& call) -> Result { return FunctionOf(call, range); },
      },
      expression.node);
}

ExpressionBinder::Result ExpressionBinder::BindTyped(const Expression& expression) {
  Result result = Bind(expression);
  if (!result || !IsUntypedNull(result->type)) return result;
  ReportWrong(diagnostics_, expression.range, kNullNeedsType);
  return std::nullopt;
}

ExpressionBinder::Result ExpressionBinder::BindCondition(const Expression& expression, std::string_view what) {
  Result result = Bind(expression);
  if (!result) return std::nullopt;
  if (IsUntypedNull(result->type)) return NullConstant(SqlType(arrow::boolean(), true));
  if (IsBoolean(result->type)) return result;
  ReportWrong(diagnostics_, expression.range, what, " takes a condition, but this is ", result->type.sql,
              "; compare it with something");
  return std::nullopt;
}

ExpressionBinder::Result ExpressionBinder::Column(const ColumnReference& reference) {
  const std::optional<FoundColumn> found = FindColumn(reference.name, scope_, diagnostics_);
  if (!found) return std::nullopt;
  Result result = TypedExpression{};
  result->plan.set_column(found->column->plan_column);
  result->type = found->column->type;
  for (size_t part = found->parts; result && part < reference.name.parts.size(); ++part) {
    result = Field(*std::move(result), reference.name.parts[part]);
  }
  return result;
}

ExpressionBinder::Result ExpressionBinder::Field(TypedExpression operand, const Identifier& field) {
  if (operand.type.arrow->id() != arrow::Type::STRUCT) {
    ReportWrong(diagnostics_, field.range, "'", field.text, "' cannot be a field of this: it is ", operand.type.sql,
                ", and only a ROW has fields");
    return std::nullopt;
  }
  std::vector<std::string> names;
  for (const auto& own : operand.type.arrow->fields()) names.push_back(own->name());
  if (std::find(names.begin(), names.end(), field.text) == names.end()) {
    ReportWrong(diagnostics_, field.range, "this ROW has no field '", field.text, "'", NameAdvice(field.text, names));
    return std::nullopt;
  }
  return Call("get_field", {std::move(operand), StringConstant(field.text)}, field.range);
}

namespace {

// What is wrong with a call, without names that nobody has written: those of the functions behind operators.
std::string WhyNot(std::string_view function, const std::vector<TypedExpression>& arguments, std::string_view message) {
  constexpr std::string_view kComparisons[] = {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
                                               "is_distinct_from", "is_not_distinct_from", "in_list"};
  if (std::find(std::begin(kComparisons), std::end(kComparisons), function) != std::end(kComparisons)) {
    const DataType& one = arguments[0].type;
    const auto other = std::find_if(arguments.begin() + 1, arguments.end(), [&](const TypedExpression& own) {
      return IsText(own.type) != IsText(one) || !IsSameType(own.type, one);
    });
    if (other != arguments.end()) {
      return Cat(one.sql, " and ", other->type.sql, " cannot be compared; CAST one of them, such as CAST(… AS ",
                 SpelledNullable(IsText(one) ? other->type : one), ")");
    }
  }
  const std::string named = Cat("function ", function, " takes ");
  const bool is_call = message.starts_with(Cat(named, absl::AsciiStrToUpper(AbslView(function)), "("));
  if (!message.starts_with(named) || is_call) return std::string(message);
  return Cat("this takes ", message.substr(named.size()));
}

}  // namespace

ExpressionBinder::Result ExpressionBinder::Call(std::string_view function, std::vector<TypedExpression> arguments,
                                                const SourceRange& range) {
  std::vector<CallArgument> types;
  for (const TypedExpression& argument : arguments) {
    if (IsUntypedNull(argument.type)) {
      ReportWrong(diagnostics_, range, kNullNeedsType);
      return std::nullopt;
    }
    types.push_back({argument.type, argument.plan.has_literal() ? &argument.plan.literal() : nullptr});
  }
  absl::StatusOr<ResolvedCall> resolved = ResolveCall(function, types);
  if (!resolved.ok()) {
    ReportWrong(diagnostics_, range, WhyNot(function, arguments, StdView(resolved.status().message())));
    return std::nullopt;
  }
  TypedExpression result;
  v1::Call& call = *result.plan.mutable_call();
  call.set_function(resolved->function);
  if (resolved->zoned && session_.time_zone != "UTC") call.set_zone(session_.time_zone);
  for (size_t i = 0; i < arguments.size(); ++i) {
    const DataType& to = i < resolved->arguments.size() ? resolved->arguments[i] : arguments[i].type;
    *call.add_args() = ConvertTo(std::move(arguments[i]), to, session_).plan;
  }
  result.type = std::move(resolved->result);
  return result;
}

std::optional<std::vector<TypedExpression>> ExpressionBinder::BindAll(const std::vector<Expression>& expressions) {
  std::vector<TypedExpression> all;
  for (const Expression& expression : expressions) {
    Result result = Bind(expression);
    if (result) all.push_back(*std::move(result));
  }
  if (all.size() != expressions.size()) return std::nullopt;
  return all;
}

bool ExpressionBinder::GiveNullsTypes(std::vector<TypedExpression>& expressions, const DataType* otherwise,
                                      const SourceRange& range) {
  std::vector<DataType> types;
  bool any_null = false;
  for (const TypedExpression& expression : expressions) {
    any_null |= IsUntypedNull(expression.type);
    types.push_back(expression.type);
  }
  if (!any_null) return true;
  const std::optional<DataType> common = CommonSqlType(types);
  // Without a common type, what is wrong is not the NULL: any type lets the function say it.
  const auto typed =
      std::find_if(types.begin(), types.end(), [](const DataType& type) { return !IsUntypedNull(type); });
  const DataType* type = common ? &*common : typed != types.end() ? &*typed : otherwise;
  if (type == nullptr) {
    ReportWrong(diagnostics_, range, kNullNeedsType);
    return false;
  }
  for (TypedExpression& expression : expressions) {
    if (IsUntypedNull(expression.type)) expression = NullConstant(*type);
  }
  return true;
}

ExpressionBinder::Result ExpressionBinder::Not(Result operand, const SourceRange& range) {
  if (!operand) return std::nullopt;
  return Call("not", {*std::move(operand)}, range);
}

TypedExpression ConvertTo(TypedExpression expression, const DataType& to, const Session& session) {
  if (IsSameType(expression.type, to)) return expression;
  if (std::optional<TypedExpression> constant = ConstantAs(expression, to)) return *std::move(constant);
  const bool zoned = IsZonedTimestamp(expression.type) != IsZonedTimestamp(to);
  TypedExpression result;
  v1::Cast& cast = *result.plan.mutable_cast();
  result.type = WithNull(to, expression.type.nullable);
  *cast.mutable_operand() = std::move(expression.plan);
  cast.set_type(SpelledNullable(to));
  cast.set_mode(v1::CAST_MODE_SQL);
  if (zoned && session.time_zone != "UTC") cast.set_zone(session.time_zone);
  return result;
}

int LevelsOf(const v1::Expression& expression) {
  int below = 0;
  if (expression.has_cast()) below = LevelsOf(expression.cast().operand());
  for (const v1::Expression& argument : expression.call().args()) below = std::max(below, LevelsOf(argument));
  return below + 1;
}

std::optional<TypedExpression> BindExpression(const Expression& expression, const Scope& scope, const Session& session,
                                              std::vector<Diagnostic>& diagnostics) {
  std::optional<TypedExpression> result = ExpressionBinder(scope, session, diagnostics).BindTyped(expression);
  if (!result || LevelsOf(result->plan) <= kMostExpressionLevels) return result;
  ReportWrong(diagnostics, expression.range, "this expression is nested more than ", kMostExpressionLevels,
              " deep; compute a part of it in a subquery");
  return std::nullopt;
}

}  // namespace millrace::sql
