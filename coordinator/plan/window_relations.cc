#include "coordinator/plan/window_relations.h"

#include <algorithm>

#include "base/expression/temporal_zone.h"
#include "base/nearest_name.h"
#include "coordinator/plan/aggregate_relations.h"
#include "coordinator/plan/event_time_columns.h"

namespace millrace {
namespace {

// 100 years: start and end of every window stay far inside 64-bit microseconds.
constexpr int64_t kLongestWindowMs = int64_t{100} * 366 * 24 * 3600 * 1000;

bool IsZoned(const DataType& time) { return time.sql.starts_with("TIMESTAMP_LTZ"); }
bool IsUtc(const v1::WindowAggregate& window) { return window.zone().empty() || window.zone() == "UTC"; }

// The type of window_start and window_end: what clocks of a zone show; in UTC, of the time column's kind.
DataType BoundType(const v1::WindowAggregate& window, const DataType& time) {
  return *ParseDataType(IsZoned(time) && IsUtc(window) ? "TIMESTAMP_LTZ(3) NOT NULL" : "TIMESTAMP(3) NOT NULL");
}

DataType WatermarkType(const v1::WindowAggregate& window, const DataType& time) {
  return *ParseDataType(IsZoned(time) || !IsUtc(window) ? "TIMESTAMP_LTZ(3)" : "TIMESTAMP(3)");
}

void CheckShape(const v1::WindowAggregate& window, const std::string& field, Diagnostics& diagnostics) {
  const int64_t size = window.size_ms();
  const int64_t offset = window.offset_ms();
  if (size <= 0 || size > kLongestWindowMs) {
    diagnostics.Add(field + ".size_ms", "a window of ", size, " ms is not possible; use 1 ms to 100 years, such as 10000 for 10 s");
  } else if (offset <= -size || offset >= size) {
    diagnostics.Add(field + ".offset_ms", "an offset of ", offset, " ms shifts by a whole window; use more than ", -size,
                    " and less than ", size);
  }
  if (const auto zone = SessionZone(window.zone()); !zone.ok()) diagnostics.Add(field + ".zone", zone.status());
}

const TypedColumn* CheckTime(const v1::WindowAggregate& window, const Relation& input, const std::string& field,
                             Diagnostics& diagnostics) {
  const TypedColumn* time = input.Find(window.time_column());
  // What has been cut into these windows already.
  if (time != nullptr && time->start_of == WindowsOf(window)) return time;
  const auto row_time = std::find_if(input.columns.begin(), input.columns.end(), [](const TypedColumn& c) { return c.row_time; });
  if (row_time == input.columns.end()) {
    diagnostics.Add(field + ".time_column",
                    "the input has no event time: give its source a watermark, and let every project on the way keep that column");
    return nullptr;
  }
  if (time == nullptr) {
    diagnostics.Add(field + ".time_column", "the input has no column '", window.time_column(), "'; its event time is '",
                    row_time->name, "'");
  } else if (!time->row_time) {
    diagnostics.Add(field + ".time_column", "'", time->name, "' is not the event time of the input; use '", row_time->name, "'");
    return nullptr;
  } else if (!IsZoned(time->type) && !IsUtc(window)) {
    diagnostics.Add(field + ".zone", "'", time->name, "' is ", time->type.sql,
                    ", which is the same in every zone; leave the zone out, or use TIMESTAMP_LTZ(3)");
    return nullptr;
  }
  return time;
}

}  // namespace

std::optional<Relation> WindowRelation(const v1::WindowAggregate& window, const Relation& input, const std::string& field,
                                       Diagnostics& diagnostics) {
  const size_t before = diagnostics.list().size();
  Relation relation;
  CheckShape(window, field, diagnostics);
  const TypedColumn* time = CheckTime(window, input, field, diagnostics);
  for (int i = 0; i < window.keys_size(); ++i) {
    if (window.keys(i) != "window_start" && window.keys(i) != "window_end") continue;
    diagnostics.Add(Cat(field, ".keys[", i, "]"), "a key cannot be named '", window.keys(i),
                    "', as the window's own column is; rename it in a project");
    return std::nullopt;
  }
  AddKeys(window.keys(), input, field, relation, diagnostics);
  if (time != nullptr) {
    AddResult(field, "window_start", BoundType(window, time->type), relation, diagnostics);
    AddResult(field, "window_end", BoundType(window, time->type), relation, diagnostics);
    for (TypedColumn& column : relation.columns) {
      if (column.name == "window_start") column.start_of = WindowsOf(window);
      if (column.name == "window_end") column.end_of = WindowsOf(window);
    }
  }
  if (window.aggregates().empty()) {
    diagnostics.Add(field + ".aggregates", "the window computes nothing; add an aggregate, such as count");
  }
  AddAggregates(window.aggregates(), /*groups=*/true, input, field, relation, diagnostics);
  if (diagnostics.list().size() != before) return std::nullopt;
  return relation;
}

std::optional<Relation> LateRelation(const v1::WindowAggregate& window, const Relation& input, const std::string& field,
                                     Diagnostics& diagnostics) {
  Relation relation;
  for (const TypedColumn& column : input.columns) {
    if (column.name == "window_end" || column.name == "watermark") {
      diagnostics.Add(field + ".inputs[0]", "the input has a column '", column.name,
                      "', which is also what a column of late rows is called; rename it in a project before the window");
      return std::nullopt;
    }
    relation.columns.push_back({column.name, column.type, false});
  }
  const DataType& time = input.Find(window.time_column())->type;
  relation.columns.push_back({"window_end", BoundType(window, time), false});
  relation.columns.push_back({"watermark", WatermarkType(window, time), false});
  return relation;
}

std::vector<std::string> WindowReads(const v1::WindowAggregate& window) {
  std::vector<std::string> names = AggregateReads(window.keys(), window.aggregates());
  names.push_back(window.time_column());
  return names;
}

}  // namespace millrace
