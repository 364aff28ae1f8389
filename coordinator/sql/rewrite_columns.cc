#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "coordinator/sql/rewrites.h"

namespace millrace::sql {
namespace {

using Names = std::set<std::string>;

void Read(const v1::Expression& expression, Names& names) {
  std::vector<std::string> read;
  CollectColumns(expression, read);
  names.insert(read.begin(), read.end());
}

// What a node reads of an input, if `used` of its own columns are read.
Names ReadBy(const LogicalNode& node, const LogicalNode& input, const Names& used, bool side_read) {
  Names names;
  const auto all = [&] {
    for (const PlanColumn& column : input.columns) names.insert(column.name);
  };
  switch (node.node.kind_case()) {
    case v1::Node::kFilter:
      names = used;
      Read(node.node.filter().condition(), names);
      break;
    case v1::Node::kProject:
      for (const v1::NamedExpression& column : node.node.project().columns()) Read(column.expression(), names);
      break;
    case v1::Node::kWindowAggregate: {
      if (side_read) {
        all();
        break;
      }
      const v1::WindowAggregate& window = node.node.window_aggregate();
      names.insert(window.keys().begin(), window.keys().end());
      names.insert(window.time_column());
      for (const v1::Aggregate& aggregate : window.aggregates()) names.insert({aggregate.column(), aggregate.filter()});
      break;
    }
    case v1::Node::kGroupAggregate:
      names.insert(node.node.group_aggregate().keys().begin(), node.node.group_aggregate().keys().end());
      for (const v1::Aggregate& aggregate : node.node.group_aggregate().aggregates())
        names.insert({aggregate.column(), aggregate.filter()});
      break;
    case v1::Node::kSort:
      names = used;
      for (const v1::SortKey& key : node.node.sort().keys()) names.insert(key.column());
      break;
    case v1::Node::kUnnest:
      names = used;
      names.insert(node.node.unnest().column());
      break;
    default:
      // A sink takes what there is; inputs of a union have the same columns, whoever reads them.
      all();
  }
  return names;
}

// Only those that are used; one, if none is, so that rows have a number.
void Prune(LogicalNode& node, const Names& used) {
  const auto unused = [&](const auto& column) { return !used.contains(column.name()); };
  if (node.node.has_source()) {
    v1::Source& source = *node.node.mutable_source();
    const std::string time = source.watermark().column();
    std::erase_if(node.columns, [&](const PlanColumn& column) {
      const bool computed = std::any_of(source.computed().begin(), source.computed().end(),
                                        [&](const v1::NamedExpression& own) { return own.name() == column.name; });
      return computed && column.name != time && !used.contains(column.name);
    });
    auto& computed = *source.mutable_computed();
    computed.erase(std::remove_if(computed.begin(), computed.end(),
                                  [&](const v1::NamedExpression& own) { return own.name() != time && unused(own); }),
                   computed.end());
    return;
  }
  if (!node.node.has_project()) return;
  auto& columns = *node.node.mutable_project()->mutable_columns();
  if (std::all_of(columns.begin(), columns.end(), unused)) {
    columns.DeleteSubrange(1, columns.size() - 1);
    node.columns.resize(1);
    return;
  }
  columns.erase(std::remove_if(columns.begin(), columns.end(), unused), columns.end());
  std::erase_if(node.columns, [&](const PlanColumn& column) { return !used.contains(column.name); });
}

// What passes on the columns of its input has fewer now.
void Follow(LogicalNode& node) {
  if (node.inputs.size() != 1 || !node.inputs[0].output.empty()) return;
  const LogicalNode& input = *node.inputs[0].from;
  if (node.node.has_filter() || node.node.has_sort()) {
    std::erase_if(node.columns, [&](const PlanColumn& column) { return input.Find(column.name) == nullptr; });
  } else if (node.node.has_unnest()) {
    const auto& names = node.node.unnest().names();
    std::erase_if(node.columns, [&](const PlanColumn& column) {
      return input.Find(column.name) == nullptr && std::find(names.begin(), names.end(), column.name) == names.end();
    });
  }
}

}  // namespace

void PruneColumns(const std::vector<LogicalNode*>& sinks) {
  const std::vector<LogicalNode*> nodes = Reachable(sinks);
  std::map<const LogicalNode*, Names> used;
  std::set<const LogicalNode*> side_read;
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    for (const LogicalNode::Input& input : (*node)->inputs) {
      if (!input.output.empty()) {
        side_read.insert(input.from);
        continue;
      }
      const Names read = ReadBy(**node, *input.from, used[*node], side_read.contains(*node));
      used[input.from].insert(read.begin(), read.end());
    }
  }
  for (LogicalNode* node : nodes) {
    Prune(*node, used[node]);
    Follow(*node);
  }
}

}  // namespace millrace::sql
