// Stands in for coordinator/sql/bind_*.cc until they are there: names, plain types and intervals only.
#include <absl/strings/numbers.h>
#include <arrow/type.h>

#include "coordinator/sql/bind_expression.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/unparser.h"

namespace millrace::sql {

std::optional<DataType> BindType(const TypeName& type, std::vector<Diagnostic>& diagnostics) {
  auto parsed = ParseDataType(Unparse(type));
  if (parsed.ok()) return *parsed;
  ReportWrong(diagnostics, type.range, StdView(parsed.status().message()));
  return std::nullopt;
}

std::optional<TypedExpression> BindExpression(const Expression& expression, const Scope& scope, const Session&,
                                              std::vector<Diagnostic>& diagnostics) {
  TypedExpression bound;
  if (const auto* interval = std::get_if<IntervalLiteral>(&expression.node)) {
    int64_t number = 0;
    if (!absl::SimpleAtoi(interval->text, &number)) return std::nullopt;
    const bool months = interval->unit.from == TimeUnit::kMonth || interval->unit.from == TimeUnit::kYear;
    const int64_t unit = interval->unit.from == TimeUnit::kMinute ? 60'000 : 1000;
    bound.type.arrow = months ? arrow::month_interval() : arrow::duration(arrow::TimeUnit::MILLI);
    bound.type.sql = "INTERVAL";
    bound.plan.mutable_literal()->set_value(std::to_string((interval->negative ? -1 : 1) * number * unit));
    return bound;
  }
  if (const auto* column = std::get_if<ColumnReference>(&expression.node)) {
    for (const ScopeColumn& known : scope.columns) {
      if (known.name != column->name.parts.back().text) continue;
      bound.plan.set_column(known.plan_column);
      bound.type = known.type;
      return bound;
    }
    ReportWrong(diagnostics, expression.range, "there is no column '", column->name.parts.back().text, "'");
    return std::nullopt;
  }
  bound.type = *ParseDataType("BIGINT");
  return bound;
}

std::optional<TypedExpression> ImplicitCast(TypedExpression expression, const DataType&, const SourceRange&,
                                            const Session&, std::vector<Diagnostic>&) {
  return expression;
}

}  // namespace millrace::sql
