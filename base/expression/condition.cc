#include "base/expression/condition.h"

#include <utility>

#include "base/expression/expression.h"

namespace millrace {
namespace {

void Split(const v1::Expression& condition, std::vector<const v1::Expression*>& conjuncts) {
  if (condition.call().function() != "and") return conjuncts.push_back(&condition);
  for (const v1::Expression& arg : condition.call().args()) Split(arg, conjuncts);
}

}  // namespace

std::vector<const v1::Expression*> ConjunctsOf(const v1::Expression& condition) {
  std::vector<const v1::Expression*> conjuncts;
  Split(condition, conjuncts);
  return conjuncts;
}

v1::Expression AllOf(std::vector<v1::Expression> conjuncts) {
  if (conjuncts.size() == 1) return std::move(conjuncts[0]);
  v1::Expression all;
  all.mutable_call()->set_function("and");
  for (v1::Expression& conjunct : conjuncts) *all.mutable_call()->add_args() = std::move(conjunct);
  return all;
}

bool MayFail(const v1::Expression& expression, const arrow::Schema& input) {
  const absl::StatusOr<ExpressionPtr> bound = BindExpression(expression, input);
  return !bound.ok() || (*bound)->CanFail();
}

}  // namespace millrace
