#include "coordinator/sql/insert_planner.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/nearest_name.h"
#include "coordinator/sql/bind_literal.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/sql_types.h"
#include "coordinator/sql/table_connectors.h"
#include "coordinator/sql/table_hints.h"
#include "coordinator/sql/table_name.h"
#include "google/protobuf/util/message_differencer.h"

namespace millrace::sql {
namespace {

using google::protobuf::util::MessageDifferencer;

bool IsWritten(const TableColumn& column) {
  return column.kind == TableColumn::Kind::kPhysical ||
         (column.kind == TableColumn::Kind::kMetadata && !column.is_virtual);
}

std::string Listed(const std::vector<PlanColumn>& columns) {
  std::string list;
  for (const PlanColumn& column : columns)
    absl::StrAppend(&list, list.empty() ? "" : ", ", column.name, " ", column.type.sql);
  return "[" + list + "]";
}

// Where the query says its i-th column, if it can be told.
SourceRange RangeOfColumn(const Query& query, size_t index, size_t width) {
  const auto* select = std::get_if<Select>(&query.body);
  return select != nullptr && select->items.size() == width ? select->items[index].range : query.range;
}

}  // namespace

const Table* SinkCollector::FindTarget(const QualifiedName& name, std::vector<Diagnostic>& diagnostics) {
  const std::optional<std::string> own = TableNameOf(name, diagnostics);
  if (!own) return nullptr;
  const Table* table = catalog_.FindTable(*own);
  if (table != nullptr) return table;
  if (catalog_.FindView(*own) != nullptr) {
    ReportWrong(diagnostics, name.range, "'", *own, "' is a view; rows go into tables");
  } else {
    ReportWrong(diagnostics, name.range, "there is no table '", *own, "'", TableAdvice(*own, catalog_));
  }
  return nullptr;
}

void SinkCollector::AddInsert(const Insert& insert, std::vector<Diagnostic>& diagnostics) {
  const size_t before = diagnostics.size();
  PlanInsert(insert, diagnostics);
  SortByPlace(diagnostics, before);
}

void SinkCollector::PlanInsert(const Insert& insert, std::vector<Diagnostic>& diagnostics) {
  const size_t before = diagnostics.size();
  if (insert.overwrite) {
    ReportUnsupported(diagnostics, insert.range,
                      "INSERT OVERWRITE is not supported: tables are appended to; write INSERT INTO");
  }
  const Table* table = FindTarget(insert.table, diagnostics);
  QueryBinder binder(catalog_, session_, plan_, sources_, diagnostics,
                     {.keep_late_columns = insert.late_data_to.has_value()});
  const std::optional<Relation> relation = binder.Bind(insert.query);
  if (table == nullptr) return;
  LogicalNode* rows = relation ? Fit(*relation, *table, insert, diagnostics) : nullptr;
  const std::string uid = binder.UidHint(insert.hints);
  const Table written = ApplyHints(*table, insert.hints, diagnostics);
  if (rows == nullptr || diagnostics.size() != before || binder.over_wrong_table()) {
    // Whether the table can be written does not depend on it.
    SinkOf(written, diagnostics);
    if (insert.late_data_to) FindTarget(*insert.late_data_to, diagnostics);
    return;
  }
  if (rows != nullptr && diagnostics.size() == before) AddTo(written, rows, insert.table.range, uid, diagnostics);
  if (insert.late_data_to && diagnostics.size() == before)
    AddLateData(*insert.late_data_to, binder.late_rows(), diagnostics);
  if (diagnostics.size() == before) AddDeadLetters(insert.range, diagnostics);
  if (diagnostics.size() == before) CheckUids(insert.range, diagnostics);
}

std::vector<ResultColumn> SinkCollector::AddSelect(const Query& query, std::vector<Diagnostic>& diagnostics) {
  const size_t before = diagnostics.size();
  QueryBinder binder(catalog_, session_, plan_, sources_, diagnostics, {});
  const std::optional<Relation> relation = binder.Bind(query);
  SortByPlace(diagnostics, before);
  if (!relation || diagnostics.size() != before || binder.over_wrong_table()) return {};
  std::vector<ResultColumn> result;
  std::vector<NamedColumn> columns;
  UniqueNames names;
  for (const ScopeColumn& column : relation->scope.columns) {
    columns.push_back({names.Take(column.name), ColumnOf({column.plan_column, column.type, false})});
    result.push_back({columns.back().name, column.type});
  }
  LogicalNode sink;
  sink.node.mutable_sink()->set_connector("result");
  sink.name = "result";
  const auto [destination, inserted] = destinations_.emplace("\nresult", Destination{});
  if (inserted) order_.push_back("\nresult");
  destination->second.sink = plan_.Add(std::move(sink));
  destination->second.inputs = {plan_.AddProject(relation->node, columns)};
  AddDeadLetters(query.range, diagnostics);
  CheckUids(query.range, diagnostics);
  if (diagnostics.size() != before) return {};
  return result;
}

std::optional<std::vector<SinkCollector::Target>> SinkCollector::TargetsOf(const Table& table, const Insert& insert,
                                                                           std::vector<Diagnostic>& diagnostics) {
  std::vector<Target> targets;
  std::vector<std::string> known;
  for (const TableColumn& column : table.columns) {
    if (IsWritten(column)) known.push_back(column.name);
  }
  const auto find = [&](const Identifier& name) -> const TableColumn* {
    const TableColumn* column = table.Find(name.text);
    if (column != nullptr && IsWritten(*column)) return column;
    ReportWrong(diagnostics, name.range,
                column == nullptr
                    ? Cat("'", table.name, "' has no column '", name.text, "'", NameAdvice(name.text, known))
                    : Cat("column '", name.text, "' of '", table.name, "' is computed, and not written"));
    return nullptr;
  };
  bool right = true;
  std::set<std::string> named;
  for (const StaticPartition& partition : insert.partitions) {
    right = find(partition.column) != nullptr && right;
    if (!named.insert(partition.column.text).second) {
      ReportWrong(diagnostics, partition.column.range, "column '", partition.column.text, "' is named twice");
      right = false;
    }
  }
  for (const Identifier& name : insert.columns) {
    const TableColumn* column = find(name);
    if (!named.insert(name.text).second) {
      ReportWrong(diagnostics, name.range, "column '", name.text, "' is named twice");
      right = false;
    }
    if (column != nullptr) targets.push_back({column->name, column->type});
    right = right && column != nullptr;
  }
  if (!right) return std::nullopt;
  if (!insert.columns.empty()) return targets;
  for (const TableColumn& column : table.columns) {
    if (IsWritten(column) && !named.contains(column.name)) targets.push_back({column.name, column.type});
  }
  return targets;
}

// The query's columns as the table declares them.
LogicalNode* SinkCollector::Fit(const Relation& relation, const Table& table, const Insert& insert,
                                std::vector<Diagnostic>& diagnostics) {
  const std::vector<ScopeColumn>& given = relation.scope.columns;
  std::vector<NamedColumn> columns;
  if (table.open) return nullptr;
  if (table.columns.empty()) {
    if (!insert.columns.empty() && insert.columns.size() != given.size()) {
      ReportWrong(diagnostics, insert.table.range, "INSERT names ", insert.columns.size(),
                  " columns, but the query gives ", given.size());
      return nullptr;
    }
    UniqueNames names;
    for (size_t i = 0; i < given.size(); ++i) {
      const std::string name = insert.columns.empty() ? given[i].name : insert.columns[i].text;
      columns.push_back({names.Take(name), ColumnOf({given[i].plan_column, given[i].type, false})});
    }
    return plan_.AddProject(relation.node, columns);
  }
  const std::optional<std::vector<Target>> targets = TargetsOf(table, insert, diagnostics);
  if (!targets) return nullptr;
  if (targets->size() != given.size()) {
    std::vector<PlanColumn> has, takes;
    for (const ScopeColumn& column : given) has.push_back({column.name, column.type, false});
    for (const Target& target : *targets) takes.push_back({target.name, target.type, false});
    ReportWrong(diagnostics, insert.query.range, "the query gives ", has.size(),
                has.size() == 1 ? " column " : " columns ", Listed(has), ", but '", table.name, "' takes ",
                takes.size(), " ", Listed(takes));
    return nullptr;
  }
  bool right = true;
  std::map<std::string, TypedExpression> values;
  for (size_t i = 0; i < given.size(); ++i) {
    const Target& target = (*targets)[i];
    const SourceRange range = RangeOfColumn(insert.query, i, given.size());
    if (target.type.arrow == nullptr) continue;
    std::vector<Diagnostic> own;
    std::optional<TypedExpression> value =
        ImplicitCast(ColumnOf({given[i].plan_column, given[i].type, false}), target.type, range, session_, own);
    if (value) {
      values[target.name] = *std::move(value);
      continue;
    }
    right = false;
    const bool only_null = given[i].type.nullable && !target.type.nullable && IsSameType(given[i].type, target.type);
    ReportWrong(diagnostics, range, "column ", i + 1, " of '", table.name, "' is ", target.name, " ", target.type.sql,
                ", but the query gives ", given[i].name, " ", given[i].type.sql,
                only_null
                    ? Cat(", which may be NULL; write COALESCE(…, …), or declare ", target.name, " without NOT NULL")
                    : Cat("; write CAST(… AS ", SpelledNullable(target.type), ")"));
  }
  for (const StaticPartition& partition : insert.partitions) {
    const Scope nothing;
    std::optional<TypedExpression> value = BindExpression(partition.value, nothing, session_, diagnostics);
    const TableColumn& column = *table.Find(partition.column.text);
    if (column.type.arrow == nullptr) continue;
    // Flink takes a string for any type here.
    if (value && IsText(value->type) && !IsText(column.type))
      *value = ConvertTo(*std::move(value), column.type, session_);
    if (value) value = ImplicitCast(*std::move(value), column.type, partition.value.range, session_, diagnostics);
    right = right && value.has_value();
    if (value) values[column.name] = *std::move(value);
  }
  if (table.wrong) return nullptr;
  for (const TableColumn& column : table.columns) {
    if (!IsWritten(column)) continue;
    const auto value = values.find(column.name);
    if (value != values.end()) {
      columns.push_back({column.name, value->second});
    } else if (column.type.nullable) {
      columns.push_back({column.name, NullConstant(column.type)});
    } else if (right) {
      ReportWrong(diagnostics, insert.table.range, "column '", column.name, "' of '", table.name, "' is ",
                  column.type.sql, ", but INSERT does not name it; give it a value");
      right = false;
    }
  }
  return right ? plan_.AddProject(relation.node, columns) : nullptr;
}

bool SinkCollector::CheckSameColumns(const Table& table, const LogicalNode& rows, const SourceRange& range,
                                     std::vector<Diagnostic>& diagnostics) {
  const Destination& destination = destinations_[table.name];
  if (!table.columns.empty() || destination.inputs.empty()) return true;
  const std::vector<PlanColumn>& first = destination.inputs[0]->columns;
  const bool same = std::equal(
      first.begin(), first.end(), rows.columns.begin(), rows.columns.end(),
      [](const PlanColumn& a, const PlanColumn& b) { return a.name == b.name && IsSameType(a.type, b.type); });
  if (same) return true;
  ReportWrong(diagnostics, range, "'", table.name, "' is declared without columns and has taken ", Listed(first),
              " from what was written to it first, but this gives ", Listed(rows.columns));
  return false;
}

bool SinkCollector::AddTo(const Table& table, LogicalNode* rows, const SourceRange& range, const std::string& uid,
                          std::vector<Diagnostic>& diagnostics) {
  const auto [found, inserted] = destinations_.emplace(table.name, Destination{});
  if (inserted) order_.push_back(table.name);
  Destination& destination = found->second;
  std::optional<v1::Sink> sink = SinkOf(table, diagnostics);
  if (!sink) return false;
  if (destination.sink != nullptr) {
    if (!MessageDifferencer::Equals(destination.sink->node.sink(), *sink)) {
      ReportWrong(diagnostics, range, "'", table.name, "' is written with other options elsewhere in this script, and ",
                  "all that is written to a table goes one way; give the same hint OPTIONS everywhere");
      return false;
    }
  } else {
    LogicalNode node;
    *node.node.mutable_sink() = *std::move(sink);
    node.name = table.name;
    destination.sink = plan_.Add(std::move(node));
  }
  if (!CheckSameColumns(table, *rows, range, diagnostics)) return false;
  if (!uid.empty() && !destination.sink->uid.empty() && destination.sink->uid != uid) {
    ReportWrong(diagnostics, range, "'", table.name, "' is written by one sink, and that has the UID '",
                destination.sink->uid, "' already; give it the same one everywhere");
    return false;
  }
  if (!uid.empty()) destination.sink->uid = uid;
  destination.inputs.push_back(rows);
  return true;
}

LogicalNode* SinkCollector::ProjectByName(LogicalNode* input, std::string output,
                                          const std::vector<ScopeColumn>& available, const Table& table,
                                          const SourceRange& range, std::string_view what,
                                          std::vector<Diagnostic>& diagnostics) {
  if (table.wrong) return nullptr;
  LogicalNode project;
  std::vector<std::string> names;
  for (const ScopeColumn& column : available) names.push_back(column.name);
  bool right = true;
  const auto add = [&](const std::string& name, const TypedExpression& value) {
    v1::NamedExpression& own = *project.node.mutable_project()->add_columns();
    own.set_name(name);
    *own.mutable_expression() = value.plan;
    project.columns.push_back({name, value.type, false});
  };
  if (table.columns.empty()) {
    UniqueNames unique;
    for (const ScopeColumn& column : available)
      add(unique.Take(column.name), ColumnOf({column.plan_column, column.type, false}));
  }
  for (const TableColumn& column : table.columns) {
    if (!IsWritten(column)) continue;
    // The last of a name: what the operator adds.
    const auto found = std::find_if(available.rbegin(), available.rend(),
                                    [&](const ScopeColumn& own) { return own.name == column.name; });
    if (found == available.rend()) {
      ReportWrong(diagnostics, range, "'", table.name, "' declares '", column.name, "', which ", what, " do not have",
                  NameAdvice(column.name, names));
      right = false;
      continue;
    }
    std::vector<Diagnostic> own;
    std::optional<TypedExpression> value =
        ImplicitCast(ColumnOf({found->plan_column, found->type, false}), column.type, range, session_, own);
    if (!value) {
      ReportWrong(diagnostics, range, "'", table.name, "' declares '", column.name, "' as ", column.type.sql,
                  ", but in ", what, " it is ", found->type.sql, "; declare it so");
      right = false;
      continue;
    }
    add(column.name, *value);
  }
  if (!right) return nullptr;
  project.inputs = {{input, std::move(output)}};
  project.bounded = input->bounded;
  return plan_.Add(std::move(project));
}

void SinkCollector::AddLateData(const QualifiedName& name, const std::vector<LateRows>& late,
                                std::vector<Diagnostic>& diagnostics) {
  const Table* table = FindTarget(name, diagnostics);
  if (late.empty()) {
    ReportWrong(diagnostics, name.range,
                "LATE DATA TO takes the late rows of a window, and this query has none; GROUP BY the window of TUMBLE");
    return;
  }
  if (table == nullptr) return;
  for (const LateRows& rows : late) {
    LogicalNode* project =
        ProjectByName(rows.window, "late", rows.columns, *table, name.range, "late rows", diagnostics);
    if (project == nullptr || !AddTo(*table, project, name.range, "", diagnostics)) return;
  }
}

}  // namespace millrace::sql
