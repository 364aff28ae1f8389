#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "base/check.h"
#include "base/nearest_name.h"
#include "coordinator/sql/bind_literal.h"
#include "coordinator/sql/query_binder.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/sql_types.h"

namespace millrace::sql {
namespace {

constexpr int64_t kLongestWindowMs = int64_t{100} * 366 * 24 * 3600 * 1000;

std::string Upper(std::string_view name) { return absl::AsciiStrToUpper(AbslView(name)); }

// The arguments of TUMBLE by their place or their names.
struct TumbleArguments {
  const Expression* data = nullptr;
  const Expression* time = nullptr;
  const Expression* size = nullptr;
  const Expression* offset = nullptr;
};

std::optional<TumbleArguments> ArgumentsOf(const FunctionCall& call, const SourceRange& range,
                                           std::vector<Diagnostic>& diagnostics) {
  TumbleArguments arguments;
  const std::array<std::pair<std::string_view, const Expression**>, 4> places = {{{"DATA", &arguments.data},
                                                                                  {"TIMECOL", &arguments.time},
                                                                                  {"SIZE", &arguments.size},
                                                                                  {"OFFSET", &arguments.offset}}};
  bool right = true;
  for (size_t i = 0; i < call.arguments.size(); ++i) {
    const FunctionArgument& argument = call.arguments[i];
    const auto place = argument.name
                           ? std::find_if(places.begin(), places.end(),
                                          [&](const auto& own) { return own.first == Upper(argument.name->text); })
                       : i < places.size() ? places.begin() + i
                                           : places.end();
    if (place == places.end()) {
      ReportWrong(diagnostics, argument.name ? argument.name->range : argument.value.range,
                  argument.name ? Cat("TUMBLE has no argument '", argument.name->text, "'")
                                : std::string("TUMBLE has at most four arguments"),
                  "; they are DATA, TIMECOL, SIZE and OFFSET");
      right = false;
    } else if (*place->second != nullptr) {
      ReportWrong(diagnostics, argument.value.range, "the argument ", place->first, " of TUMBLE is given twice");
      right = false;
    } else {
      *place->second = &argument.value;
    }
  }
  if (right && (arguments.data == nullptr || arguments.time == nullptr || arguments.size == nullptr)) {
    ReportWrong(diagnostics, range, "write TUMBLE(TABLE t, DESCRIPTOR(time), INTERVAL '5' MINUTE)");
    right = false;
  }
  if (!right) return std::nullopt;
  return arguments;
}

std::optional<int64_t> Millis(const Expression& expression, std::string_view what,
                              std::vector<Diagnostic>& diagnostics) {
  const auto* interval = std::get_if<IntervalLiteral>(&expression.node);
  std::optional<TypedExpression> bound =
      interval != nullptr ? BindInterval(*interval, expression.range, diagnostics) : std::nullopt;
  if (interval != nullptr && !bound) return std::nullopt;
  if (!bound || !IsSameType(bound->type, MillisInterval(true))) {
    ReportWrong(diagnostics, expression.range, "the ", what,
                " of a window is a constant of days, hours, minutes or seconds, such as INTERVAL '5' MINUTE");
    return std::nullopt;
  }
  return IntervalValue(*interval);
}

}  // namespace

std::optional<Relation> QueryBinder::BindTableFunction(const TableFunction& function, const SourceRange& range,
                                                       CommonTables* common) {
  const std::string name = Upper(function.call.name.text);
  std::optional<Relation> relation;
  if (name == "TUMBLE") {
    relation = BindTumble(function.call, function.call.name.range, common);
  } else if (name == "HOP" || name == "CUMULATE" || name == "SESSION") {
    for (const FunctionArgument& argument : function.call.arguments) {
      if (std::holds_alternative<TableArgument>(argument.value.node))
        relation = BindWindowInput(argument.value, common);
    }
    ReportUnsupported(diagnostics_, function.call.name.range, "the window ", name, " is not supported; TUMBLE is");
    if (relation) {
      const DataType time = *ParseDataType("TIMESTAMP(3) NOT NULL");
      // For what else is wrong: the columns are there, and none of it is planned.
      relation->window = Tumble{.range = function.call.name.range,
                                .time = {"", time, true},
                                .size_ms = 1,
                                .attribute = time,
                                .start = "window_start",
                                .end = "window_end",
                                .last = "window_time",
                                .bare = relation->node};
      for (const char* column : {"window_start", "window_end", "window_time"}) {
        relation->scope.columns.push_back({"", column, time, column, false});
      }
    }
  } else {
    ReportUnsupported(diagnostics_, range, "the table function ", function.call.name.text,
                      " is not supported; TUMBLE and UNNEST are");
  }
  if (!relation || !Rename(*relation, function.alias)) return std::nullopt;
  return relation;
}

std::optional<Relation> QueryBinder::BindWindowInput(const Expression& argument, CommonTables* common) {
  if (const auto* table = std::get_if<TableArgument>(&argument.node)) {
    if (!table->partition_by.empty() || !table->order_by.empty()) {
      ReportUnsupported(diagnostics_, argument.range,
                        "PARTITION BY and ORDER BY of a window's table are not supported; name keys in GROUP BY");
    }
    if (const auto* name = std::get_if<QualifiedName>(&table->table)) return BindCatalogTable(*name, {}, common);
    return Bind(*std::get<Box<Query>>(table->table), common);
  }
  ReportWrong(diagnostics_, argument.range, "a window stands on a table: write TABLE and its name");
  return std::nullopt;
}

std::optional<Relation> QueryBinder::BindTumble(const FunctionCall& call, const SourceRange& range,
                                                CommonTables* common) {
  const std::optional<TumbleArguments> arguments = ArgumentsOf(call, range, diagnostics_);
  if (!arguments) return std::nullopt;
  std::optional<Relation> relation = BindWindowInput(*arguments->data, common);
  const std::optional<int64_t> size = Millis(*arguments->size, "size", diagnostics_);
  const std::optional<int64_t> offset =
      arguments->offset != nullptr ? Millis(*arguments->offset, "offset", diagnostics_) : 0;
  const auto* descriptor = std::get_if<Descriptor>(&arguments->time->node);
  if (descriptor == nullptr || descriptor->columns.size() != 1) {
    ReportWrong(diagnostics_, arguments->time->range, "a window names one time column: DESCRIPTOR(time)");
    return std::nullopt;
  }
  if (!relation || !size || !offset) return std::nullopt;
  if (*size <= 0 || *size > kLongestWindowMs) {
    ReportWrong(diagnostics_, arguments->size->range, "a window lasts from 1 ms to 100 years");
    return std::nullopt;
  }
  if (*offset <= -*size || *offset >= *size) {
    ReportWrong(diagnostics_, arguments->offset->range, "the offset of a window is smaller than its size");
    return std::nullopt;
  }
  const Identifier& name = descriptor->columns[0];
  const ScopeColumn* time = nullptr;
  std::string row_time;
  std::vector<std::string> names;
  for (const ScopeColumn& column : relation->scope.columns) {
    names.push_back(column.name);
    if (column.row_time) row_time = column.name;
    if (column.name == name.text) time = &column;
  }
  // What is missing may be what is wrong with the table.
  if (over_wrong_table_ && (time == nullptr || !time->row_time)) return std::nullopt;
  if (time == nullptr) {
    ReportWrong(diagnostics_, name.range, "the window's table has no column '", name.text, "'",
                NameAdvice(name.text, names));
    return std::nullopt;
  }
  if (!time->row_time) {
    ReportWrong(diagnostics_, name.range, "a window cannot stand on '", name.text,
                "', for it is not the event time of its table",
                row_time.empty() ? Cat("; declare WATERMARK FOR ", name.text, " AS ", name.text,
                                       " - INTERVAL '5' SECOND in CREATE TABLE, and hand the column on as it is")
                                 : Cat("; that is '", row_time, "'"));
    return std::nullopt;
  }
  Tumble tumble{.range = range,
                .time = {time->plan_column, time->type, true},
                .size_ms = *size,
                .offset_ms = *offset,
                .attribute = *ParseDataType(IsZonedTimestamp(time->type) ? "TIMESTAMP_LTZ(3) NOT NULL"
                                                                         : "TIMESTAMP(3) NOT NULL"),
                .start = "",
                .end = "",
                .last = "",
                .bare = relation->node};
  AddWindowColumns(*relation, std::move(tumble));
  return relation;
}

// The window of each row, computed from its time, which is event time no longer: window_time is.
void QueryBinder::AddWindowColumns(Relation& relation, Tumble tumble) {
  UniqueNames names;
  std::vector<NamedColumn> columns;
  for (const PlanColumn& column : relation.node->columns)
    columns.push_back({names.Take(column.name), ColumnOf(column)});
  for (ScopeColumn& column : relation.scope.columns) column.row_time = false;
  ExpressionBinder binder(relation.scope, session_, diagnostics_);
  const auto millis = [](int64_t value) {
    TypedExpression interval;
    interval.type = MillisInterval(false);
    interval.plan.mutable_literal()->set_type(interval.type.sql);
    interval.plan.mutable_literal()->set_value(Cat(value));
    return interval;
  };
  const auto add = [&](const char* name, std::string& own) {
    std::optional<TypedExpression> value =
        binder.Call(name, {ColumnOf(tumble.time), millis(tumble.size_ms), millis(tumble.offset_ms)}, tumble.range);
    Check(value.has_value(), "the functions of windows take an event time");
    own = names.Take(name);
    relation.scope.columns.push_back({"", name, value->type, own, &own == &tumble.last});
    columns.push_back({own, *std::move(value)});
  };
  add("window_start", tumble.start);
  add("window_end", tumble.end);
  add("window_time", tumble.last);
  relation.node = plan_.AddProject(relation.node, columns);
  relation.window = std::move(tumble);
}

}  // namespace millrace::sql
