#include "coordinator/plan/event_time_columns.h"

#include "base/error.h"
#include "coordinator/plan/expression_types.h"

namespace millrace {
namespace {

std::string SpelledZone(const std::string& zone) { return zone.empty() ? "UTC" : zone; }

bool IsZoned(std::string_view type) { return type.starts_with("TIMESTAMP_LTZ"); }

const TypedColumn* ColumnIn(const v1::Expression& expression, const Relation& input) {
  return expression.has_column() ? input.Find(expression.column()) : nullptr;
}

// The column of which the expression is a millisecond before.
const TypedColumn* MillisecondBefore(const v1::Expression& expression, const Relation& input) {
  const v1::Call& call = expression.call();
  if (call.function() != "minus" || call.args_size() != 2 || call.args(1).literal().value() != "1") return nullptr;
  return call.args(1).literal().type().starts_with("INTERVAL DAY TO SECOND") ? ColumnIn(call.args(0), input) : nullptr;
}

bool EndsInZone(const TypedColumn* column, const std::string& zone) {
  return column != nullptr && column->end_of.ends_with(" " + SpelledZone(zone));
}

}  // namespace

std::string WindowsOf(const v1::WindowAggregate& window) {
  return Cat(window.size_ms(), "+", window.offset_ms(), " ", SpelledZone(window.zone()));
}

void MarkEventTime(const v1::Expression& expression, const Relation& input, TypedColumn& column) {
  if (const TypedColumn* copied = ColumnIn(expression, input)) {
    column.row_time = copied->row_time;
    column.start_of = copied->start_of;
    column.end_of = copied->end_of;
    return;
  }
  if (expression.has_cast()) {
    const v1::Cast& cast = expression.cast();
    const TypedColumn* last = MillisecondBefore(cast.operand(), input);
    if (IsZoned(cast.type())) {
      column.row_time = EndsInZone(last, cast.zone()) && column.type.precision == 3;
    } else if (const TypedColumn* bound = ColumnIn(cast.operand(), input);
               bound != nullptr && IsZoned(bound->type.sql) && cast.type().starts_with("TIMESTAMP(3)")) {
      // Windows of TIMESTAMP_LTZ that are cut in UTC.
      const auto local = [&](const std::string& windows) {
        return windows.ends_with(" UTC") && SpelledZone(cast.zone()) == "UTC" ? windows : std::string();
      };
      column.start_of = local(bound->start_of);
      column.end_of = local(bound->end_of);
    }
    return;
  }
  if (const TypedColumn* end = MillisecondBefore(expression, input)) {
    column.row_time = EndsInZone(end, "");
    return;
  }
  const v1::Call& call = expression.call();
  if (call.args_size() != 3 || !call.function().starts_with("window_")) return;
  Diagnostics ignored;
  const std::optional<DataType> type = TypeOfExpression(call.args(0), input, "", ignored);
  if (!type) return;
  TypedColumn time{"", *type};
  MarkEventTime(call.args(0), input, time);
  if (!time.row_time) return;
  const std::string windows = Cat(call.args(1).literal().value(), "+", call.args(2).literal().value(), " ",
                                  IsZoned(time.type.sql) ? SpelledZone(call.zone()) : "UTC");
  if (call.function() == "window_start") column.start_of = windows;
  if (call.function() == "window_end") column.end_of = windows;
  column.row_time = call.function() == "window_time";
}

}  // namespace millrace
