// Stands in for coordinator/sql/plan*.cc until they are there: SELECT * FROM one table, INSERT of that.
#include "coordinator/sql/planner.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/table_connectors.h"
#include "coordinator/sql/table_hints.h"
#include "coordinator/sql/table_name.h"

namespace millrace::sql {

class Planner::State {
 public:
  const Catalog& catalog;
  const Session& session;
  v1::Plan plan;
};

namespace {

std::optional<Table> TableOf(const Query& query, const Catalog& catalog, std::vector<Diagnostic>& diagnostics) {
  const auto& named = std::get<NamedTable>(std::get<Select>(query.body).from.at(0).node);
  std::optional<std::string> name = TableNameOf(named.name, diagnostics);
  const Table* table = name ? catalog.FindTable(*name) : nullptr;
  if (table == nullptr) {
    ReportWrong(diagnostics, named.name.range, "there is no table '", *name, "'", TableAdvice(*name, catalog));
    return std::nullopt;
  }
  return ApplyHints(*table, named.hints, diagnostics);
}

}  // namespace

Planner::Planner(const Catalog& catalog, const Session& session) : state_(new State{catalog, session, {}}) {}
Planner::~Planner() = default;

void Planner::AddInsert(const Insert& insert, std::vector<Diagnostic>& diagnostics) {
  std::optional<Table> from = TableOf(insert.query, state_->catalog, diagnostics);
  std::optional<std::string> name = TableNameOf(insert.table, diagnostics);
  const Table* to = name ? state_->catalog.FindTable(*name) : nullptr;
  if (!from || to == nullptr) return;
  std::optional<v1::Source> source = SourceOf(*from, state_->session, diagnostics);
  std::optional<v1::Sink> sink = SinkOf(*to, diagnostics);
  if (!source || !sink) return;
  v1::Node& read = *state_->plan.add_nodes();
  read.set_uid(from->name);
  *read.mutable_source() = *source;
  v1::Node& write = *state_->plan.add_nodes();
  write.set_uid(to->name);
  write.add_inputs()->set_from(from->name);
  *write.mutable_sink() = *sink;
}

std::vector<ResultColumn> Planner::AddSelect(const Query& query, std::vector<Diagnostic>& diagnostics) {
  std::optional<Table> from = TableOf(query, state_->catalog, diagnostics);
  if (!from) return {};
  std::optional<v1::Source> source = SourceOf(*from, state_->session, diagnostics);
  if (source) {
    v1::Node& node = *state_->plan.add_nodes();
    node.set_uid(from->name);
    *node.mutable_source() = *source;
  }
  return ColumnsOf(query, diagnostics);
}

std::vector<ResultColumn> Planner::ColumnsOf(const Query& query, std::vector<Diagnostic>& diagnostics) {
  std::optional<Table> from = TableOf(query, state_->catalog, diagnostics);
  std::vector<ResultColumn> columns;
  if (!from) return columns;
  for (const TableColumn& column : from->columns) columns.push_back({column.name, column.type});
  return columns;
}

v1::Plan Planner::Finish() { return state_->plan; }

}  // namespace millrace::sql
