#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "coordinator/sql/expression_binder.h"
#include "coordinator/sql/plan_readers.h"
#include "coordinator/sql/rewrites.h"

namespace millrace::sql {
namespace {

using Values = std::map<std::string, v1::Expression>;

v1::Expression Replaced(const v1::Expression& expression, const Values& values) {
  if (expression.has_column()) {
    const auto found = values.find(expression.column());
    return found == values.end() ? expression : found->second;
  }
  v1::Expression replaced = expression;
  if (replaced.has_cast()) *replaced.mutable_cast()->mutable_operand() = Replaced(expression.cast().operand(), values);
  for (int i = 0; i < replaced.call().args_size(); ++i) {
    *replaced.mutable_call()->mutable_args(i) = Replaced(expression.call().args(i), values);
  }
  return replaced;
}

// Whether the outer project reads every value that the inner one computes at most once.
bool ComputesOnce(const v1::Project& outer, const Values& inner) {
  std::vector<std::string> read;
  for (const v1::NamedExpression& column : outer.columns()) CollectColumns(column.expression(), read);
  std::map<std::string, int> reads;
  for (const std::string& name : read) ++reads[name];
  return std::all_of(inner.begin(), inner.end(), [&](const auto& value) {
    return value.second.has_column() || value.second.has_literal() || reads[value.first] <= 1;
  });
}

bool Merge(LogicalNode& outer, const PlanReaders& readers) {
  LogicalNode* inner = outer.inputs[0].from;
  if (!outer.inputs[0].output.empty() || !inner->node.has_project() || readers.Count(inner) != 1) return false;
  if (!outer.uid.empty() && !inner->uid.empty()) return false;
  Values values;
  for (const v1::NamedExpression& column : inner->node.project().columns()) values[column.name()] = column.expression();
  if (!ComputesOnce(outer.node.project(), values)) return false;
  v1::Project merged;
  for (const v1::NamedExpression& column : outer.node.project().columns()) {
    v1::NamedExpression& own = *merged.add_columns();
    own.set_name(column.name());
    *own.mutable_expression() = Replaced(column.expression(), values);
    if (LevelsOf(own.expression()) > kMostExpressionLevels) return false;
  }
  *outer.node.mutable_project() = std::move(merged);
  if (outer.uid.empty()) outer.uid = inner->uid;
  outer.inputs = inner->inputs;
  return true;
}

bool IsIdentity(const LogicalNode& node) {
  const LogicalNode::Input& input = node.inputs[0];
  if (!input.output.empty() || !node.uid.empty()) return false;
  const auto& columns = node.node.project().columns();
  const std::vector<PlanColumn>& own = input.from->columns;
  if (static_cast<size_t>(columns.size()) != own.size()) return false;
  for (int i = 0; i < columns.size(); ++i) {
    if (columns[i].name() != own[i].name || columns[i].expression().column() != own[i].name) return false;
  }
  return true;
}

}  // namespace

void MergeProjects(const std::vector<LogicalNode*>& sinks) {
  PlanReaders readers(sinks);
  bool changed = true;
  while (changed) {
    changed = false;
    for (LogicalNode* node : Reachable(sinks)) {
      if (!node->node.has_project()) continue;
      while (Merge(*node, readers)) {
        changed = true;
        readers.Refresh(sinks);
      }
      if (!IsIdentity(*node)) continue;
      Bypass(*node, sinks);
      readers.Refresh(sinks);
      changed = true;
      break;
    }
  }
}

}  // namespace millrace::sql
