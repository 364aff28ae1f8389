#include <algorithm>
#include <utility>

#include "arrow/type.h"
#include "base/expression/function_registry.h"
#include "coordinator/sql/bind_literal.h"
#include "coordinator/sql/expression_binder.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/sql_types.h"

namespace millrace::sql {
namespace {

using Result = std::optional<TypedExpression>;

// The operator || where the registry tells it from CONCAT.
std::string_view ConcatFunction() {
  static const bool has_operator = [] {
    const std::vector<std::string> names = ScalarFunctionNames();
    return std::find(names.begin(), names.end(), "concat_operator") != names.end();
  }();
  return has_operator ? "concat_operator" : "concat";
}

std::string_view FunctionBehind(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kMultiply:
      return "times";
    case BinaryOperator::kDivide:
      return "divide";
    case BinaryOperator::kModulo:
      return "modulo";
    case BinaryOperator::kConcat:
      return ConcatFunction();
    case BinaryOperator::kAdd:
      return "plus";
    case BinaryOperator::kSubtract:
      return "minus";
    case BinaryOperator::kIsDistinctFrom:
      return "is_distinct_from";
    case BinaryOperator::kIsNotDistinctFrom:
      return "is_not_distinct_from";
    case BinaryOperator::kEqual:
      return "equal";
    case BinaryOperator::kNotEqual:
      return "not_equal";
    case BinaryOperator::kLess:
      return "less";
    case BinaryOperator::kLessOrEqual:
      return "less_equal";
    case BinaryOperator::kGreater:
      return "greater";
    case BinaryOperator::kGreaterOrEqual:
      return "greater_equal";
    case BinaryOperator::kOverlaps:
      return "overlaps";
  }
  return "";
}

// Comparisons take a bare NULL; arithmetic does not.
bool IsComparison(BinaryOperator op) {
  return op >= BinaryOperator::kIsDistinctFrom && op != BinaryOperator::kOverlaps;
}

bool IsPointInTime(const DataType& type) {
  return IsTimestamp(type) || type.arrow->id() == arrow::Type::DATE32 || type.arrow->id() == arrow::Type::TIME32;
}

bool IsOneKind(const DataType& a, const DataType& b) {
  return a.arrow->id() == b.arrow->id() && IsZonedTimestamp(a) == IsZonedTimestamp(b);
}

}  // namespace

Result ExpressionBinder::UnaryOf(const Unary& unary, const SourceRange& range) {
  const auto* literal = std::get_if<Literal>(&unary.operand->node);
  const bool number =
      literal != nullptr && (literal->kind == Literal::Kind::kExact || literal->kind == Literal::Kind::kApproximate);
  if (number && unary.op == UnaryOperator::kMinus) return BindLiteral(*literal, true, range, diagnostics_);
  if (unary.op == UnaryOperator::kNot) return Not(BindCondition(*unary.operand, "NOT"), range);
  Result operand = BindTyped(*unary.operand);
  if (!operand) return std::nullopt;
  if (unary.op == UnaryOperator::kMinus) return Call("negate", {*std::move(operand)}, range);
  if (IsNumeric(operand->type) || IsInterval(operand->type)) return operand;
  ReportWrong(diagnostics_, range, "a plus sign takes a number, not ", operand->type.sql);
  return std::nullopt;
}

Result ExpressionBinder::Compare(std::string_view function, TypedExpression left, TypedExpression right,
                                 const SourceRange& range) {
  if (IsTimestamp(left.type) && IsTimestamp(right.type) &&
      IsZonedTimestamp(left.type) != IsZonedTimestamp(right.type)) {
    // The moment that the session's clocks show it at.
    TypedExpression& local = IsZonedTimestamp(left.type) ? right : left;
    const DataType moment =
        SqlType(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), local.type.nullable, local.type.precision);
    local = ConvertTo(std::move(local), moment, session_);
  }
  std::vector<TypedExpression> both;
  both.push_back(std::move(left));
  both.push_back(std::move(right));
  const DataType boolean = SqlType(arrow::boolean(), true);
  if (!GiveNullsTypes(both, &boolean, range)) return std::nullopt;
  return Call(function, std::move(both), range);
}

Result ExpressionBinder::BinaryOf(const Binary& binary, const SourceRange& range) {
  if (binary.op == BinaryOperator::kOverlaps) return OverlapsOf(binary, range);
  if (IsComparison(binary.op)) {
    Result left = Bind(*binary.left), right = Bind(*binary.right);
    if (!left || !right) return std::nullopt;
    return Compare(FunctionBehind(binary.op), *std::move(left), *std::move(right), range);
  }
  Result left = BindTyped(*binary.left), right = BindTyped(*binary.right);
  if (!left || !right) return std::nullopt;
  return Call(FunctionBehind(binary.op), {*std::move(left), *std::move(right)}, range);
}

// (a, b) OVERLAPS (c, d): ends in either order; the second of a pair may be an interval.
Result ExpressionBinder::OverlapsOf(const Binary& binary, const SourceRange& range) {
  std::vector<TypedExpression> ends;
  for (const Expression* side : {&*binary.left, &*binary.right}) {
    const auto* pair = std::get_if<RowConstructor>(&side->node);
    if (pair == nullptr || pair->values.size() != 2) {
      ReportWrong(diagnostics_, side->range, "OVERLAPS takes two pairs: (start, end) OVERLAPS (start, end)");
      return std::nullopt;
    }
    Result start = BindTyped(pair->values[0]), end = BindTyped(pair->values[1]);
    if (!start || !end) return std::nullopt;
    if (!IsPointInTime(start->type) || !(IsInterval(end->type) || IsOneKind(start->type, end->type))) {
      ReportWrong(diagnostics_, side->range, "OVERLAPS takes pairs of two dates, times or timestamps of one kind, or ",
                  "of one and an INTERVAL, not (", start->type.sql, ", ", end->type.sql, "); CAST what differs");
      return std::nullopt;
    }
    if (IsInterval(end->type)) end = Call("plus", {*start, *std::move(end)}, side->range);
    if (!end) return std::nullopt;
    Result forward = Call("less_equal", {*start, *end}, side->range);
    if (!forward) return std::nullopt;
    Result low = Call("case", {*forward, *start, *end}, side->range);
    Result high = Call("case", {*forward, *end, *start}, side->range);
    if (!low || !high) return std::nullopt;
    ends.push_back(*std::move(low));
    ends.push_back(*std::move(high));
  }
  Result a = Call("greater_equal", {ends[1], ends[2]}, range), b = Call("greater_equal", {ends[3], ends[0]}, range);
  if (!a || !b) return std::nullopt;
  return Call("and", {*std::move(a), *std::move(b)}, range);
}

Result ExpressionBinder::LogicalOf(const Logical& logical, const SourceRange& range) {
  const std::string_view word = logical.kind == Logical::Kind::kAnd ? "AND" : "OR";
  std::vector<TypedExpression> operands;
  for (const Expression& expression : logical.operands) {
    Result operand = BindTyped(expression);
    if (operand && !IsBoolean(operand->type)) {
      ReportWrong(diagnostics_, expression.range, word, " takes conditions, but this is ", operand->type.sql,
                  "; compare it with something");
    } else if (operand) {
      operands.push_back(*std::move(operand));
    }
  }
  if (operands.size() != logical.operands.size()) return std::nullopt;
  // The registry bounds the number of arguments; a longer chain is one of chains.
  constexpr size_t kMostOperands = 500;
  const std::string_view function = logical.kind == Logical::Kind::kAnd ? "and" : "or";
  while (operands.size() > kMostOperands) {
    std::vector<TypedExpression> chains;
    for (size_t at = 0; at < operands.size(); at += kMostOperands) {
      const size_t end = std::min(operands.size(), at + kMostOperands);
      if (end - at == 1) {
        chains.push_back(std::move(operands[at]));
        continue;
      }
      Result chain =
          Call(function,
               std::vector<TypedExpression>(std::make_move_iterator(operands.begin() + static_cast<int64_t>(at)),
                                            std::make_move_iterator(operands.begin() + static_cast<int64_t>(end))),
               range);
      if (!chain) return std::nullopt;
      chains.push_back(*std::move(chain));
    }
    operands = std::move(chains);
  }
  return Call(function, std::move(operands), range);
}

Result ExpressionBinder::IsTestOf(const IsTest& test, const SourceRange& range) {
  std::string_view function;
  switch (test.kind) {
    case IsTest::Kind::kTrue:
      function = test.negated ? "is_not_true" : "is_true";
      break;
    case IsTest::Kind::kFalse:
      function = test.negated ? "is_not_false" : "is_false";
      break;
    default:
      function = test.negated ? "is_not_null" : "is_null";
  }
  Result operand = test.kind == IsTest::Kind::kNull ? Bind(*test.operand) : BindCondition(*test.operand, "IS");
  if (!operand) return std::nullopt;
  if (IsUntypedNull(operand->type)) operand = NullConstant(SqlType(arrow::boolean(), true));
  return Call(function, {*std::move(operand)}, range);
}

Result ExpressionBinder::BetweenOf(const Between& between, const SourceRange& range) {
  Result operand = Bind(*between.operand), low = Bind(*between.low), high = Bind(*between.high);
  if (!operand || !low || !high) return std::nullopt;
  const auto within = [&](const TypedExpression& from, const TypedExpression& to) -> Result {
    Result above = Compare("greater_equal", *operand, from, range);
    Result below = above ? Compare("less_equal", *operand, to, range) : std::nullopt;
    if (!below) return std::nullopt;
    return Call("and", {*std::move(above), *std::move(below)}, range);
  };
  Result result = within(*low, *high);
  if (result && between.symmetric) {
    Result turned = within(*high, *low);
    result = turned ? Call("or", {*std::move(result), *std::move(turned)}, range) : std::nullopt;
  }
  return between.negated ? Not(std::move(result), range) : result;
}

Result ExpressionBinder::LikeOf(const Like& like, const SourceRange& range) {
  std::vector<TypedExpression> arguments;
  Result operand = BindTyped(*like.operand), pattern = BindTyped(*like.pattern);
  Result escape = like.escape ? BindTyped(**like.escape) : std::nullopt;
  if (!operand || !pattern || (like.escape && !escape)) return std::nullopt;
  arguments.push_back(*std::move(operand));
  arguments.push_back(*std::move(pattern));
  if (escape) arguments.push_back(*std::move(escape));
  Result result = Call(like.similar ? "similar_to" : "like", std::move(arguments), range);
  return like.negated ? Not(std::move(result), range) : result;
}

Result ExpressionBinder::InListOf(const InList& in, const SourceRange& range) {
  Result operand = Bind(*in.operand);
  std::optional<std::vector<TypedExpression>> values = BindAll(in.values);
  if (!operand || !values) return std::nullopt;
  values->insert(values->begin(), *std::move(operand));
  const DataType boolean = SqlType(arrow::boolean(), true);
  if (!GiveNullsTypes(*values, &boolean, range)) return std::nullopt;
  const bool constant = std::all_of(values->begin() + 1, values->end(),
                                    [](const TypedExpression& value) { return value.plan.has_literal(); });
  Result result;
  if (constant) {
    result = Call("in_list", *std::move(values), range);
  } else {
    std::vector<TypedExpression> equals;
    for (size_t i = 1; i < values->size(); ++i) {
      Result equal = Call("equal", {(*values)[0], (*values)[i]}, in.values[i - 1].range);
      if (!equal) return std::nullopt;
      equals.push_back(*std::move(equal));
    }
    if (equals.size() == 1) {
      result = std::move(equals[0]);
    } else {
      result = Call("or", std::move(equals), range);
    }
  }
  return in.negated ? Not(std::move(result), range) : result;
}

Result ExpressionBinder::CaseOf(const Case& cases, const SourceRange& range) {
  Result operand = cases.operand ? Bind(**cases.operand) : std::nullopt;
  bool right = !cases.operand || operand.has_value();
  std::vector<TypedExpression> conditions, results;
  for (const CaseBranch& branch : cases.branches) {
    std::vector<TypedExpression> alternatives;
    for (const Expression& when : branch.when) {
      Result condition = cases.operand ? Bind(when) : BindCondition(when, "WHEN");
      if (condition && operand) condition = Compare("equal", *operand, *std::move(condition), when.range);
      if (condition) alternatives.push_back(*std::move(condition));
    }
    Result then = Bind(branch.then);
    if (!then || alternatives.size() != branch.when.size()) {
      right = false;
      continue;
    }
    Result condition =
        alternatives.size() == 1 ? std::move(alternatives[0]) : Call("or", std::move(alternatives), range);
    if (!condition) return std::nullopt;
    conditions.push_back(*std::move(condition));
    results.push_back(*std::move(then));
  }
  Result otherwise = cases.otherwise ? Bind(**cases.otherwise) : NullConstant(UntypedNull());
  if (!right || !otherwise) return std::nullopt;
  results.push_back(*std::move(otherwise));
  if (!GiveNullsTypes(results, nullptr, range)) return std::nullopt;
  std::vector<TypedExpression> arguments;
  for (size_t i = 0; i < conditions.size(); ++i) {
    arguments.push_back(std::move(conditions[i]));
    arguments.push_back(std::move(results[i]));
  }
  arguments.push_back(std::move(results.back()));
  return Call("case", std::move(arguments), range);
}

Result ExpressionBinder::CastOf(const Cast& cast, const SourceRange& range) {
  Result operand = Bind(*cast.operand);
  std::optional<DataType> to = BindType(cast.type, diagnostics_);
  if (!operand || !to) return std::nullopt;
  if (IsUntypedNull(operand->type)) return NullConstant(*to);
  const v1::CastMode mode = cast.try_cast ? v1::CAST_MODE_TRY : v1::CAST_MODE_SQL;
  absl::StatusOr<DataType> type = CastResultType(WithNull(operand->type, true), WithNull(*to, true), mode);
  if (!type.ok()) {
    ReportWrong(diagnostics_, range, "there is no CAST from ", operand->type.sql, " to ", to->sql);
    return std::nullopt;
  }
  // In CAST(x AS t) nothing but x says whether the result may be NULL; TRY_CAST may give one.
  const bool nullable = operand->type.nullable || cast.try_cast;
  if (IsSameType(operand->type, *to)) {
    operand->type = WithNull(operand->type, nullable);
    return operand;
  }
  if (std::optional<TypedExpression> constant = ConstantAs(*operand, *to)) {
    constant->type = WithNull(constant->type, nullable);
    return constant;
  }
  TypedExpression result = ConvertTo(*std::move(operand), *to, session_);
  result.plan.mutable_cast()->set_mode(mode);
  result.type = WithNull(result.type, nullable);
  return result;
}

Result ExpressionBinder::Constructor(std::string_view function, const std::vector<Expression>& values,
                                     const SourceRange& range) {
  std::optional<std::vector<TypedExpression>> arguments = BindAll(values);
  if (!arguments) return std::nullopt;
  if (function == "map") {
    std::vector<TypedExpression> keys, entries;
    for (size_t i = 0; i + 1 < arguments->size(); i += 2) {
      keys.push_back(std::move((*arguments)[i]));
      entries.push_back(std::move((*arguments)[i + 1]));
    }
    if (!GiveNullsTypes(keys, nullptr, range) || !GiveNullsTypes(entries, nullptr, range)) return std::nullopt;
    for (size_t i = 0; i < keys.size(); ++i) {
      (*arguments)[2 * i] = std::move(keys[i]);
      (*arguments)[2 * i + 1] = std::move(entries[i]);
    }
  } else if (function == "array" && !GiveNullsTypes(*arguments, nullptr, range)) {
    return std::nullopt;
  }
  return Call(function, *std::move(arguments), range);
}

}  // namespace millrace::sql
