#include "tests/base/expression/sql_expression.h"

#include <cstdio>
#include <vector>

#include "absl/strings/ascii.h"
#include "arrow/api.h"
#include "base/error.h"
#include "base/expression/expression.h"
#include "base/expression/function_registry.h"
#include "coordinator/sql/unparser.h"

namespace millrace {
namespace {

using Plan = std::optional<v1::Expression>;

class Translator {
 public:
  Translator(const arrow::Schema& input, std::string zone) : input_(input), zone_(std::move(zone)) {}

  Plan Translate(const sql::Expression& expression) const {
    return std::visit([this](const auto& node) { return Of(node); }, expression.node);
  }

 private:
  static Plan Literal(const std::string& type, const std::string& value) {
    v1::Expression expression;
    expression.mutable_literal()->set_type(type);
    expression.mutable_literal()->set_value(value);
    return expression;
  }

  // A NULL whose type is not known yet has none.
  static bool IsUntyped(const v1::Expression& expression) {
    return expression.has_literal() && expression.literal().type().empty();
  }

  Plan Call(const std::string& function, std::vector<Plan> args) const {
    v1::Expression expression;
    v1::Call& call = *expression.mutable_call();
    call.set_zone(zone_);
    std::string type;
    for (const Plan& arg : args) {
      if (!arg) return std::nullopt;
      if (IsUntyped(*arg) || !type.empty()) continue;
      absl::StatusOr<ExpressionPtr> bound = BindExpression(*arg, input_);
      if (!bound.ok()) return std::nullopt;
      // The conditions of CASE say nothing about its values.
      if (function == "case" && (*bound)->type()->id() == arrow::Type::BOOL) continue;
      DataType known = (*bound)->data_type();
      type = known.nullable ? known.sql : known.sql.substr(0, known.sql.size() - 9);
    }
    if (type.empty()) type = "INT";
    std::vector<CallArgument> arguments;
    for (Plan& arg : args) {
      if (IsUntyped(*arg)) arg->mutable_literal()->set_type(type);
      absl::StatusOr<ExpressionPtr> bound = BindExpression(*arg, input_);
      if (!bound.ok()) return std::nullopt;
      arguments.push_back({.type = (*bound)->data_type(), .literal = arg->has_literal() ? &arg->literal() : nullptr});
      *call.add_args() = *arg;
    }
    absl::StatusOr<ResolvedCall> resolved = ResolveCall(function, arguments);
    if (!resolved.ok()) return std::nullopt;
    call.set_function(resolved->function);
    return expression;
  }

  Plan Of(const sql::Literal& literal) const {
    using Kind = sql::Literal::Kind;
    switch (literal.kind) {
      case Kind::kNull:
      case Kind::kUnknown: {
        v1::Expression expression;
        expression.mutable_literal();
        return expression;
      }
      case Kind::kTrue:
        return Literal("BOOLEAN", "true");
      case Kind::kFalse:
        return Literal("BOOLEAN", "false");
      case Kind::kExact:
        return Exact(literal.text);
      case Kind::kApproximate:
        return Literal("DOUBLE", literal.text);
      case Kind::kString: {
        size_t characters = 0;
        for (unsigned char c : literal.text) characters += (c & 0xC0) != 0x80 ? 1 : 0;
        return Literal(Cat("CHAR(", std::max<size_t>(characters, 1), ")"), literal.text);
      }
      case Kind::kBinary:
        return Literal(Cat("BINARY(", literal.text.size() / 2, ")"), absl::AsciiStrToLower(literal.text));
      case Kind::kDate:
        return Literal("DATE", literal.text);
      case Kind::kTime:
        return Literal("TIME(0)", literal.text);
      case Kind::kTimestamp: {
        const size_t point = literal.text.find('.');
        const size_t digits = point == std::string::npos ? 0 : literal.text.size() - point - 1;
        return Literal(Cat("TIMESTAMP(", digits, ")"), literal.text);
      }
      default:
        return std::nullopt;
    }
  }

  static Plan Exact(std::string text) {
    const size_t point = text.find('.');
    const bool negative = text.starts_with('-');
    if (point != std::string::npos && point + 1 < text.size()) {
      const size_t scale = text.size() - point - 1;
      size_t whole = point - (negative ? 1 : 0);
      if (whole == 1 && text[negative ? 1 : 0] == '0' && scale > 0) whole = 1;
      return Literal(Cat("DECIMAL(", std::max<size_t>(whole + scale, 1), ", ", scale, ")"), text);
    }
    if (point != std::string::npos) text.resize(point);
    for (const char* type : {"INT", "BIGINT"}) {
      Plan literal = Literal(type, text);
      if (BindLiteral(literal->literal()).ok()) return literal;
    }
    return std::nullopt;
  }

  // DAY, YEAR TO MONTH and DAY TO SECOND.
  Plan Of(const sql::IntervalLiteral& interval) const {
    int days = 0, hours = 0, minutes = 0, years = 0, months = 0;
    double seconds = 0;
    if (interval.unit.from == sql::TimeUnit::kYear) {
      if (std::sscanf(interval.text.c_str(), "%d-%d", &years, &months) != 2) return std::nullopt;
      return Literal("INTERVAL YEAR TO MONTH", Cat(years * 12 + months));
    }
    if (std::sscanf(interval.text.c_str(), "%d %d:%d:%lf", &days, &hours, &minutes, &seconds) < 1) return std::nullopt;
    const int64_t millis = ((days * int64_t{24} + hours) * 60 + minutes) * 60'000 + static_cast<int64_t>(seconds * 1000);
    return Literal("INTERVAL DAY TO SECOND(3)", Cat(millis));
  }

  Plan Of(const sql::ColumnReference& reference) const {
    v1::Expression expression;
    expression.set_column(reference.name.parts.back().text);
    return input_.GetFieldIndex(expression.column()) < 0 ? std::nullopt : Plan(expression);
  }

  Plan Of(const sql::Unary& unary) const {
    if (unary.op == sql::UnaryOperator::kMinus) {
      const auto* literal = std::get_if<sql::Literal>(&unary.operand->node);
      if (literal != nullptr && literal->kind == sql::Literal::Kind::kExact) return Exact("-" + literal->text);
      return Call("negate", {Translate(*unary.operand)});
    }
    if (unary.op == sql::UnaryOperator::kPlus) return Translate(*unary.operand);
    return Call("not", {Translate(*unary.operand)});
  }

  Plan Of(const sql::Binary& binary) const {
    using Operator = sql::BinaryOperator;
    const std::pair<Operator, const char*> names[] = {
        {Operator::kMultiply, "times"},       {Operator::kDivide, "divide"},
        {Operator::kModulo, "modulo"},        {Operator::kAdd, "plus"},
        {Operator::kSubtract, "minus"},       {Operator::kIsDistinctFrom, "is_distinct_from"},
        {Operator::kEqual, "equal"},          {Operator::kIsNotDistinctFrom, "is_not_distinct_from"},
        {Operator::kNotEqual, "not_equal"},   {Operator::kLess, "less"},
        {Operator::kGreater, "greater"},      {Operator::kLessOrEqual, "less_equal"},
        {Operator::kGreaterOrEqual, "greater_equal"}};
    for (const auto& [op, name] : names) {
      if (op == binary.op) return Call(name, {Translate(*binary.left), Translate(*binary.right)});
    }
    return std::nullopt;
  }

  Plan Of(const sql::Logical& logical) const {
    std::vector<Plan> operands;
    for (const sql::Expression& operand : logical.operands) operands.push_back(Translate(operand));
    return Call(logical.kind == sql::Logical::Kind::kAnd ? "and" : "or", std::move(operands));
  }

  Plan Of(const sql::IsTest& test) const {
    using Kind = sql::IsTest::Kind;
    const std::string name = test.kind == Kind::kTrue ? "true" : test.kind == Kind::kFalse ? "false" : "null";
    return Call(Cat("is_", test.negated ? "not_" : "", name), {Translate(*test.operand)});
  }

  Plan Of(const sql::Between& between) const {
    const Plan x = Translate(*between.operand), low = Translate(*between.low), high = Translate(*between.high);
    auto within = [&](const Plan& from, const Plan& to) {
      return Call("and", {Call("greater_equal", {x, from}), Call("less_equal", {x, to})});
    };
    Plan inside = within(low, high);
    if (between.symmetric) inside = Call("or", {inside, within(high, low)});
    return between.negated ? Call("not", {inside}) : inside;
  }

  Plan Of(const sql::InList& list) const {
    std::vector<Plan> args = {Translate(*list.operand)};
    for (const sql::Expression& value : list.values) args.push_back(Translate(value));
    const Plan found = Call("in_list", std::move(args));
    return list.negated ? Call("not", {found}) : found;
  }

  Plan Of(const sql::Case& node) const {
    std::vector<Plan> args;
    for (const sql::CaseBranch& branch : node.branches) {
      for (const sql::Expression& when : branch.when) {
        args.push_back(node.operand ? Call("equal", {Translate(**node.operand), Translate(when)}) : Translate(when));
        args.push_back(Translate(branch.then));
      }
    }
    args.push_back(node.otherwise ? Translate(**node.otherwise) : Plan(Of(sql::Literal{})));
    return Call("case", std::move(args));
  }

  Plan Of(const sql::Cast& node) const {
    const Plan operand = Translate(*node.operand);
    const std::string type = sql::Unparse(node.type);
    if (!operand || !ParseDataType(type).ok()) return std::nullopt;
    v1::Expression expression;
    if (IsUntyped(*operand)) {
      expression.mutable_literal()->set_type(type);
      return expression;
    }
    v1::Cast& cast = *expression.mutable_cast();
    *cast.mutable_operand() = *operand;
    cast.set_type(type);
    cast.set_zone(zone_);
    cast.set_mode(node.try_cast ? v1::CAST_MODE_TRY : v1::CAST_MODE_SQL);
    // A type without NOT NULL takes the operand's nullability.
    return expression;
  }

  Plan Of(const sql::FunctionCall& call) const {
    std::vector<Plan> args;
    for (const sql::FunctionArgument& argument : call.arguments) args.push_back(Translate(argument.value));
    return Call(absl::AsciiStrToLower(call.name.text), std::move(args));
  }

  template <typename Node>
  Plan Of(const Node& /*node*/) const {
    return std::nullopt;
  }

  const arrow::Schema& input_;
  const std::string zone_;
};

}  // namespace

std::optional<v1::Expression> PlanOf(const sql::Expression& expression, const arrow::Schema& input,
                                     const std::string& zone) {
  return Translator(input, zone).Translate(expression);
}

}  // namespace millrace
