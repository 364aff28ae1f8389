#include "coordinator/sql/plan_readers.h"

#include <algorithm>
#include <functional>
#include <set>

#include "arrow/type.h"
#include "base/expression/condition.h"
#include "coordinator/sql/rewrites.h"

namespace millrace::sql {

void PlanReaders::Refresh(const std::vector<LogicalNode*>& sinks) {
  counts_.clear();
  for (const LogicalNode* node : Reachable(sinks)) {
    for (const LogicalNode::Input& input : node->inputs) ++counts_[input.from];
  }
}

int PlanReaders::Count(const LogicalNode* node) const {
  const auto found = counts_.find(node);
  return found == counts_.end() ? 0 : found->second;
}

void Bypass(LogicalNode& node, const std::vector<LogicalNode*>& sinks) {
  for (LogicalNode* reader : Reachable(sinks)) {
    for (LogicalNode::Input& input : reader->inputs) {
      if (input.from == &node && input.output.empty()) input = node.inputs[0];
    }
  }
}

void RenameColumns(v1::Expression& expression, const std::map<std::string, std::string>& names) {
  if (expression.has_column()) {
    const auto found = names.find(expression.column());
    if (found != names.end()) expression.set_column(found->second);
  }
  if (expression.has_cast()) RenameColumns(*expression.mutable_cast()->mutable_operand(), names);
  if (!expression.has_call()) return;
  for (v1::Expression& argument : *expression.mutable_call()->mutable_args()) RenameColumns(argument, names);
}

std::vector<LogicalNode*> Reachable(const std::vector<LogicalNode*>& sinks) {
  std::vector<LogicalNode*> order;
  std::set<const LogicalNode*> seen;
  // An explicit stack: a plan may be deep.
  struct Open {
    LogicalNode* node;
    size_t next;
  };
  for (LogicalNode* sink : sinks) {
    std::vector<Open> open;
    if (seen.insert(sink).second) open.push_back({sink, 0});
    while (!open.empty()) {
      Open& top = open.back();
      if (top.next == top.node->inputs.size()) {
        order.push_back(top.node);
        open.pop_back();
        continue;
      }
      LogicalNode* input = top.node->inputs[top.next++].from;
      if (seen.insert(input).second) open.push_back({input, 0});
    }
  }
  return order;
}

bool MayFail(const v1::Expression& expression, const std::vector<PlanColumn>& input) {
  if (expression.has_column() || expression.has_literal()) return false;
  arrow::FieldVector fields;
  for (const PlanColumn& column : input) {
    v1::Column own;
    own.set_name(column.name);
    own.set_type(column.type.sql);
    absl::StatusOr<std::shared_ptr<arrow::Field>> field = FieldOf(own);
    fields.push_back(field.ok() ? *field : arrow::field(column.name, column.type.arrow, column.type.nullable));
  }
  return millrace::MayFail(expression, arrow::Schema(fields));
}

}  // namespace millrace::sql
