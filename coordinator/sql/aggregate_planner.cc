#include "coordinator/sql/aggregate_planner.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "arrow/type.h"
#include "base/expression/aggregate_nullability.h"
#include "base/expression/function_registry.h"
#include "coordinator/sql/bind_literal.h"
#include "coordinator/sql/query_hook.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/sql_types.h"
#include "coordinator/sql/unparser.h"

namespace millrace::sql {
namespace {

// Columns of a window's input must not have these names, which are its own.
bool IsReserved(std::string_view name) { return name == "window_start" || name == "window_end" || name == "watermark"; }

std::string NameOf(const TypedExpression& expression) {
  const std::string digest = Digest(expression.plan.SerializeAsString());
  return Cat(expression.plan.has_call() ? expression.plan.call().function() : "expr", "_", digest);
}

bool IsOldWindow(const Expression& expression) {
  const auto* call = std::get_if<FunctionCall>(&expression.node);
  if (call == nullptr) return false;
  const std::string name = absl::AsciiStrToUpper(AbslView(call->name.text));
  return name == "TUMBLE" || name == "HOP" || name == "SESSION";
}

}  // namespace

AggregatePlanner::AggregatePlanner(QueryBinder& binder, const Relation& input, CommonTables* common)
    : binder_(binder), input_(input), common_(common) {}

std::optional<TypedExpression> AggregatePlanner::BindInput(const Expression& expression,
                                                           std::vector<Diagnostic>& diagnostics) {
  QueryHook hook(binder_, input_.scope, common_, "GROUP BY");
  return ExpressionBinder(input_.scope, binder_.session(), diagnostics, &hook).BindTyped(expression);
}

void AggregatePlanner::BindRefused(const GroupingElement& element) {
  for (const Expression& expression : element.expressions) BindInput(expression, binder_.diagnostics());
  for (const GroupingElement& inner : element.elements) BindRefused(inner);
}

void AggregatePlanner::FindWindowKeys(const Select& select) {
  if (!input_.window) return;
  bool start = false, end = false;
  const auto look = [&](const Expression& expression) {
    if (!std::holds_alternative<ColumnReference>(expression.node)) return;
    std::vector<Diagnostic> ignored;
    const std::optional<TypedExpression> key =
        ExpressionBinder(input_.scope, binder_.session(), ignored).Bind(expression);
    if (!key || !key->plan.has_column()) return;
    start = start || key->plan.column() == input_.window->start;
    end = end || key->plan.column() == input_.window->end;
  };
  for (const GroupingElement& element : select.group_by) {
    for (const Expression& expression : element.expressions) {
      look(expression);
      if (const auto* row = std::get_if<RowConstructor>(&expression.node)) {
        for (const Expression& value : row->values) look(value);
      }
    }
  }
  windowed_ = start && end;
  if (!windowed_) return;
  output_names_.Take("window_start");
  output_names_.Take("window_end");
}

bool AggregatePlanner::BindKeys(const Select& select) {
  bool right = true;
  FindWindowKeys(select);
  for (const GroupingElement& element : select.group_by) {
    switch (element.kind) {
      case GroupingElement::Kind::kEmpty:
        break;
      case GroupingElement::Kind::kExpression:
        for (const Expression& expression : element.expressions) {
          const auto* row = std::get_if<RowConstructor>(&expression.node);
          const std::vector<Expression> alone = {expression};
          for (const Expression& key : row != nullptr ? row->values : alone) right = BindKey(key, select) && right;
        }
        break;
      default: {
        BindRefused(element);
        const std::string_view word = element.kind == GroupingElement::Kind::kCube     ? "CUBE"
                                      : element.kind == GroupingElement::Kind::kRollup ? "ROLLUP"
                                                                                       : "GROUPING SETS";
        ReportUnsupported(binder_.diagnostics(), element.range, word,
                          " is not supported; UNION ALL of one GROUP BY each is");
        right = false;
      }
    }
  }
  return right;
}

bool AggregatePlanner::BindKey(const Expression& expression, const Select& select) {
  if (IsOldWindow(expression)) {
    const FunctionCall& call = std::get<FunctionCall>(expression.node);
    for (const FunctionArgument& argument : call.arguments) BindInput(argument.value, binder_.diagnostics());
    const std::string name = absl::AsciiStrToUpper(AbslView(call.name.text));
    ReportUnsupported(
        binder_.diagnostics(), expression.range, name, " in GROUP BY is not supported",
        name == "TUMBLE"
            ? ": write FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(time), size)) and GROUP BY window_start, window_end"
            : Cat(": there is no ", name, " window; TUMBLE is"));
    return false;
  }
  const size_t before = binder_.diagnostics().size();
  std::optional<TypedExpression> key = BindInput(expression, binder_.diagnostics());
  if (!key) {
    // A frequent mistake, for other databases take it.
    const auto* column = std::get_if<ColumnReference>(&expression.node);
    for (const SelectItem& item : select.items) {
      const auto* value = std::get_if<Expression>(&item.value);
      if (column == nullptr || value == nullptr || !item.alias || column->name.parts.size() != 1) continue;
      if (item.alias->text != column->name.parts[0].text || binder_.diagnostics().size() == before) continue;
      binder_.diagnostics().back().message = Cat(
          "'", item.alias->text, "' is a name that SELECT gives; GROUP BY takes what is behind it: ", Unparse(*value));
    }
    return false;
  }
  if (!IsKeyType(key->type)) {
    ReportWrong(binder_.diagnostics(), expression.range, "GROUP BY does not take ", key->type.sql,
                "; name the parts that matter");
    return false;
  }
  const std::string serialized = key->plan.SerializeAsString();
  if (std::any_of(keys_.begin(), keys_.end(), [&](const Key& own) { return own.serialized == serialized; }))
    return true;
  if (windowed_ && key->plan.has_column() && input_.window->Has(key->plan.column())) {
    keys_.push_back({serialized, key->plan.column(), WindowColumn(key->plan.column())});
    return true;
  }
  const std::string column = InputColumn(*key);
  key_columns_.push_back(column);
  output_names_.Take(column);
  keys_.push_back({serialized, "", ColumnOf({column, key->type, false})});
  return true;
}

bool AggregatePlanner::HasZonedBounds() const {
  return IsZonedTimestamp(input_.window->time.type) && binder_.session().time_zone == "UTC";
}

// A column of the input's window over the aggregate, which has its start and end.
TypedExpression AggregatePlanner::WindowColumn(const std::string& column) const {
  const Tumble& window = *input_.window;
  const DataType local = *ParseDataType("TIMESTAMP(3) NOT NULL");
  const DataType bound = HasZonedBounds() ? *ParseDataType("TIMESTAMP_LTZ(3) NOT NULL") : local;
  TypedExpression own = ColumnOf({column == window.start ? "window_start" : "window_end", bound, false});
  if (column != window.last) return HasZonedBounds() ? ConvertTo(std::move(own), local, binder_.session()) : own;
  // The last millisecond of the window.
  v1::Expression minus;
  minus.mutable_call()->set_function("minus");
  *minus.mutable_call()->add_args() = own.plan;
  v1::Literal& millisecond = *minus.mutable_call()->add_args()->mutable_literal();
  millisecond.set_type(MillisInterval(false).sql);
  millisecond.set_value("1");
  own.plan = std::move(minus);
  const bool is_local = !HasZonedBounds() && IsZonedTimestamp(window.attribute);
  return is_local ? ConvertTo(std::move(own), window.attribute, binder_.session()) : own;
}

std::string AggregatePlanner::WindowColumnOf(const v1::Expression& output) const {
  const std::string serialized = output.SerializeAsString();
  for (const Key& key : keys_) {
    if (!key.window_column.empty() && key.output.plan.SerializeAsString() == serialized) return key.window_column;
  }
  return "";
}

bool AggregatePlanner::IsWindowTime(const v1::Expression& output) const {
  return windowed_ && !input_.window->last.empty() && WindowColumnOf(output) == input_.window->last;
}

std::string AggregatePlanner::InputColumn(const TypedExpression& expression) {
  const std::string serialized = expression.plan.SerializeAsString();
  for (const NamedColumn& column : input_columns_) {
    if (column.expression.plan.SerializeAsString() == serialized) return column.name;
  }
  const bool bare = expression.plan.has_column();
  std::string name = bare ? expression.plan.column() : NameOf(expression);
  if (bare && windowed_ && IsReserved(name)) name += "_in";
  needs_project_ = needs_project_ || !bare || name != expression.plan.column();
  const auto taken = [&] {
    return std::any_of(input_columns_.begin(), input_columns_.end(),
                       [&](const NamedColumn& own) { return own.name == name; });
  };
  while (taken()) name += "_";
  input_columns_.push_back({name, expression});
  return name;
}

bool AggregatePlanner::ReplaceKeys(v1::Expression& expression) const {
  const std::string serialized = expression.SerializeAsString();
  for (const Key& key : keys_) {
    if (key.serialized != serialized) continue;
    expression = key.output.plan;
    return true;
  }
  if (expression.has_column()) return false;
  if (expression.has_cast()) return ReplaceKeys(*expression.mutable_cast()->mutable_operand());
  bool right = true;
  if (expression.has_call()) {
    for (v1::Expression& argument : *expression.mutable_call()->mutable_args()) right = ReplaceKeys(argument) && right;
  }
  return right;
}

bool AggregatePlanner::TakeKey(const Expression& expression, std::optional<TypedExpression>& result) {
  if (std::holds_alternative<Literal>(expression.node)) return false;
  std::vector<Diagnostic> ignored;
  Scope scope = input_.scope;
  std::optional<TypedExpression> bound = ExpressionBinder(scope, binder_.session(), ignored).Bind(expression);
  if (!bound) return false;
  const std::string serialized = bound->plan.SerializeAsString();
  for (const Key& key : keys_) {
    if (key.serialized != serialized) continue;
    result = key.output;
    return true;
  }
  const auto* column = std::get_if<ColumnReference>(&expression.node);
  if (column == nullptr) return false;
  if (ReplaceKeys(bound->plan)) {
    result = std::move(bound);
    return true;
  }
  ReportWrong(binder_.diagnostics(), expression.range, "'", Unparse(column->name),
              keys_.empty() ? "' stands beside an aggregate without being in one; GROUP BY it, or aggregate it"
                            : "' is neither in GROUP BY nor in an aggregate");
  return true;
}

bool AggregatePlanner::Take(const Expression& expression, std::optional<TypedExpression>& result) {
  if (const auto* call = std::get_if<FunctionCall>(&expression.node);
      call != nullptr && !call->over && IsAggregateName(call->name.text)) {
    result = BindAggregate(*call, expression.range);
    return true;
  }
  if (TakeKey(expression, result)) return true;
  QueryHook hook(binder_, input_.scope, common_, "an aggregate");
  return hook.Take(expression, result);
}

std::optional<TypedExpression> AggregatePlanner::BindAggregate(const FunctionCall& call, const SourceRange& range) {
  std::vector<Diagnostic>& diagnostics = binder_.diagnostics();
  const std::string upper = absl::AsciiStrToUpper(AbslView(call.name.text));
  QueryHook hook(binder_, input_.scope, common_, "another aggregate");
  ExpressionBinder binder(input_.scope, binder_.session(), diagnostics, &hook);
  std::vector<TypedExpression> arguments;
  for (const FunctionArgument& argument : call.arguments) {
    std::optional<TypedExpression> bound = binder.BindTyped(argument.value);
    if (bound) arguments.push_back(*std::move(bound));
  }
  std::optional<TypedExpression> filter;
  if (call.filter) filter = binder.BindCondition(**call.filter, "FILTER");
  if (arguments.size() != call.arguments.size() || (call.filter && !filter)) return std::nullopt;
  if (IsMissingAggregate(upper)) {
    ReportUnsupported(diagnostics, range, "the aggregate ", upper, " is not supported");
    return std::nullopt;
  }
  if (!call.order_by.empty() || !call.within_group.empty() || call.nulls != FunctionCall::Nulls::kUnsaid) {
    ReportUnsupported(diagnostics, range, "ORDER BY and treatment of NULLs within ", upper, " are not supported");
    return std::nullopt;
  }
  const bool rows = call.star || arguments.empty();
  if (call.star && upper != "COUNT") {
    ReportWrong(diagnostics, range, upper, " takes a value, not *; only COUNT counts rows");
    return std::nullopt;
  }
  if (!call.star && arguments.size() != 1) {
    if (upper == "COUNT" && arguments.size() > 1) {
      ReportUnsupported(diagnostics, range,
                        "COUNT of several values is not supported; count rows with FILTER (WHERE …)");
    } else {
      ReportWrong(diagnostics, range, upper, " takes one value, not ", arguments.size());
    }
    return std::nullopt;
  }
  const std::string function = absl::AsciiStrToLower(AbslView(call.name.text));
  absl::StatusOr<DataType> type = AggregateResultType(function, rows ? std::nullopt : std::optional(arguments[0].type));
  if (!type.ok()) {
    ReportWrong(diagnostics, range, StdView(type.status().message()));
    return std::nullopt;
  }
  v1::Aggregate aggregate;
  aggregate.set_function(function);
  if (!rows) aggregate.set_column(InputColumn(arguments[0]));
  // The least and the greatest of different values are those of all.
  aggregate.set_distinct(call.distinct && upper != "MIN" && upper != "MAX");
  if (filter) aggregate.set_filter(InputColumn(*filter));
  if (!rows && !keys_.empty()) *type = ResultOfGroup(aggregate, arguments[0].type, *std::move(type));
  for (size_t i = 0; i < aggregates_.size(); ++i) {
    v1::Aggregate same = aggregates_[i];
    same.clear_name();
    if (same.SerializeAsString() == aggregate.SerializeAsString())
      return ColumnOf({aggregates_[i].name(), aggregate_types_[i], false});
  }
  const std::string name = Cat(function, aggregate.distinct() ? "_distinct" : "", rows ? "" : "_", aggregate.column(),
                               filter ? "_if_" : "", aggregate.filter());
  aggregate.set_name(output_names_.Take(name));
  aggregates_.push_back(std::move(aggregate));
  aggregate_types_.push_back(*std::move(type));
  return ColumnOf({aggregates_.back().name(), aggregate_types_.back(), false});
}

}  // namespace millrace::sql
