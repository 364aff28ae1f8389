#include "coordinator/sql/uids.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/error.h"
#include "coordinator/sql/meanings.h"

namespace millrace::sql {
namespace {

constexpr size_t kLongest = 63;
constexpr size_t kLongestPath = 40;

// A table's name, made fit for a uid.
std::string Fitting(std::string_view name) {
  std::string fitting;
  for (const char c : name) {
    const bool fits = absl::ascii_islower(static_cast<unsigned char>(c)) ||
                      absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '_' || c == '-';
    fitting += fits                                                 ? c
               : absl::ascii_isupper(static_cast<unsigned char>(c)) ? absl::ascii_tolower(static_cast<unsigned char>(c))
                                                                    : '_';
  }
  if (fitting.empty() || !absl::ascii_islower(static_cast<unsigned char>(fitting[0]))) fitting = "t" + fitting;
  if (fitting.size() > kLongestPath) fitting.resize(kLongestPath);
  // Names that become alike are told apart.
  if (fitting != name) absl::StrAppend(&fitting, "-", Digest(name));
  return fitting;
}

std::string PathOf(const LogicalNode& node) {
  const LogicalNode* at = &node;
  while (!at->inputs.empty()) at = at->inputs[0].from;
  return Fitting(at->name);
}

std::string Duration(int64_t millis) {
  constexpr std::array<std::pair<int64_t, const char*>, 4> kUnits = {
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}}};
  for (const auto& [size, unit] : kUnits) {
    if (millis % size == 0) return Cat(millis / size, unit);
  }
  return Cat(millis, "ms");
}

std::string Role(const LogicalNode& node) {
  switch (node.node.kind_case()) {
    case v1::Node::kWindowAggregate:
      return Cat("tumble-", Duration(node.node.window_aggregate().size_ms()));
    case v1::Node::kGroupAggregate:
      return "group";
    case v1::Node::kSort:
      return "sort";
    case v1::Node::kUnnest:
      return "unnest";
    case v1::Node::kUnion:
      return "union";
    case v1::Node::kFilter:
      return "filter";
    default:
      return "project";
  }
}

bool HasState(const LogicalNode& node) {
  return node.node.has_window_aggregate() || node.node.has_group_aggregate() || node.node.has_sort();
}

// The first sink behind each node, for what has no state of its own.
std::map<const LogicalNode*, const LogicalNode*> SinksOf(const std::vector<LogicalNode*>& nodes) {
  std::map<const LogicalNode*, const LogicalNode*> sinks;
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    if ((*node)->node.has_sink()) sinks[*node] = *node;
    for (const LogicalNode::Input& input : (*node)->inputs) {
      if (input.output.empty() && sinks.contains(*node)) sinks[input.from] = sinks[*node];
    }
  }
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    for (const LogicalNode::Input& input : (*node)->inputs) {
      if (sinks.contains(*node) && !sinks.contains(input.from)) sinks[input.from] = sinks[*node];
    }
  }
  return sinks;
}

}  // namespace

void AssignUids(const std::vector<LogicalNode*>& nodes) {
  Meanings meanings;
  const std::map<const LogicalNode*, const LogicalNode*> sinks = SinksOf(nodes);
  std::set<std::string> taken;
  for (const LogicalNode* node : nodes) {
    if (!node->uid.empty()) taken.insert(node->uid);
  }
  for (LogicalNode* node : nodes) {
    if (!node->uid.empty()) continue;
    std::string wanted;
    if (node->node.has_source()) {
      wanted = node->name == "values" ? Cat("values-", Digest(meanings.Of(*node))) : Fitting(node->name);
    } else if (node->node.has_sink()) {
      wanted = node->name == "result" ? "result" : Cat(Fitting(node->name), "-sink");
    } else if (HasState(*node)) {
      wanted = Cat(PathOf(*node), "-", Role(*node), "-", Digest(meanings.Of(*node)));
    } else {
      const auto sink = sinks.find(node);
      wanted = Cat(sink == sinks.end() ? PathOf(*node) : Fitting(sink->second->name), "-", Role(*node));
    }
    wanted.resize(std::min(wanted.size(), kLongest - 5));
    std::string uid = wanted;
    // The combiner in front of a window has the window's name and "-combine".
    for (int attempt = 2; !taken.insert(uid).second; ++attempt) uid = Cat(wanted, "-", attempt);
    node->uid = uid;
  }
}

}  // namespace millrace::sql
