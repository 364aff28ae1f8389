#include "coordinator/sql/expression_walk.h"

#include <algorithm>
#include <type_traits>

namespace millrace::sql {
namespace {

using Children = std::vector<const Expression*>;

void Add(Children& children, const std::vector<Expression>& expressions) {
  for (const Expression& expression : expressions) children.push_back(&expression);
}
void Add(Children& children, const std::vector<OrderItem>& items) {
  for (const OrderItem& item : items) children.push_back(&item.expression);
}

void Add(Children& children, const FunctionCall& call) {
  for (const FunctionArgument& argument : call.arguments) children.push_back(&argument.value);
  Add(children, call.order_by);
  Add(children, call.within_group);
  if (call.filter) children.push_back(&**call.filter);
  if (!call.over) return;
  if (const auto* window = std::get_if<Box<WindowSpecification>>(&*call.over)) {
    Add(children, (*window)->partition_by);
    Add(children, (*window)->order_by);
  }
}

void Add(Children& children, const Case& cases) {
  if (cases.operand) children.push_back(&**cases.operand);
  for (const CaseBranch& branch : cases.branches) {
    Add(children, branch.when);
    children.push_back(&branch.then);
  }
  if (cases.otherwise) children.push_back(&**cases.otherwise);
}

template <typename Node>
void AddParts(Children& children, const Node& node) {
  if constexpr (requires { node.left; }) {
    children.push_back(&*node.left);
    children.push_back(&*node.right);
  }
  if constexpr (requires { node.operand; } && !std::is_same_v<Node, Case>) children.push_back(&*node.operand);
  if constexpr (requires { node.operands; }) Add(children, node.operands);
  if constexpr (requires { node.low; }) {
    children.push_back(&*node.low);
    children.push_back(&*node.high);
  }
  if constexpr (requires { node.index; }) children.push_back(&*node.index);
  if constexpr (requires { node.values; }) Add(children, node.values);
  if constexpr (requires { node.entries; }) Add(children, node.entries);
  if constexpr (requires { node.pattern; }) {
    children.push_back(&*node.pattern);
    if (node.escape) children.push_back(&**node.escape);
  }
  if constexpr (std::is_same_v<Node, Case> || std::is_same_v<Node, FunctionCall>) Add(children, node);
}

}  // namespace

std::vector<const Expression*> ChildrenOf(const Expression& expression) {
  Children children;
  std::visit([&](const auto& node) { AddParts(children, node); }, expression.node);
  return children;
}

bool AnyExpression(const Expression& expression, const std::function<bool(const Expression&)>& predicate) {
  if (predicate(expression)) return true;
  const Children children = ChildrenOf(expression);
  return std::any_of(children.begin(), children.end(),
                     [&](const Expression* child) { return AnyExpression(*child, predicate); });
}

}  // namespace millrace::sql
