#include <vector>

#include "base/expression/condition.h"
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
  std::vector<v1::Expression> kept;
  const std::vector<const v1::Expression*> conjuncts = ConjunctsOf(condition);
  for (const v1::Expression* own : conjuncts) {
    if (IsBoolean(*own, "true")) continue;
    kept.push_back(*own);
    if (IsBoolean(*own, "false")) break;
  }
  return kept.empty() ? *conjuncts[0] : AllOf(std::move(kept));
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
