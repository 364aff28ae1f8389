#include "coordinator/sql/planner.h"

#include <utility>

#include "coordinator/sql/insert_planner.h"
#include "coordinator/sql/rewrites.h"
#include "coordinator/sql/uids.h"

namespace millrace::sql {

class Planner::State {
 public:
  State(const Catalog& catalog, const Session& session)
      : catalog(catalog), session(session), sinks(catalog, session, plan, sources) {}

  const Catalog& catalog;
  const Session& session;
  LogicalPlan plan;
  SourceNodes sources;
  SinkCollector sinks;
};

Planner::Planner(const Catalog& catalog, const Session& session) : state_(std::make_unique<State>(catalog, session)) {}
Planner::~Planner() = default;

void Planner::AddInsert(const Insert& insert, std::vector<Diagnostic>& diagnostics) {
  state_->sinks.AddInsert(insert, diagnostics);
}

std::vector<ResultColumn> Planner::AddSelect(const Query& query, std::vector<Diagnostic>& diagnostics) {
  return state_->sinks.AddSelect(query, diagnostics);
}

std::vector<ResultColumn> Planner::ColumnsOf(const Query& query, std::vector<Diagnostic>& diagnostics) {
  LogicalPlan plan;
  SourceNodes sources;
  const size_t before = diagnostics.size();
  QueryBinder binder(state_->catalog, state_->session, plan, sources, diagnostics, {.only_types = true});
  const std::optional<Relation> relation = binder.Bind(query);
  SortByPlace(diagnostics, before);
  std::vector<ResultColumn> columns;
  if (!relation || diagnostics.size() != before) return columns;
  for (const ScopeColumn& column : relation->scope.columns) columns.push_back({column.name, column.type});
  return columns;
}

v1::Plan Planner::Finish() {
  const std::vector<LogicalNode*> sinks = state_->sinks.Connect();
  FoldConstants(sinks);
  PushFilters(sinks, state_->plan);
  MergeProjects(sinks);
  PruneColumns(sinks);
  MergeProjects(sinks);
  const std::vector<LogicalNode*> ends = state_->sinks.ConnectDeadLetters(sinks);
  const std::vector<LogicalNode*> nodes = Reachable(ends);
  AssignUids(nodes);
  v1::Plan plan;
  plan.set_format_version(1);
  for (LogicalNode* node : nodes) {
    v1::Node& own = *plan.add_nodes();
    own = node->node;
    own.set_uid(node->uid);
    for (const LogicalNode::Input& input : node->inputs) {
      v1::Edge& edge = *own.add_inputs();
      edge.set_from(input.from->uid);
      edge.set_output(input.output);
    }
  }
  return plan;
}

}  // namespace millrace::sql
