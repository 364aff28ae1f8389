#include "coordinator/plan/plan_graph.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "base/nearest_name.h"

namespace millrace {
namespace {

constexpr std::string_view kNamePattern = "a lower-case letter, then up to 62 of a-z, 0-9, '_' and '-'";

void CheckArity(const v1::Node& node, const std::string& field, Diagnostics& diagnostics) {
  const std::string_view kind = KindOf(node);
  if (node.has_union_()) {
    if (node.inputs_size() >= 2) return;
    diagnostics.Add(field + ".inputs", "union '", node.uid(), "' has ", node.inputs_size(), node.inputs_size() == 1 ? " input" : " inputs",
                    "; give it two or more");
    return;
  }
  const int expected = node.has_source() ? 0 : 1;
  if (kind.empty() || node.inputs_size() == expected) return;
  diagnostics.Add(field + ".inputs", kind, " '", node.uid(), "' has ", node.inputs_size(), node.inputs_size() == 1 ? " input; " : " inputs; ",
                  expected == 0       ? "a source has none: remove them"
                  : node.inputs_size() > 1 ? "give it exactly one; a union puts several together"
                                           : "give it exactly one");
}

void CheckChangelogMode(const v1::Node& node, const v1::Edge& edge, const std::string& field, Diagnostics& diagnostics) {
  const v1::ChangelogMode mode = edge.changelog_mode();
  if (mode == v1::CHANGELOG_MODE_UNSPECIFIED || mode == v1::CHANGELOG_MODE_APPEND) return;
  const std::string name = v1::ChangelogMode_IsValid(mode) ? v1::ChangelogMode_Name(mode) : Cat(static_cast<int>(mode));
  if (node.has_sink()) {
    diagnostics.Add(field + ".changelog_mode", "sink '", node.uid(), "' takes only inserts, not ", name, "; use CHANGELOG_MODE_APPEND");
  } else {
    diagnostics.Add(field + ".changelog_mode", "no operator of this version produces or takes ", name,
                    "; use CHANGELOG_MODE_APPEND");
  }
}

}  // namespace

std::string_view SideOutputOf(const v1::Node& node) {
  if (node.has_window_aggregate()) return "late";
  return node.has_source() || node.has_filter() || node.has_project() ? "dead_letter" : "";
}

std::string_view KindOf(const v1::Node& node) {
  const auto* kind = v1::Node::descriptor()->FindFieldByNumber(node.kind_case());
  return kind == nullptr ? std::string_view() : std::string_view(kind->name());
}

std::string CombinerUid(std::string_view aggregate_uid) { return Cat(aggregate_uid, "-combine"); }

std::string UnionInputUid(std::string_view union_uid, int input) { return Cat(union_uid, "-input-", input); }

bool IsPlanName(std::string_view name) {
  if (name.empty() || name.size() > 63 || !absl::ascii_islower(static_cast<unsigned char>(name[0]))) return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_' || c == '-';
  });
}

PlanGraph PlanGraph::Make(const v1::Plan& plan, Diagnostics& diagnostics) {
  PlanGraph graph;
  graph.inputs_.resize(plan.nodes_size());
  graph.consumers_.resize(plan.nodes_size());
  graph.CheckUids(plan, diagnostics);
  graph.Connect(plan, diagnostics);
  graph.Sort(plan, diagnostics);
  return graph;
}

bool PlanGraph::IsConnected(int node, uint32_t output) const {
  return std::any_of(consumers_[node].begin(), consumers_[node].end(), [&](const Edge& edge) { return edge.output == output; });
}

void PlanGraph::CheckUids(const v1::Plan& plan, Diagnostics& diagnostics) {
  for (int i = 0; i < plan.nodes_size(); ++i) {
    const v1::Node& node = plan.nodes(i);
    const std::string field = Cat("nodes[", i, "]");
    if (!IsPlanName(node.uid())) diagnostics.Add(field + ".uid", "'", node.uid(), "' is not a uid; use ", kNamePattern);
    const auto [found, inserted] = by_uid_.emplace(node.uid(), i);
    if (!inserted) {
      diagnostics.Add(field + ".uid", "nodes[", found->second, "] is named '", node.uid(), "' too; give each node its own uid");
    }
    if (node.kind_case() == v1::Node::KIND_NOT_SET) {
      diagnostics.Add(field, "node '", node.uid(), "' has no kind; set source, filter, project, window_aggregate, group_aggregate, union, sort, unnest "
                      "or sink");
    }
  }
  CheckReserved(plan, diagnostics);
}

void PlanGraph::CheckReserved(const v1::Plan& plan, Diagnostics& diagnostics) const {
  for (const v1::Node& node : plan.nodes()) {
    const auto reserve = [&](const std::string& uid, const char* what) {
      const auto found = by_uid_.find(uid);
      if (found == by_uid_.end()) return;
      diagnostics.Add(Cat("nodes[", found->second, "].uid"), "'", uid, "' is what ", what, " of ", KindOf(node), " '", node.uid(),
                      "' is called; choose another uid");
    };
    if (node.has_window_aggregate() || node.has_group_aggregate()) reserve(CombinerUid(node.uid()), "the combiner");
    for (int i = 0; node.has_union_() && i < node.inputs_size(); ++i) reserve(UnionInputUid(node.uid(), i), "an input");
  }
}

void PlanGraph::Connect(const v1::Plan& plan, Diagnostics& diagnostics) {
  std::vector<std::string> uids;
  for (const auto& [uid, node] : by_uid_) uids.push_back(uid);
  for (int i = 0; i < plan.nodes_size(); ++i) {
    const v1::Node& node = plan.nodes(i);
    CheckArity(node, Cat("nodes[", i, "]"), diagnostics);
    for (int k = 0; k < node.inputs_size(); ++k) {
      const v1::Edge& in = node.inputs(k);
      const std::string field = Cat("nodes[", i, "].inputs[", k, "]");
      CheckChangelogMode(node, in, field, diagnostics);
      inputs_[i].push_back(Edge{.from = -1, .output = 0, .to = i});
      Edge& edge = inputs_[i].back();
      const auto found = by_uid_.find(in.from());
      if (found == by_uid_.end()) {
        diagnostics.Add(field + ".from", "there is no node '", in.from(), "'", NameAdvice(in.from(), uids));
        continue;
      }
      const v1::Node& producer = plan.nodes(found->second);
      if (producer.has_sink()) {
        diagnostics.Add(field + ".from", "'", in.from(), "' is a sink and has no output; read from what the sink reads");
        continue;
      }
      if (!in.output().empty() && in.output() != SideOutputOf(producer)) {
        const std::string_view side = SideOutputOf(producer);
        diagnostics.Add(field + ".output", KindOf(producer), " '", in.from(), "' has no output '", in.output(), "'; use \"\"",
                        side.empty() ? "" : " or \"", side, side.empty() ? "" : "\"");
        continue;
      }
      edge.from = found->second;
      edge.output = in.output().empty() ? 0 : 1;
      consumers_[edge.from].push_back(edge);
    }
  }
}

void PlanGraph::Sort(const v1::Plan& plan, Diagnostics& diagnostics) {
  const int num_nodes = plan.nodes_size();
  std::vector<int> missing(num_nodes, 0);
  for (int i = 0; i < num_nodes; ++i) {
    missing[i] = static_cast<int>(std::count_if(inputs_[i].begin(), inputs_[i].end(), [](const Edge& e) { return e.from >= 0; }));
  }
  std::set<int> ready;
  for (int i = 0; i < num_nodes; ++i) {
    if (missing[i] == 0) ready.insert(i);
  }
  std::vector<bool> done(num_nodes, false);
  while (!ready.empty()) {
    const int node = *ready.begin();
    ready.erase(ready.begin());
    topological_.push_back(node);
    done[node] = true;
    for (const Edge& edge : consumers_[node]) {
      if (--missing[edge.to] == 0) ready.insert(edge.to);
    }
  }
  // What is left lies on a cycle or behind one: walking upstream ends on a cycle.
  std::vector<bool> seen = done;
  for (int start = 0; start < num_nodes; ++start) {
    std::vector<int> path;
    int node = start;
    while (!seen[node]) {
      seen[node] = true;
      path.push_back(node);
      node = std::find_if(inputs_[node].begin(), inputs_[node].end(), [&](const Edge& e) { return e.from >= 0 && !done[e.from]; })->from;
    }
    const auto begin = std::find(path.begin(), path.end(), node);
    if (begin == path.end()) continue;
    const int first = *std::min_element(begin, path.end());
    std::string cycle = Cat("'", plan.nodes(node).uid(), "'");
    for (auto it = path.end(); it != begin;) absl::StrAppend(&cycle, " -> '", plan.nodes(*--it).uid(), "'");
    diagnostics.Add(Cat("nodes[", first, "].inputs"), "rows would go round for ever: ", cycle, "; take one of these inputs away");
  }
}

}  // namespace millrace
