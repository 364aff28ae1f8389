#pragma once

#include <string_view>

#include "coordinator/sql/expression_binder.h"
#include "coordinator/sql/query_binder.h"

namespace millrace::sql {

// Expressions of a query: subqueries and OVER are bound and refused by name, aggregates stand where they may. Columns
// that only a query around has are found there.
class QueryHook : public ExpressionHook {
 public:
  // `place`: where the expression stands, such as "WHERE", for messages about aggregates. Borrows the others.
  QueryHook(QueryBinder& binder, const Scope& scope, CommonTables* common, std::string_view place)
      : binder_(binder), scope_(scope), common_(common), place_(place) {}
  bool Take(const Expression& expression, std::optional<TypedExpression>& result) override;

 private:
  bool TakeOver(const FunctionCall& call, const SourceRange& range, std::optional<TypedExpression>& result);
  void BindAll(const std::vector<Expression>& expressions);

  QueryBinder& binder_;
  const Scope& scope_;
  CommonTables* const common_;
  const std::string_view place_;
};

// Whether an aggregate that is not of OVER stands in the expression, outside of subqueries.
bool HasAggregate(const Expression& expression);

}  // namespace millrace::sql
