#include <utility>

#include "base/check.h"
#include "coordinator/sql/ast_builder.h"

namespace millrace::sql {
namespace {

using P = sql_grammar::SqlParser;

Expression NullAt(const SourceRange& range) { return {range, Literal{Literal::Kind::kNull, ""}}; }

}  // namespace

Expression AstBuilder::Special(const antlr4::ParserRuleContext* context, const antlr4::Token* name,
                               std::vector<Expression> arguments) {
  const Token& token = TokenOf(name);
  FunctionCall call;
  std::string word = UpperCase(token.text);
  call.name = {token.range, word == "CEILING" ? "CEIL" : std::move(word), false};
  for (Expression& argument : arguments) call.arguments.push_back({std::nullopt, std::move(argument)});
  return {RangeOf(context), std::move(call)};
}

Expression AstBuilder::Build(P::PrimaryContext* context) {
  const SourceRange range = RangeOf(context);
  const auto symbol = [this](P::TimeUnitContext* unit) { return Expression{RangeOf(unit), Symbol{Unit(unit)}}; };
  const auto with = [](Expression first, std::vector<Expression> more) {
    more.insert(more.begin(), std::move(first));
    return more;
  };
  if (auto* constant = dynamic_cast<P::ConstantContext*>(context)) return ConstantOf(constant->literal());
  if (auto* column = dynamic_cast<P::ColumnContext*>(context)) {
    return {range, ColumnReference{{range, {Name(column->identifier())}}}};
  }
  if (auto* call = dynamic_cast<P::CallContext*>(context)) return {range, Call(call->functionCall())};
  if (auto* parentheses = dynamic_cast<P::ParenthesizedContext*>(context)) {
    if (parentheses->expression().size() == 1) return Build(parentheses->expression(0));
    return {range, RowConstructor{BuildAll(parentheses->expression())}};
  }
  if (auto* subquery = dynamic_cast<P::ScalarSubqueryContext*>(context)) {
    return {range, ScalarSubquery{Build(subquery->query())}};
  }
  if (auto* exists = dynamic_cast<P::ExistsContext*>(context)) return {range, Exists{Build(exists->query())}};
  if (auto* row = dynamic_cast<P::RowContext*>(context)) return {range, RowConstructor{BuildAll(row->expression())}};
  if (auto* array = dynamic_cast<P::ArrayContext*>(context))
    return {range, ArrayConstructor{BuildAll(array->expression())}};
  if (auto* map = dynamic_cast<P::MapContext*>(context)) return {range, MapConstructor{BuildAll(map->expression())}};
  if (auto* cases = dynamic_cast<P::CaseContext*>(context)) return CaseOf(cases);
  if (auto* cast = dynamic_cast<P::CastContext*>(context)) {
    return {range, Cast{cast->K_TRY_CAST() != nullptr, Build(cast->expression()), Type(cast->dataType())}};
  }
  if (dynamic_cast<P::NiladicContext*>(context) != nullptr) {
    // As it is written, for a column of SELECT is called so.
    const Token& token = TokenOf(context->start);
    FunctionCall call;
    call.name = {token.range, std::string(token.text), false};
    return {range, std::move(call)};
  }
  if (auto* extract = dynamic_cast<P::ExtractContext*>(context)) {
    return Special(context, context->start, {symbol(extract->timeUnit()), Build(extract->expression())});
  }
  if (auto* rounding = dynamic_cast<P::RoundingContext*>(context)) {
    std::vector<Expression> arguments = {Build(rounding->expression())};
    if (rounding->timeUnit() != nullptr) arguments.push_back(symbol(rounding->timeUnit()));
    return Special(context, context->start, std::move(arguments));
  }
  if (auto* arithmetic = dynamic_cast<P::TimestampArithmeticContext*>(context)) {
    return Special(context, context->start, with(symbol(arithmetic->timeUnit()), BuildAll(arithmetic->expression())));
  }
  if (auto* substring = dynamic_cast<P::SubstringContext*>(context)) {
    return Special(context, context->start, BuildAll(substring->expression()));
  }
  if (auto* overlay = dynamic_cast<P::OverlayContext*>(context)) {
    return Special(context, context->start, BuildAll(overlay->expression()));
  }
  if (auto* position = dynamic_cast<P::PositionContext*>(context)) {
    return Special(context, context->start, with(Build(position->valueExpression()), BuildAll(position->expression())));
  }
  auto* trim = dynamic_cast<P::TrimContext*>(context);
  Check(trim != nullptr, "every alternative of the rule `primary` is built");
  const TrimSide side = trim->K_LEADING() != nullptr    ? TrimSide::kLeading
                        : trim->K_TRAILING() != nullptr ? TrimSide::kTrailing
                                                        : TrimSide::kBoth;
  std::vector<Expression> arguments = BuildAll(trim->expression());
  if (arguments.size() == 1) arguments.insert(arguments.begin(), NullAt(range));
  return Special(context, context->start, with({range, Symbol{side}}, std::move(arguments)));
}

FunctionCall AstBuilder::Call(P::FunctionCallContext* context) {
  FunctionCall call;
  P::FunctionNameContext* name = context->functionName();
  if (name->identifier() != nullptr) {
    call.name = Name(name->identifier());
  } else {
    const Token& token = TokenOf(name->start);
    call.name = {token.range, token.type == P::NILADIC_WORD ? UpperCase(token.text) : std::string(token.text), false};
  }
  call.distinct = context->K_DISTINCT() != nullptr;
  call.star = context->STAR() != nullptr;
  for (P::FunctionArgumentContext* argument : context->functionArgument()) call.arguments.push_back(Argument(argument));
  call.order_by = OrderAll(context->orderItem());
  if (context->withinGroup() != nullptr) call.within_group = OrderAll(context->withinGroup()->orderItem());
  if (context->K_IGNORE() != nullptr) call.nulls = FunctionCall::Nulls::kIgnore;
  if (context->K_RESPECT() != nullptr) call.nulls = FunctionCall::Nulls::kRespect;
  if (context->whereClause() != nullptr) call.filter = Build(context->whereClause()->expression());
  if (context->K_OVER() != nullptr) {
    if (context->windowSpecification() != nullptr) {
      call.over = Box<WindowSpecification>(Window(context->windowSpecification()));
    } else {
      call.over = Name(context->identifier());
    }
  }
  return call;
}

FunctionArgument AstBuilder::Argument(P::FunctionArgumentContext* context) {
  FunctionArgument argument;
  if (context->ARROW() != nullptr) argument.name = Name(context->identifier());
  argument.value.range = RangeOf(context);
  if (context->expression() != nullptr) {
    argument.value = Build(context->expression());
  } else if (context->identifierList() != nullptr) {
    argument.value.node = Descriptor{Names(context->identifierList())};
  } else {
    TableArgument table;
    if (context->query() != nullptr) {
      table.table = Box<Query>(Build(context->query()));
    } else {
      table.table = PathOf(context->qualifiedName());
    }
    if (P::ArgumentPartitionContext* partition = context->argumentPartition()) {
      table.partition_by = BuildAll(partition->expression());
      table.order_by = OrderAll(partition->orderItem());
    }
    argument.value.node = std::move(table);
  }
  return argument;
}

OrderItem AstBuilder::Order(P::OrderItemContext* context) {
  OrderItem item;
  item.range = RangeOf(context);
  item.expression = Build(context->expression());
  if (context->K_ASC() != nullptr) item.direction = OrderItem::Direction::kAscending;
  if (context->K_DESC() != nullptr) item.direction = OrderItem::Direction::kDescending;
  if (context->K_FIRST() != nullptr) item.nulls = OrderItem::Nulls::kFirst;
  if (context->K_LAST() != nullptr) item.nulls = OrderItem::Nulls::kLast;
  return item;
}

std::vector<OrderItem> AstBuilder::OrderAll(const std::vector<P::OrderItemContext*>& contexts) {
  std::vector<OrderItem> items;
  for (P::OrderItemContext* context : contexts) items.push_back(Order(context));
  return items;
}

WindowSpecification AstBuilder::Window(P::WindowSpecificationContext* context) {
  WindowSpecification window;
  window.range = RangeOf(context);
  if (context->identifier() != nullptr) window.base = Name(context->identifier());
  window.partition_by = BuildAll(context->expression());
  window.order_by = OrderAll(context->orderItem());
  if (P::WindowFrameContext* frame = context->windowFrame()) {
    window.frame = WindowFrame{RangeOf(frame), frame->K_ROWS() != nullptr, Bound(frame->frameBound(0)), {}};
    if (frame->K_BETWEEN() != nullptr) window.frame->end = Bound(frame->frameBound(1));
  }
  return window;
}

FrameBound AstBuilder::Bound(P::FrameBoundContext* context) {
  FrameBound bound;
  const bool preceding = context->K_PRECEDING() != nullptr;
  if (context->K_CURRENT() != nullptr) return bound;
  if (context->K_UNBOUNDED() != nullptr) {
    bound.kind = preceding ? FrameBound::Kind::kUnboundedPreceding : FrameBound::Kind::kUnboundedFollowing;
    return bound;
  }
  bound.kind = preceding ? FrameBound::Kind::kPreceding : FrameBound::Kind::kFollowing;
  bound.distance = Build(context->valueExpression());
  return bound;
}

}  // namespace millrace::sql
