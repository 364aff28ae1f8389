#include "coordinator/sql/meanings.h"

#include <xxhash.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/error.h"

namespace millrace::sql {
namespace {

std::string Hash(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return absl::StrFormat("%016x%016x", hash.high64, hash.low64);
}

// In any order.
std::string Sorted(std::vector<std::string> parts) {
  std::sort(parts.begin(), parts.end());
  std::string text;
  for (const std::string& part : parts) absl::StrAppend(&text, part.size(), ":", part);
  return text;
}

}  // namespace

const std::string& Meanings::Of(const LogicalNode& node) {
  const auto found = nodes_.find(&node);
  if (found != nodes_.end()) return found->second;
  // A project has the rows of its input; what it computes counts where it is looked at.
  const bool same_rows = node.node.has_project() && node.inputs[0].output.empty();
  return nodes_[&node] = same_rows ? Of(*node.inputs[0].from) : Hash(Write(node));
}

std::string Meanings::InputsOf(const LogicalNode& node) {
  std::vector<std::string> inputs;
  for (const LogicalNode::Input& input : node.inputs) inputs.push_back(Cat(Of(*input.from), "#", input.output));
  return Sorted(std::move(inputs));
}

const std::string& Meanings::Column(const std::string& name, const LogicalNode& node) {
  const auto key = std::pair(&node, name);
  const auto found = columns_.find(key);
  if (found != columns_.end()) return found->second;
  return columns_[key] = WriteColumn(name, node);
}

std::string Meanings::WriteColumn(const std::string& name, const LogicalNode& node) {
  if (node.node.has_project()) {
    for (const v1::NamedExpression& own : node.node.project().columns()) {
      if (own.name() == name) return Expression(own.expression(), *node.inputs[0].from);
    }
  }
  if (node.node.has_filter() || node.node.has_sort()) return Column(name, *node.inputs[0].from);
  return Cat("column ", name);
}

std::string Meanings::Expression(const v1::Expression& expression, const LogicalNode& input) {
  if (expression.has_column()) return Column(expression.column(), input);
  if (expression.has_cast()) {
    const v1::Cast& cast = expression.cast();
    return Hash(Cat("cast ", Expression(cast.operand(), input), " ", cast.type(), " ", static_cast<int>(cast.mode()),
                    cast.zone()));
  }
  if (!expression.has_call()) return Hash(expression.SerializeAsString());
  std::string text = Cat("call ", expression.call().function(), " ", expression.call().zone());
  for (const v1::Expression& argument : expression.call().args())
    absl::StrAppend(&text, " ", Expression(argument, input));
  return Hash(text);
}

template <typename Keys, typename Aggregates>
std::string Meanings::Grouping(const Keys& keys, const Aggregates& aggregates, const LogicalNode& input) {
  std::vector<std::string> key_texts, aggregate_texts;
  for (const std::string& key : keys) key_texts.push_back(Column(key, input));
  for (const v1::Aggregate& aggregate : aggregates) {
    aggregate_texts.push_back(Cat(aggregate.function(), aggregate.distinct() ? " distinct " : " ",
                                  aggregate.column().empty() ? "" : Column(aggregate.column(), input), " if ",
                                  aggregate.filter().empty() ? "" : Column(aggregate.filter(), input)));
  }
  return Cat(" by ", Sorted(std::move(key_texts)), " of ", Sorted(std::move(aggregate_texts)));
}

std::string Meanings::Write(const LogicalNode& node) {
  const v1::Node& plan = node.node;
  switch (plan.kind_case()) {
    case v1::Node::kSource: {
      // Rows that stand in the script are what they are; a table is its name.
      const bool values = plan.source().connector() == "values";
      return Cat("table ", node.name, " ", values ? plan.source().options().at("rows") : "");
    }
    case v1::Node::kFilter:
      return Cat(InputsOf(node), " where ", Expression(plan.filter().condition(), *node.inputs[0].from));
    case v1::Node::kWindowAggregate: {
      const v1::WindowAggregate& window = plan.window_aggregate();
      const LogicalNode& input = *node.inputs[0].from;
      return Cat(InputsOf(node), " tumble ", Column(window.time_column(), input), " ", window.size_ms(), "+",
                 window.offset_ms(), window.zone(), Grouping(window.keys(), window.aggregates(), input));
    }
    case v1::Node::kGroupAggregate:
      return Cat(InputsOf(node), " group",
                 Grouping(plan.group_aggregate().keys(), plan.group_aggregate().aggregates(), *node.inputs[0].from));
    case v1::Node::kSort:
      return Cat(InputsOf(node), " sort ", plan.sort().SerializeAsString());
    case v1::Node::kUnnest:
      return Cat(InputsOf(node), " unnest ", Column(plan.unnest().column(), *node.inputs[0].from),
                 plan.unnest().outer());
    case v1::Node::kProject:
      return Of(*node.inputs[0].from) + node.inputs[0].output;
    default:
      return Cat("all ", InputsOf(node));
  }
}

}  // namespace millrace::sql
