#include <vector>

#include "base/expression/constant_folding.h"
#include "coordinator/sql/plan_readers.h"
#include "coordinator/sql/rewrites.h"

namespace millrace::sql {
namespace {

bool IsBoolean(const v1::Expression& expression, std::string_view value) {
  return expression.has_literal() && expression.literal().has_value() && expression.literal().value() == value &&
         expression.literal().type().starts_with("BOOLEAN");
}

// A condition without the parts that are always TRUE; what stands behind a FALSE is never looked at.
v1::Expression Simplified(const v1::Expression& condition) {
  if (condition.call().function() != "and") return condition;
  std::vector<v1::Expression> kept;
  v1::Expression always;
  for (const v1::Expression& argument : condition.call().args()) {
    v1::Expression own = Simplified(argument);
    if (IsBoolean(own, "true")) {
      always = std::move(own);
      continue;
    }
    kept.push_back(std::move(own));
    if (IsBoolean(kept.back(), "false")) break;
  }
  if (kept.empty()) return always;
  if (kept.size() == 1) return kept[0];
  v1::Expression all;
  all.mutable_call()->set_function("and");
  for (v1::Expression& own : kept) *all.mutable_call()->add_args() = std::move(own);
  return all;
}

}  // namespace

void FoldConstants(const std::vector<LogicalNode*>& sinks) {
  for (LogicalNode* node : Reachable(sinks)) {
    if (node->node.has_project()) {
      for (v1::NamedExpression& column : *node->node.mutable_project()->mutable_columns()) {
        *column.mutable_expression() = millrace::FoldConstants(column.expression());
      }
    }
    if (!node->node.has_filter()) continue;
    v1::Expression& condition = *node->node.mutable_filter()->mutable_condition();
    condition = Simplified(millrace::FoldConstants(condition));
    if (IsBoolean(condition, "true") && node->uid.empty()) Bypass(*node, sinks);
  }
}

}  // namespace millrace::sql
