#include <algorithm>
#include <utility>

#include "coordinator/sql/aggregate_planner.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/sql_types.h"

namespace millrace::sql {

LogicalNode* AggregatePlanner::Build(const Select& select, const SourceRange& range) {
  LogicalNode* node = windowed_ ? BuildWindow() : BuildGroup(range);
  node->uid = binder_.UidHint(select.hints);
  return node;
}

// Without columns of the window where none is read.
LogicalNode* AggregatePlanner::InputNode() const {
  if (!input_.window || input_.window->bare == nullptr) return input_.node;
  std::vector<std::string> read;
  for (const NamedColumn& column : input_columns_) CollectColumns(column.expression.plan, read);
  const bool reads = std::any_of(read.begin(), read.end(),
                                 [&](const std::string& name) { return input_.window->Has(name); });
  return reads ? input_.node : input_.window->bare;
}

// The aggregate's input: as it is, if it has what is needed under its names.
LogicalNode* AggregatePlanner::BuildInput() {
  return needs_project_ ? binder_.plan().AddProject(InputNode(), input_columns_) : InputNode();
}

LogicalNode* AggregatePlanner::BuildGroup(const SourceRange& range) {
  if (!input_.node->bounded) {
    ReportUnsupported(binder_.diagnostics(), range, keys_.empty() ? "an aggregate" : "GROUP BY",
                      " without a window over unbounded input is not supported; group by window_start and window_end "
                      "of TUMBLE",
                      input_.window ? ", by both" : "", ", or bound the source");
  }
  // Rows that are only counted need no column of their own.
  if (needs_project_ && input_columns_.empty()) needs_project_ = false;
  LogicalNode group;
  v1::GroupAggregate& plan = *group.node.mutable_group_aggregate();
  LogicalNode* input = BuildInput();
  for (const std::string& key : key_columns_) {
    plan.add_keys(key);
    if (const PlanColumn* column = input->Find(key)) group.columns.push_back({key, column->type, false});
  }
  for (size_t i = 0; i < aggregates_.size(); ++i) {
    *plan.add_aggregates() = aggregates_[i];
    group.columns.push_back({aggregates_[i].name(), aggregate_types_[i], false});
  }
  group.inputs = {{input, ""}};
  group.bounded = true;
  return binder_.plan().Add(std::move(group));
}

LogicalNode* AggregatePlanner::BuildWindow() {
  const Tumble& tumble = *input_.window;
  if (aggregates_.empty()) {
    // A window computes something; what nobody reads costs a counter.
    v1::Aggregate count;
    count.set_function("count");
    count.set_name(output_names_.Take("count"));
    aggregates_.push_back(std::move(count));
    aggregate_types_.push_back(*ParseDataType("BIGINT NOT NULL"));
  }
  LateRows late;
  const std::string time = InputColumn(ColumnOf(tumble.time));
  if (binder_.keep_late_columns()) {
    for (const ScopeColumn& column : input_.scope.columns) {
      if (tumble.Has(column.plan_column)) continue;
      ScopeColumn kept = column;
      kept.plan_column = InputColumn(ColumnOf({column.plan_column, column.type, false}));
      late.columns.push_back(std::move(kept));
    }
    // The names are the window's own even if the input is read as it is.
    for (const PlanColumn& column : InputNode()->columns) {
      needs_project_ = needs_project_ || column.name == "window_end" || column.name == "watermark";
    }
  }
  LogicalNode window;
  v1::WindowAggregate& plan = *window.node.mutable_window_aggregate();
  LogicalNode* input = BuildInput();
  // An input whose columns are called as the window's own is refused by the plan, whether or not they are read.
  const bool clashes = std::any_of(input->columns.begin(), input->columns.end(), [](const PlanColumn& column) {
    return column.name == "window_end" || column.name == "watermark";
  });
  if (clashes) input = binder_.plan().AddProject(InputNode(), input_columns_);
  plan.set_time_column(time);
  plan.set_size_ms(tumble.size_ms);
  plan.set_offset_ms(tumble.offset_ms);
  const bool zoned = IsZonedTimestamp(tumble.attribute);
  if (zoned && binder_.session().time_zone != "UTC") plan.set_zone(binder_.session().time_zone);
  for (const std::string& key : key_columns_) {
    plan.add_keys(key);
    if (const PlanColumn* column = input->Find(key)) window.columns.push_back({key, column->type, false});
  }
  const DataType bound = *ParseDataType(HasZonedBounds() ? "TIMESTAMP_LTZ(3) NOT NULL" : "TIMESTAMP(3) NOT NULL");
  window.columns.push_back({"window_start", bound, false});
  window.columns.push_back({"window_end", bound, false});
  for (size_t i = 0; i < aggregates_.size(); ++i) {
    *plan.add_aggregates() = aggregates_[i];
    window.columns.push_back({aggregates_[i].name(), aggregate_types_[i], false});
  }
  window.inputs = {{input, ""}};
  window.bounded = input->bounded;
  const std::string plan_zone = plan.zone();
  LogicalNode* node = binder_.plan().Add(std::move(window));
  late.window = node;
  late.columns.push_back({"", "window_end", bound, "window_end", false});
  const bool instant = HasZonedBounds() || !plan_zone.empty();
  const DataType watermark = *ParseDataType(instant ? "TIMESTAMP_LTZ(3)" : "TIMESTAMP(3)");
  late.columns.push_back({"", "watermark", watermark, "watermark", false});
  binder_.AddLateRows(std::move(late));
  return node;
}

}  // namespace millrace::sql
