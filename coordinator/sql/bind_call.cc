#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "arrow/type.h"
#include "base/expression/function_registry.h"
#include "coordinator/sql/bind_literal.h"
#include "coordinator/sql/expression_binder.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/sql_types.h"
#include "coordinator/sql/unparse_parts.h"

namespace millrace::sql {
namespace {

using Result = std::optional<TypedExpression>;

std::string Upper(std::string_view name) { return absl::AsciiStrToUpper(AbslView(name)); }

// Flink's aggregates and window functions that are not in the registry.
constexpr std::array<std::string_view, 29> kMissingAggregates = {"STDDEV_POP",    "STDDEV_SAMP",
                                                                 "STDDEV",        "VAR_POP",
                                                                 "VAR_SAMP",      "VARIANCE",
                                                                 "COLLECT",       "LISTAGG",
                                                                 "ARRAY_AGG",     "FIRST_VALUE",
                                                                 "LAST_VALUE",    "JSON_OBJECTAGG",
                                                                 "JSON_ARRAYAGG", "APPROX_COUNT_DISTINCT",
                                                                 "PERCENTILE",    "ROW_NUMBER",
                                                                 "RANK",          "DENSE_RANK",
                                                                 "PERCENT_RANK",  "CUME_DIST",
                                                                 "NTILE",         "LEAD",
                                                                 "LAG",           "SUM0",
                                                                 "REGR_COUNT",    "COVAR_POP",
                                                                 "COVAR_SAMP",    "GROUPING",
                                                                 "GROUPING_ID"};

// Functions that know more than their arguments.
struct Refusal {
  std::string_view name;
  std::string_view why;
};
constexpr std::array<Refusal, 11> kRefusals = {{
    {"PROCTIME",
     "processing time is not supported: results would depend on when the pipeline runs; use event time, with a "
     "WATERMARK"},
    {"CURRENT_WATERMARK", "CURRENT_WATERMARK is not supported; late rows of a window go where LATE DATA TO says"},
    {"TUMBLE_START",
     "windows in GROUP BY are the old syntax and not supported; write FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(time), "
     "size))"},
    {"TUMBLE_END",
     "windows in GROUP BY are the old syntax and not supported; write FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(time), "
     "size))"},
    {"TUMBLE_ROWTIME",
     "windows in GROUP BY are the old syntax and not supported; write FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(time), "
     "size))"},
    {"HOP_START", "hopping windows are not supported"},
    {"HOP_END", "hopping windows are not supported"},
    {"HOP_ROWTIME", "hopping windows are not supported"},
    {"SESSION_START", "session windows are not supported"},
    {"SESSION_END", "session windows are not supported"},
    {"SESSION_ROWTIME", "session windows are not supported"},
}};

// Take a bare NULL, and give it the type of their other arguments.
bool TakesNull(std::string_view upper) { return upper == "COALESCE" || upper == "IFNULL" || upper == "NULLIF"; }

}  // namespace

bool IsMissingAggregate(std::string_view name) {
  const std::string upper = Upper(name);
  const std::vector<std::string> known = AggregateFunctionNames();
  if (std::find(known.begin(), known.end(), absl::AsciiStrToLower(AbslView(name))) != known.end()) return false;
  return std::find(kMissingAggregates.begin(), kMissingAggregates.end(), upper) != kMissingAggregates.end();
}

bool IsAggregateName(std::string_view name) {
  const std::vector<std::string> known = AggregateFunctionNames();
  return std::find(known.begin(), known.end(), absl::AsciiStrToLower(AbslView(name))) != known.end() ||
         IsMissingAggregate(name);
}

bool ExpressionBinder::CheckPlainCall(const FunctionCall& call, const SourceRange& range) {
  const std::string upper = Upper(call.name.text);
  for (const Refusal& refusal : kRefusals) {
    if (upper != refusal.name) continue;
    ReportUnsupported(diagnostics_, range, refusal.why);
    return false;
  }
  if (IsAggregateName(upper)) {
    ReportWrong(diagnostics_, range, "the aggregate ", upper,
                " cannot stand here: aggregates stand in SELECT, HAVING and ORDER BY of a query");
    return false;
  }
  if (call.over) {
    ReportUnsupported(diagnostics_, range, "OVER is not supported");
    return false;
  }
  if (call.distinct || call.star || call.filter || !call.order_by.empty() || !call.within_group.empty() ||
      call.nulls != FunctionCall::Nulls::kUnsaid) {
    ReportWrong(diagnostics_, range, upper,
                " is no aggregate: it takes neither DISTINCT, *, FILTER, ORDER BY nor what to do with NULLs");
    return false;
  }
  for (const FunctionArgument& argument : call.arguments) {
    if (!argument.name) continue;
    ReportWrong(diagnostics_, argument.name->range, "arguments of ", upper, " have no names; leave out '",
                argument.name->text, " =>'");
    return false;
  }
  return true;
}

Result ExpressionBinder::FunctionOf(const FunctionCall& call, const SourceRange& range) {
  if (!CheckPlainCall(call, range)) return std::nullopt;
  bool special = true;
  Result result = SpecialCall(call, range, special);
  if (special) return result;
  const bool takes_null = TakesNull(Upper(call.name.text));
  std::vector<TypedExpression> arguments;
  for (const FunctionArgument& argument : call.arguments) {
    Result bound = takes_null ? Bind(argument.value) : BindTyped(argument.value);
    if (bound) arguments.push_back(*std::move(bound));
  }
  if (arguments.size() != call.arguments.size()) return std::nullopt;
  if (takes_null && !GiveNullsTypes(arguments, nullptr, range)) return std::nullopt;
  return Call(call.name.text, std::move(arguments), range);
}

// Functions whose arguments hold words: they become strings in front.
Result ExpressionBinder::SpecialCall(const FunctionCall& call, const SourceRange& range, bool& special) {
  const std::string upper = Upper(call.name.text);
  const std::vector<FunctionArgument>& given = call.arguments;
  if (upper == "TRIM" && given.size() == 3 && std::holds_alternative<Symbol>(given[0].value.node))
    return TrimOf(call, range);
  const bool rounding =
      (upper == "CEIL" || upper == "FLOOR") && given.size() == 2 && std::holds_alternative<Symbol>(given[1].value.node);
  const bool unit_first = !given.empty() && std::holds_alternative<Symbol>(given[0].value.node);
  const bool position = upper == "POSITION" && given.size() == 3;
  special = rounding || unit_first || position;
  if (!special) return std::nullopt;
  std::vector<TypedExpression> arguments;
  const size_t unit = rounding ? 1 : 0;
  if (!position) arguments.push_back(StringConstant(unparse::Write(std::get<Symbol>(given[unit].value.node))));
  for (size_t i = 0; i < given.size(); ++i) {
    if (!position && i == unit) continue;
    Result argument = BindTyped(given[i].value);
    if (!argument) return std::nullopt;
    arguments.push_back(*std::move(argument));
  }
  if (position) return Call("locate", std::move(arguments), range);
  if (rounding) return Call(upper == "CEIL" ? "ceil_to" : "floor_to", std::move(arguments), range);
  return Call(call.name.text, std::move(arguments), range);
}

// TRIM(side, characters or NULL, x)
Result ExpressionBinder::TrimOf(const FunctionCall& call, const SourceRange& range) {
  const TrimSide side = std::get<TrimSide>(std::get<Symbol>(call.arguments[0].value.node).value);
  Result characters = Bind(call.arguments[1].value), text = BindTyped(call.arguments[2].value);
  if (!characters || !text) return std::nullopt;
  std::vector<TypedExpression> arguments = {*std::move(text)};
  if (!IsUntypedNull(characters->type)) arguments.push_back(*std::move(characters));
  if (side == TrimSide::kLeading) return Call("ltrim", std::move(arguments), range);
  if (side == TrimSide::kTrailing) return Call("rtrim", std::move(arguments), range);
  return Call("trim", std::move(arguments), range);
}

}  // namespace millrace::sql
