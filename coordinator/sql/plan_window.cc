#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
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

bool IsWindowColumn(std::string_view plan_column) {
  return plan_column == kWindowStart || plan_column == kWindowEnd || plan_column == kWindowTime;
}

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
      relation->window = Tumble{function.call.name.range, {"", time, true}, 1, 0};
      for (const std::string_view column : {kWindowStart, kWindowEnd, kWindowTime}) {
        relation->scope.columns.push_back({"", std::string(column.substr(1)), time, std::string(column), false});
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
  if (IsZonedTimestamp(time->type) && session_.time_zone != "UTC") {
    ReportUnsupported(diagnostics_, range,
                      "windows over TIMESTAMP_LTZ are cut in UTC only, but 'table.local-time-zone' is '",
                      session_.time_zone, "'; set it to UTC, and give the window an offset");
  }
  relation->window = Tumble{range, {time->plan_column, time->type, true}, *size, *offset};
  const DataType bound = *ParseDataType("TIMESTAMP(3) NOT NULL");
  const DataType attribute = IsZonedTimestamp(time->type) ? *ParseDataType("TIMESTAMP_LTZ(3) NOT NULL") : bound;
  relation->scope.columns.push_back({"", "window_start", bound, std::string(kWindowStart), false});
  relation->scope.columns.push_back({"", "window_end", bound, std::string(kWindowEnd), false});
  relation->scope.columns.push_back({"", "window_time", attribute, std::string(kWindowTime), false});
  return relation;
}

}  // namespace millrace::sql
