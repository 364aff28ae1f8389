#include <algorithm>
#include <utility>

#include "base/check.h"
#include "coordinator/sql/ast_builder.h"

namespace millrace::sql {
namespace {

using P = sql_grammar::SqlParser;

BinaryOperator ComparisonOf(size_t type) {
  switch (type) {
    case P::EQ:
      return BinaryOperator::kEqual;
    case P::NE:
      return BinaryOperator::kNotEqual;
    case P::LT:
      return BinaryOperator::kLess;
    case P::LE:
      return BinaryOperator::kLessOrEqual;
    case P::GT:
      return BinaryOperator::kGreater;
    default:
      return BinaryOperator::kGreaterOrEqual;
  }
}

BinaryOperator ProductOf(P::ProductContext* product) {
  if (product->STAR() != nullptr) return BinaryOperator::kMultiply;
  if (product->SLASH() != nullptr) return BinaryOperator::kDivide;
  return product->PERCENT() != nullptr ? BinaryOperator::kModulo : BinaryOperator::kConcat;
}

IsTest::Kind TestOf(P::TestContext* test) {
  if (test->K_NULL() != nullptr) return IsTest::Kind::kNull;
  if (test->K_TRUE() != nullptr) return IsTest::Kind::kTrue;
  return test->K_FALSE() != nullptr ? IsTest::Kind::kFalse : IsTest::Kind::kUnknown;
}

}  // namespace

std::vector<Expression> AstBuilder::BuildAll(const std::vector<P::ExpressionContext*>& contexts) {
  std::vector<Expression> all;
  all.reserve(contexts.size());
  for (P::ExpressionContext* context : contexts) all.push_back(Build(context));
  return all;
}

// a AND b AND c leans to the left as ((a AND b) AND c): its operands, without recursion.
template <typename Context>
Expression AstBuilder::Chain(Context* context, Logical::Kind kind) {
  std::vector<P::ExpressionContext*> operands;
  P::ExpressionContext* at = context;
  while (auto* link = dynamic_cast<Context*>(at)) {
    operands.push_back(link->expression(1));
    at = link->expression(0);
  }
  operands.push_back(at);
  std::reverse(operands.begin(), operands.end());
  return {RangeOf(context), Logical{kind, BuildAll(operands)}};
}

Expression AstBuilder::Build(P::ExpressionContext* context) {
  const SourceRange range = RangeOf(context);
  if (auto* value = dynamic_cast<P::ValueContext*>(context)) return Build(value->valueExpression());
  if (auto* and_chain = dynamic_cast<P::ConjunctionContext*>(context)) return Chain(and_chain, Logical::Kind::kAnd);
  if (auto* or_chain = dynamic_cast<P::DisjunctionContext*>(context)) return Chain(or_chain, Logical::Kind::kOr);
  if (auto* negation = dynamic_cast<P::NegationContext*>(context)) {
    return {range, Unary{UnaryOperator::kNot, Build(negation->expression())}};
  }
  if (auto* comparing = dynamic_cast<P::ComparingContext*>(context)) {
    const BinaryOperator op = comparing->comparison() == nullptr
                                  ? BinaryOperator::kOverlaps
                                  : ComparisonOf(TokenOf(comparing->comparison()->start).type);
    return {range, Binary{op, Build(comparing->expression(0)), Build(comparing->expression(1))}};
  }
  if (auto* distinct = dynamic_cast<P::DistinctFromContext*>(context)) {
    const BinaryOperator op =
        distinct->K_NOT() != nullptr ? BinaryOperator::kIsNotDistinctFrom : BinaryOperator::kIsDistinctFrom;
    return {range, Binary{op, Build(distinct->expression(0)), Build(distinct->expression(1))}};
  }
  if (auto* test = dynamic_cast<P::TestContext*>(context)) {
    return {range, IsTest{TestOf(test), test->K_NOT() != nullptr, Build(test->expression())}};
  }
  if (auto* between = dynamic_cast<P::BetweenContext*>(context)) {
    return {range, Between{Build(between->expression()), Build(between->valueExpression(0)),
                           Build(between->valueExpression(1)), between->K_NOT() != nullptr,
                           between->K_SYMMETRIC() != nullptr}};
  }
  if (auto* like = dynamic_cast<P::LikeContext*>(context)) {
    Like node{Build(like->expression()),
              Build(like->valueExpression(0)),
              {},
              like->K_NOT() != nullptr,
              like->K_SIMILAR() != nullptr};
    if (like->K_ESCAPE() != nullptr) node.escape = Build(like->valueExpression(1));
    return {range, std::move(node)};
  }
  if (auto* in = dynamic_cast<P::InContext*>(context)) {
    const bool negated = in->K_NOT() != nullptr;
    Expression operand = Build(in->expression(0));
    if (in->query() != nullptr) return {range, InSubquery{std::move(operand), Build(in->query()), negated}};
    std::vector<P::ExpressionContext*> values = in->expression();
    values.erase(values.begin());
    return {range, InList{std::move(operand), BuildAll(values), negated}};
  }
  auto* quantified = dynamic_cast<P::QuantifiedContext*>(context);
  Check(quantified != nullptr, "every alternative of the rule `expression` is built");
  return {range, Quantified{ComparisonOf(TokenOf(quantified->comparison()->start).type), quantified->K_ALL() != nullptr,
                            Build(quantified->expression()), Build(quantified->query())}};
}

Expression AstBuilder::Build(P::ValueExpressionContext* context) {
  const SourceRange range = RangeOf(context);
  if (auto* atom = dynamic_cast<P::AtomContext*>(context)) return Build(atom->primary());
  if (auto* field = dynamic_cast<P::FieldContext*>(context)) return FieldOf(field);
  if (auto* element = dynamic_cast<P::ElementContext*>(context)) {
    return {range, ElementAccess{Build(element->valueExpression()), Build(element->expression())}};
  }
  if (auto* sign = dynamic_cast<P::SignedContext*>(context)) {
    return {range, Unary{sign->MINUS() != nullptr ? UnaryOperator::kMinus : UnaryOperator::kPlus,
                         Build(sign->valueExpression())}};
  }
  if (auto* product = dynamic_cast<P::ProductContext*>(context)) {
    return {range, Binary{ProductOf(product), Build(product->valueExpression(0)), Build(product->valueExpression(1))}};
  }
  auto* sum = dynamic_cast<P::SumContext*>(context);
  Check(sum != nullptr, "every alternative of the rule `valueExpression` is built");
  return {range, Binary{sum->PLUS() != nullptr ? BinaryOperator::kAdd : BinaryOperator::kSubtract,
                        Build(sum->valueExpression(0)), Build(sum->valueExpression(1))}};
}

// a.b.c is one reference; what is in parentheses is a value of its own.
Expression AstBuilder::FieldOf(P::FieldContext* context) {
  const SourceRange range = RangeOf(context);
  Identifier field = Name(context->identifier());
  auto* atom = dynamic_cast<P::AtomContext*>(context->valueExpression());
  const bool parenthesized = atom != nullptr && dynamic_cast<P::ParenthesizedContext*>(atom->primary()) != nullptr;
  Expression operand = Build(context->valueExpression());
  if (auto* column = std::get_if<ColumnReference>(&operand.node); column != nullptr && !parenthesized) {
    column->name.parts.push_back(std::move(field));
    column->name.range = range;
    operand.range = range;
    return operand;
  }
  return {range, FieldAccess{std::move(operand), std::move(field)}};
}

Expression AstBuilder::CaseOf(P::CaseContext* context) {
  Case node;
  if (context->expression() != nullptr) node.operand = Build(context->expression());
  for (P::WhenClauseContext* when : context->whenClause()) {
    std::vector<Expression> parts = BuildAll(when->expression());
    Expression then = std::move(parts.back());
    parts.pop_back();
    if (!node.operand && parts.size() > 1) {
      Refuse(parts[1].range,
             "several values behind WHEN need something to compare with: CASE x WHEN 1, 2 THEN …; "
             "conditions are joined by OR");
    }
    node.branches.push_back({std::move(parts), std::move(then)});
  }
  if (context->elseClause() != nullptr) node.otherwise = Build(context->elseClause()->expression());
  return {RangeOf(context), std::move(node)};
}

}  // namespace millrace::sql
