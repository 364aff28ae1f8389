#pragma once

#include <span>
#include <string>
#include <vector>

#include "coordinator/sql/ast.h"
#include "coordinator/sql/diagnostic.h"
#include "coordinator/sql/lexer.h"
#include "coordinator/sql/sql_grammar.h"

namespace millrace::sql {

// Makes the syntax tree of one statement out of the parse tree. What the grammar could not refuse (an escape that is no
// character, a type that does not exist) becomes a diagnostic, and the node a harmless one.
class AstBuilder {
 public:
  using P = sql_grammar::SqlParser;

  // Borrows both.
  AstBuilder(std::span<const Token> tokens, std::vector<Diagnostic>* diagnostics)
      : tokens_(tokens), diagnostics_(*diagnostics) {}

  Statement Build(P::StatementContext* context);

 private:
  // Names, literals and places.
  SourceRange RangeOf(const antlr4::ParserRuleContext* context) const;
  const Token& TokenOf(const antlr4::Token* token) const { return tokens_[token->getStartIndex()]; }
  const Token& TokenOf(antlr4::tree::TerminalNode* node) const { return TokenOf(node->getSymbol()); }
  void Refuse(const SourceRange& range, std::string message, Diagnostic::Kind kind = Diagnostic::Kind::kSyntax);
  Identifier Name(P::IdentifierContext* context) const;
  std::vector<Identifier> Names(P::IdentifierListContext* context) const;
  QualifiedName PathOf(P::QualifiedNameContext* context) const;
  std::string Text(P::StringLiteralContext* context);
  std::string UnicodeText(P::StringLiteralContext* context);
  int Number(antlr4::tree::TerminalNode* node);
  TimeUnit Unit(P::TimeUnitContext* context) const;
  IntervalUnit Interval(P::IntervalUnitContext* context);
  Expression ConstantOf(P::LiteralContext* context);
  IntervalLiteral Interval(P::IntervalContext* context);

  // Types.
  TypeName Type(P::DataTypeContext* context);
  void PlainType(P::PlainTypeContext* context, TypeName* type);
  void NamedType(P::PlainTypeContext* context, TypeName* type);
  RowField Field(P::RowFieldContext* context);

  // Expressions.
  Expression Build(P::ExpressionContext* context);
  Expression Build(P::ValueExpressionContext* context);
  Expression Build(P::PrimaryContext* context);
  std::vector<Expression> BuildAll(const std::vector<P::ExpressionContext*>& contexts);
  template <typename Context>
  Expression Chain(Context* context, Logical::Kind kind);
  Expression FieldOf(P::FieldContext* context);
  Expression CaseOf(P::CaseContext* context);
  // A call in a syntax of its own.
  Expression Special(const antlr4::ParserRuleContext* context, const antlr4::Token* name,
                     std::vector<Expression> arguments);
  FunctionCall Call(P::FunctionCallContext* context);
  FunctionArgument Argument(P::FunctionArgumentContext* context);
  OrderItem Order(P::OrderItemContext* context);
  std::vector<OrderItem> OrderAll(const std::vector<P::OrderItemContext*>& contexts);
  WindowSpecification Window(P::WindowSpecificationContext* context);
  FrameBound Bound(P::FrameBoundContext* context);

  // Queries.
  Query Build(P::QueryContext* context);
  Query Body(P::QueryBodyContext* context);
  Query Combine(P::QueryBodyContext* context, SetOperation::Kind kind, bool all,
                const std::vector<P::QueryBodyContext*>& sides);
  Query Term(P::QueryTermContext* context);
  void Limit(P::RowLimitContext* context, Query* query);
  Select Build(P::SelectContext* context);
  SelectItem Item(P::SelectItemContext* context);
  GroupingElement Grouping(P::GroupingElementContext* context);
  TableReference Build(P::TableReferenceContext* context);
  TableReference Build(P::TablePrimaryContext* context);
  std::optional<TableAlias> Alias(P::TableAliasContext* context);
  std::vector<Hint> Hints(P::HintsContext* context);

  // Statements.
  CreateTable Build(P::CreateTableContext* context);
  void Element(P::TableElementContext* element, CreateTable* table);
  CreateView Build(P::CreateViewContext* context);
  Insert Build(P::InsertContext* context);
  Explain Build(P::ExplainContext* context);
  Show Build(P::ShowContext* context);
  Option Build(P::OptionContext* context);
  static std::optional<bool> Enforced(P::EnforcementContext* context);

  const std::span<const Token> tokens_;
  std::vector<Diagnostic>& diagnostics_;
};

}  // namespace millrace::sql
