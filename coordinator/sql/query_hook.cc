#include "coordinator/sql/query_hook.h"

#include "absl/strings/ascii.h"
#include "arrow/type.h"
#include "base/expression/function_registry.h"
#include "coordinator/sql/bind_literal.h"
#include "coordinator/sql/expression_walk.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/scope.h"
#include "coordinator/sql/sql_types.h"

namespace millrace::sql {
namespace {

std::string Upper(std::string_view name) { return absl::AsciiStrToUpper(AbslView(name)); }

}  // namespace

void QueryHook::BindAll(const std::vector<Expression>& expressions) {
  ExpressionBinder binder(scope_, binder_.session(), binder_.diagnostics(), this);
  for (const Expression& expression : expressions) binder.Bind(expression);
}

// Of OVER: arguments and the window's expressions are looked at, then it is refused.
bool QueryHook::TakeOver(const FunctionCall& call, const SourceRange& range, std::optional<TypedExpression>& result) {
  ExpressionBinder binder(scope_, binder_.session(), binder_.diagnostics(), this);
  std::optional<DataType> argument;
  for (const FunctionArgument& own : call.arguments) {
    std::optional<TypedExpression> bound = binder.Bind(own.value);
    if (bound && !argument) argument = bound->type;
  }
  if (const auto* window = std::get_if<Box<WindowSpecification>>(&*call.over)) {
    BindAll((*window)->partition_by);
    for (const OrderItem& item : (*window)->order_by) binder.Bind(item.expression);
  }
  ReportUnsupported(binder_.diagnostics(), range, Upper(call.name.text), " OVER is not supported",
                    Upper(call.name.text) == "ROW_NUMBER" ? " (nor is Top-N, which is written with it)" : "");
  absl::StatusOr<DataType> type = AggregateResultType(absl::AsciiStrToLower(AbslView(call.name.text)), argument);
  // Ranks are BIGINT NOT NULL, as in Flink.
  result = NullConstant(type.ok() ? *type : SqlType(arrow::int64(), true));
  if (!type.ok()) result->type = SqlType(arrow::int64(), false);
  return true;
}

bool QueryHook::Take(const Expression& expression, std::optional<TypedExpression>& result) {
  const auto refuse = [&](const Query& query, std::string_view what) {
    binder_.BindSubquery(query, scope_, common_);
    ReportUnsupported(binder_.diagnostics(), expression.range, what, " is not supported");
    result = NullConstant(SqlType(arrow::boolean(), true));
    return true;
  };
  if (const auto* call = std::get_if<FunctionCall>(&expression.node)) {
    if (call->over) return TakeOver(*call, expression.range, result);
    if (!IsAggregateName(call->name.text)) return false;
    const std::string name = Upper(call->name.text);
    if (IsMissingAggregate(name)) {
      ReportUnsupported(binder_.diagnostics(), expression.range, "the aggregate ", name, " is not supported");
    } else {
      ReportWrong(binder_.diagnostics(), expression.range, "the aggregate ", name, " cannot stand in ", place_,
                  place_ == "WHERE" ? "; conditions on aggregates stand in HAVING" : "");
    }
    return true;
  }
  if (const auto* in = std::get_if<InSubquery>(&expression.node)) {
    BindAll({*in->operand});
    return refuse(*in->query, in->negated ? "NOT IN (SELECT …)" : "IN (SELECT …)");
  }
  if (const auto* quantified = std::get_if<Quantified>(&expression.node)) {
    BindAll({*quantified->operand});
    return refuse(*quantified->query,
                  quantified->all ? "a comparison with ALL (SELECT …)" : "a comparison with ANY (SELECT …)");
  }
  if (const auto* exists = std::get_if<Exists>(&expression.node)) return refuse(*exists->query, "EXISTS");
  if (const auto* scalar = std::get_if<ScalarSubquery>(&expression.node)) {
    std::optional<Relation> relation = binder_.BindSubquery(*scalar->query, scope_, common_);
    ReportUnsupported(binder_.diagnostics(), expression.range, "a subquery as a value is not supported");
    if (relation && !relation->scope.columns.empty()) result = NullConstant(relation->scope.columns[0].type);
    return true;
  }
  if (const auto* column = std::get_if<ColumnReference>(&expression.node)) {
    std::vector<Diagnostic> ignored;
    if (FindColumn(column->name, scope_, ignored)) return false;
    const ScopeColumn* outer = binder_.FindOuter(column->name);
    if (outer == nullptr) return false;
    result = NullConstant(outer->type);
    return true;
  }
  return false;
}

bool HasAggregate(const Expression& expression) {
  return AnyExpression(expression, [](const Expression& node) {
    const auto* call = std::get_if<FunctionCall>(&node.node);
    return call != nullptr && !call->over && IsAggregateName(call->name.text);
  });
}

}  // namespace millrace::sql
