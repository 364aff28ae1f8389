#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "coordinator/sql/ast.h"
#include "coordinator/sql/bind_expression.h"
#include "coordinator/sql/diagnostic.h"
#include "coordinator/sql/session.h"

namespace millrace::sql {

// Takes over nodes that mean more than one row's values: aggregates, subqueries, keys of a GROUP BY.
class ExpressionHook {
 public:
  virtual ~ExpressionHook() = default;
  // True: it is one, and `result` is what it is bound to, or nothing: it is wrong, and that was said.
  virtual bool Take(const Expression& expression, std::optional<TypedExpression>& result) = 0;
};

// Binds expressions over one scope; BindExpression with a hook. Results may have the type of a bare NULL.
//
// Borrows all it is made of. Depth of recursion is that of the tree, which the parser bounds.
class ExpressionBinder {
 public:
  ExpressionBinder(const Scope& scope, const Session& session, std::vector<Diagnostic>& diagnostics,
                   ExpressionHook* hook = nullptr)
      : scope_(scope), session_(session), diagnostics_(diagnostics), hook_(hook) {}

  using Result = std::optional<TypedExpression>;

  Result Bind(const Expression& expression);
  // The same, and a bare NULL is refused.
  Result BindTyped(const Expression& expression);
  // Of type BOOLEAN; a bare NULL is one. `what` is "WHERE".
  Result BindCondition(const Expression& expression, std::string_view what);

  // A function of the registry over what is bound. `name` is quoted in messages.
  Result Call(std::string_view function, std::vector<TypedExpression> arguments, const SourceRange& range);

 private:
  Result BindNode(const Expression& expression);
  Result Column(const ColumnReference& reference);
  Result Field(TypedExpression operand, const Identifier& field);
  Result UnaryOf(const Unary& unary, const SourceRange& range);
  Result BinaryOf(const Binary& binary, const SourceRange& range);
  Result LogicalOf(const Logical& logical, const SourceRange& range);
  Result IsTestOf(const IsTest& test, const SourceRange& range);
  Result BetweenOf(const Between& between, const SourceRange& range);
  Result LikeOf(const Like& like, const SourceRange& range);
  Result InListOf(const InList& in, const SourceRange& range);
  Result CaseOf(const Case& cases, const SourceRange& range);
  Result CastOf(const Cast& cast, const SourceRange& range);
  Result Constructor(std::string_view function, const std::vector<Expression>& values, const SourceRange& range);
  Result OverlapsOf(const Binary& binary, const SourceRange& range);
  // bind_call.cc
  Result FunctionOf(const FunctionCall& call, const SourceRange& range);
  bool CheckPlainCall(const FunctionCall& call, const SourceRange& range);
  Result SpecialCall(const FunctionCall& call, const SourceRange& range, bool& special);
  Result TrimOf(const FunctionCall& call, const SourceRange& range);

  std::optional<std::vector<TypedExpression>> BindAll(const std::vector<Expression>& expressions);
  Result Not(Result operand, const SourceRange& range);
  Result Compare(std::string_view function, TypedExpression left, TypedExpression right, const SourceRange& range);
  // Bare NULLs become of the others' common type; of `otherwise` if all are. False: there is none.
  bool GiveNullsTypes(std::vector<TypedExpression>& expressions, const DataType* otherwise, const SourceRange& range);

  const Scope& scope_;
  const Session& session_;
  std::vector<Diagnostic>& diagnostics_;
  ExpressionHook* const hook_;
};

// `expression` with its type changed by CAST_MODE_SQL, or as it is if it has that type; constants are spelled anew.
TypedExpression ConvertTo(TypedExpression expression, const DataType& to, const Session& session);

// Whether a function of that name aggregates rows: of the registry, or one of Flink's that Millrace lacks.
bool IsAggregateName(std::string_view name);
bool IsMissingAggregate(std::string_view name);

// Levels of the expression; a plan takes kMostExpressionLevels.
int LevelsOf(const v1::Expression& expression);
inline constexpr int kMostExpressionLevels = 24;

}  // namespace millrace::sql
