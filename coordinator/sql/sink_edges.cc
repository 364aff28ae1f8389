#include <algorithm>
#include <set>
#include <utility>

#include "base/dead_letter_columns.h"
#include "coordinator/sql/insert_planner.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/rewrites.h"
#include "coordinator/sql/sql_types.h"
#include "coordinator/sql/table_connectors.h"
#include "coordinator/sql/table_name.h"

namespace millrace::sql {
namespace {

std::vector<ScopeColumn> Envelope() {
  std::vector<ScopeColumn> columns;
  for (const auto& [name, type] : kDeadLetterColumns) columns.push_back({"", name, *ParseDataType(type), name, false});
  return columns;
}

bool MayFail(const LogicalNode& node) {
  const std::vector<PlanColumn>& input = node.inputs.empty() ? node.columns : node.inputs[0].from->columns;
  // What a window's late rows or dead letters go through has no row of a table to set aside.
  if (!node.inputs.empty() && !node.inputs[0].output.empty()) return false;
  if (node.node.has_filter()) return MayFail(node.node.filter().condition(), input);
  if (!node.node.has_project()) return false;
  const auto& columns = node.node.project().columns();
  return std::any_of(columns.begin(), columns.end(),
                     [&](const v1::NamedExpression& own) { return MayFail(own.expression(), input); });
}

// The table whose rows come first to a node.
const LogicalNode* SourceBehind(const LogicalNode* node) {
  while (!node->inputs.empty()) node = node->inputs[0].from;
  return node;
}

}  // namespace

// A column takes what fits into it as it is, CHAR into STRING; what is united has one type.
std::vector<LogicalNode*> SinkCollector::WithOneType(std::vector<LogicalNode*> inputs) {
  std::vector<DataType> common;
  for (size_t i = 0; i < inputs[0]->columns.size(); ++i) {
    std::vector<DataType> types;
    for (const LogicalNode* input : inputs) types.push_back(input->columns[i].type);
    common.push_back(CommonSqlType(types).value_or(types[0]));
  }
  for (LogicalNode*& input : inputs) {
    std::vector<NamedColumn> columns;
    bool same = true;
    for (size_t i = 0; i < common.size(); ++i) {
      const PlanColumn& own = input->columns[i];
      same = same && IsSameType(own.type, common[i]);
      columns.push_back({own.name, ConvertTo(ColumnOf(own), WithNull(common[i], own.type.nullable), session_)});
    }
    if (!same) input = plan_.AddProject(input, columns);
  }
  return inputs;
}

std::vector<LogicalNode*> SinkCollector::Connect() {
  std::vector<LogicalNode*> sinks;
  for (const std::string& name : order_) {
    Destination& destination = destinations_[name];
    if (destination.sink == nullptr || destination.inputs.empty()) continue;
    destination.sink->inputs = {{plan_.AddUnion(WithOneType(destination.inputs)), ""}};
    destination.sink->columns = destination.sink->inputs[0].from->columns;
    sinks.push_back(destination.sink);
  }
  return sinks;
}

// Finds out where bad records of the tables go that were read, while what is wrong with it can still be told.
void SinkCollector::AddDeadLetters(const SourceRange& range, std::vector<Diagnostic>& diagnostics) {
  for (const auto& [key, source] : sources_) {
    const auto& [node, name] = source;
    if (node == nullptr || !name || dead_letters_.contains(node)) continue;
    const Table* target = catalog_.FindTable(*name);
    if (target == nullptr) {
      ReportWrong(diagnostics, range, "bad records of '", key.substr(0, key.find('\n')), "' go to '", *name,
                  "', which is no table", TableAdvice(*name, catalog_));
      continue;
    }
    const auto [found, inserted] = destinations_.emplace(target->name, Destination{});
    if (inserted) order_.push_back(target->name);
    if (found->second.sink == nullptr) {
      std::optional<v1::Sink> sink = SinkOf(*target, diagnostics);
      if (!sink) continue;
      LogicalNode own;
      *own.node.mutable_sink() = *std::move(sink);
      own.name = target->name;
      found->second.sink = plan_.Add(std::move(own));
    }
    // Tried now, for its diagnostics; made again once it is known who has dead letters.
    LogicalNode* project = ProjectByName(node, "dead_letter", Envelope(), *target, range, "dead letters", diagnostics);
    if (project == nullptr || !CheckSameColumns(*target, *project, range, diagnostics)) continue;
    dead_letters_[node] = target->name;
  }
}

void SinkCollector::CheckUids(const SourceRange& range, std::vector<Diagnostic>& diagnostics) {
  std::vector<LogicalNode*> ends;
  std::set<std::string> taken;
  for (const auto& [name, destination] : destinations_) {
    ends.insert(ends.end(), destination.inputs.begin(), destination.inputs.end());
    if (destination.sink != nullptr && !destination.sink->uid.empty()) taken.insert(destination.sink->uid);
  }
  for (const LogicalNode* node : Reachable(ends)) {
    if (node->uid.empty() || taken.insert(node->uid).second) continue;
    ReportWrong(diagnostics, range, "the UID '", node->uid,
                "' is given twice; state is found by it, so each operator has its own");
    return;
  }
}

std::vector<LogicalNode*> SinkCollector::ConnectDeadLetters(const std::vector<LogicalNode*>& sinks) {
  std::map<std::string, std::vector<LogicalNode::Input>> letters;
  std::vector<std::string> order;
  for (LogicalNode* node : Reachable(sinks)) {
    const auto found = dead_letters_.find(SourceBehind(node));
    if (found == dead_letters_.end() || (!node->node.has_source() && !MayFail(*node))) continue;
    if (letters[found->second].empty()) order.push_back(found->second);
    letters[found->second].push_back({node, "dead_letter"});
  }
  std::vector<LogicalNode*> ends = sinks;
  for (const std::string& name : order) {
    const std::vector<LogicalNode::Input>& inputs = letters[name];
    const Table& table = *catalog_.FindTable(name);
    LogicalNode::Input all = inputs[0];
    if (inputs.size() > 1) {
      LogicalNode together;
      together.node.mutable_union_();
      together.inputs = inputs;
      for (const ScopeColumn& column : Envelope()) together.columns.push_back({column.name, column.type, false});
      all = {plan_.Add(std::move(together)), ""};
    }
    std::vector<Diagnostic> told;
    if (!table.columns.empty())
      all = {ProjectByName(all.from, all.output, Envelope(), table, table.range, "dead letters", told), ""};
    LogicalNode* sink = destinations_[name].sink;
    if (sink->inputs.empty()) {
      sink->inputs = {all};
      ends.push_back(sink);
      continue;
    }
    if (sink->inputs[0].from->node.has_union_()) {
      sink->inputs[0].from->inputs.push_back(all);
      continue;
    }
    LogicalNode both;
    both.node.mutable_union_();
    both.columns = sink->columns;
    both.inputs = {sink->inputs[0], all};
    sink->inputs = {{plan_.Add(std::move(both)), ""}};
  }
  return ends;
}

}  // namespace millrace::sql
