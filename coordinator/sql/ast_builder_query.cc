#include <utility>

#include "base/check.h"
#include "coordinator/sql/ast_builder.h"

namespace millrace::sql {
namespace {

using P = sql_grammar::SqlParser;

bool HasClauses(const Query& query) {
  return !query.with.empty() || !query.order_by.empty() || query.limit || query.offset;
}

Join::Kind KindOf(P::JoinContext* join) {
  if (join->K_CROSS() != nullptr) return Join::Kind::kCross;
  P::JoinKindContext* kind = join->joinKind();
  if (kind == nullptr || kind->K_INNER() != nullptr) return Join::Kind::kInner;
  if (kind->K_LEFT() != nullptr) return Join::Kind::kLeft;
  return kind->K_RIGHT() != nullptr ? Join::Kind::kRight : Join::Kind::kFull;
}

}  // namespace

Query AstBuilder::Build(P::QueryContext* context) {
  Query query = Body(context->queryBody());
  const bool clauses = !context->commonTable().empty() || !context->orderItem().empty() || !context->rowLimit().empty();
  if (clauses && HasClauses(query)) {
    Query outer;
    outer.body = Box<Query>(std::move(query));
    query = std::move(outer);
  }
  query.range = RangeOf(context);
  if (!clauses) return query;
  for (P::CommonTableContext* table : context->commonTable()) {
    query.with.push_back(
        {RangeOf(table), Name(table->identifier()), Names(table->identifierList()), Build(table->query())});
  }
  query.order_by = OrderAll(context->orderItem());
  for (P::RowLimitContext* limit : context->rowLimit()) Limit(limit, &query);
  return query;
}

void AstBuilder::Limit(P::RowLimitContext* context, Query* query) {
  const bool is_offset = context->K_OFFSET() != nullptr;
  std::optional<Expression>& clause = is_offset ? query->offset : query->limit;
  if (clause) {
    Refuse(RangeOf(context), is_offset ? "a query has one OFFSET" : "a query has one LIMIT or FETCH");
  } else if (context->expression() != nullptr) {
    clause = Build(context->expression());
  } else if (context->K_FETCH() != nullptr) {
    clause = Expression{RangeOf(context), Literal{Literal::Kind::kExact, "1"}};  // FETCH NEXT ROW ONLY
  }
}

Query AstBuilder::Body(P::QueryBodyContext* context) {
  if (auto* plain = dynamic_cast<P::PlainQueryContext*>(context)) return Term(plain->queryTerm());
  if (auto* both = dynamic_cast<P::IntersectionContext*>(context)) {
    return Combine(context, SetOperation::Kind::kIntersect, both->K_ALL() != nullptr, both->queryBody());
  }
  auto* either = dynamic_cast<P::UnionOrExceptContext*>(context);
  Check(either != nullptr, "every alternative of the rule `queryBody` is built");
  return Combine(context, either->K_UNION() != nullptr ? SetOperation::Kind::kUnion : SetOperation::Kind::kExcept,
                 either->K_ALL() != nullptr, either->queryBody());
}

Query AstBuilder::Combine(P::QueryBodyContext* context, SetOperation::Kind kind, bool all,
                          const std::vector<P::QueryBodyContext*>& sides) {
  Query query;
  query.range = RangeOf(context);
  query.body = SetOperation{kind, all, Body(sides[0]), Body(sides[1])};
  return query;
}

Query AstBuilder::Term(P::QueryTermContext* context) {
  if (context->query() != nullptr) return Build(context->query());
  Query query;
  query.range = RangeOf(context);
  if (context->select() != nullptr) {
    query.body = Build(context->select());
  } else if (context->K_VALUES() != nullptr) {
    query.body = Values{BuildAll(context->expression())};
  } else {
    query.body = ExplicitTable{PathOf(context->qualifiedName())};
  }
  return query;
}

Select AstBuilder::Build(P::SelectContext* context) {
  Select select;
  select.hints = Hints(context->hints());
  select.distinct = context->K_DISTINCT() != nullptr;
  for (P::SelectItemContext* item : context->selectItem()) select.items.push_back(Item(item));
  for (P::TableReferenceContext* table : context->tableReference()) select.from.push_back(Build(table));
  if (context->whereClause() != nullptr) select.where = Build(context->whereClause()->expression());
  for (P::GroupingElementContext* element : context->groupingElement()) select.group_by.push_back(Grouping(element));
  if (context->havingClause() != nullptr) select.having = Build(context->havingClause()->expression());
  for (P::NamedWindowContext* window : context->namedWindow()) {
    select.windows.push_back({Name(window->identifier()), Window(window->windowSpecification())});
  }
  return select;
}

SelectItem AstBuilder::Item(P::SelectItemContext* context) {
  SelectItem item;
  item.range = RangeOf(context);
  if (context->expression() == nullptr) {
    Star star;
    if (context->qualifiedName() != nullptr) star.table = PathOf(context->qualifiedName());
    item.value = std::move(star);
    return item;
  }
  item.value = Build(context->expression());
  if (context->identifier() != nullptr) item.alias = Name(context->identifier());
  return item;
}

GroupingElement AstBuilder::Grouping(P::GroupingElementContext* context) {
  GroupingElement element;
  element.range = RangeOf(context);
  element.expressions = BuildAll(context->expression());
  if (context->K_GROUPING() != nullptr) {
    element.kind = GroupingElement::Kind::kGroupingSets;
    for (P::GroupingElementContext* set : context->groupingElement()) element.elements.push_back(Grouping(set));
  } else if (context->K_CUBE() != nullptr) {
    element.kind = GroupingElement::Kind::kCube;
  } else if (context->K_ROLLUP() != nullptr) {
    element.kind = GroupingElement::Kind::kRollup;
  } else if (element.expressions.empty()) {
    element.kind = GroupingElement::Kind::kEmpty;
  }
  return element;
}

TableReference AstBuilder::Build(P::TableReferenceContext* context) {
  TableReference table = Build(context->tablePrimary());
  for (P::JoinContext* join : context->join()) {
    const SourceRange range{table.range.begin, RangeOf(join).end};
    Join node{KindOf(join), join->K_NATURAL() != nullptr, std::move(table), Build(join->tablePrimary()), {}, {}};
    if (join->expression() != nullptr) node.on = Build(join->expression());
    node.using_columns = Names(join->identifierList());
    table = {range, std::move(node)};
  }
  return table;
}

TableReference AstBuilder::Build(P::TablePrimaryContext* context) {
  const SourceRange range = RangeOf(context);
  if (auto* named = dynamic_cast<P::NamedTableContext*>(context)) {
    if (named->matchRecognize() != nullptr) {
      Refuse(TokenOf(named->matchRecognize()->start).range, "MATCH_RECOGNIZE is not supported yet",
             Diagnostic::Kind::kUnsupported);
    }
    NamedTable table{PathOf(named->qualifiedName()), Hints(named->hints()), {}, Alias(named->tableAlias())};
    if (named->valueExpression() != nullptr) table.system_time = Build(named->valueExpression());
    return {range, std::move(table)};
  }
  if (auto* derived = dynamic_cast<P::DerivedTableContext*>(context)) {
    return {range,
            DerivedTable{derived->K_LATERAL() != nullptr, Build(derived->query()), Alias(derived->tableAlias())}};
  }
  if (auto* function = dynamic_cast<P::TableFunctionContext*>(context)) {
    return {range, TableFunction{function->K_LATERAL() != nullptr, Call(function->functionCall()),
                                 Alias(function->tableAlias())}};
  }
  if (auto* bare = dynamic_cast<P::BareTableFunctionContext*>(context)) {
    return {range, TableFunction{false, Call(bare->functionCall()), Alias(bare->tableAlias())}};
  }
  if (auto* unnest = dynamic_cast<P::UnnestContext*>(context)) {
    return {range, Unnest{unnest->K_LATERAL() != nullptr, BuildAll(unnest->expression()),
                          unnest->K_ORDINALITY() != nullptr, Alias(unnest->tableAlias())}};
  }
  auto* parentheses = dynamic_cast<P::ParenthesizedTableContext*>(context);
  Check(parentheses != nullptr, "every alternative of the rule `tablePrimary` is built");
  return Build(parentheses->tableReference());
}

std::optional<TableAlias> AstBuilder::Alias(P::TableAliasContext* context) {
  if (context == nullptr) return std::nullopt;
  return TableAlias{Name(context->identifier()), Names(context->identifierList())};
}

std::vector<Hint> AstBuilder::Hints(P::HintsContext* context) {
  std::vector<Hint> hints;
  if (context == nullptr) return hints;
  for (P::HintContext* one : context->hint()) {
    Hint hint;
    hint.range = RangeOf(one);
    hint.name = Name(one->identifier());
    for (P::HintArgumentContext* argument : one->hintArgument()) {
      const auto word = [&] {
        std::string text;
        for (const Identifier& part : PathOf(argument->qualifiedName()).parts)
          text += (text.empty() ? "" : ".") + part.text;
        return text;
      };
      if (argument->EQ() != nullptr) {
        P::StringLiteralContext* value = argument->stringLiteral().back();
        antlr4::ParserRuleContext* key = argument->qualifiedName();
        if (key == nullptr) key = argument->stringLiteral(0);
        hint.options.push_back({RangeOf(argument), RangeOf(key), RangeOf(value),
                                argument->qualifiedName() != nullptr ? word() : Text(argument->stringLiteral(0)),
                                Text(value)});
      } else if (argument->qualifiedName() != nullptr) {
        hint.arguments.push_back(word());
      } else if (argument->INTEGER() != nullptr) {
        hint.arguments.emplace_back(TokenOf(argument->INTEGER()).text);
      } else {
        hint.arguments.push_back(Text(argument->stringLiteral(0)));
      }
    }
    hints.push_back(std::move(hint));
  }
  return hints;
}

}  // namespace millrace::sql
