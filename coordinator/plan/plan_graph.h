#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/plan/diagnostics.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Name of the output beside the main one: "late", "dead_letter", or "" for kinds that have none.
std::string_view SideOutputOf(const v1::Node& node);
// "source", "filter", …, as in the plan's JSON; "" if the kind is not set.
std::string_view KindOf(const v1::Node& node);

// uid of the combiner that the planner puts in front of a window_aggregate or group_aggregate.
std::string CombinerUid(std::string_view aggregate_uid);
// uid of the project that the planner puts in front of an input of a union that carries more than the union takes.
std::string UnionInputUid(std::string_view union_uid, int input);

// Who reads from whom. Borrows nothing; indices are those of plan.nodes.
class PlanGraph {
 public:
  struct Edge {
    int from = -1;         // -1: the input is wrong, and a diagnostic says so
    uint32_t output = 0;   // 0: main
    int to = -1;
  };

  // Adds a diagnostic for every wrong uid, kind, number of inputs, input, output name, changelog mode and cycle.
  static PlanGraph Make(const v1::Plan& plan, Diagnostics& diagnostics);

  // Producers before consumers; as in the plan where that leaves a choice. Lacks the nodes on and behind cycles.
  const std::vector<int>& topological() const { return topological_; }
  // In the order of the plan. Only a union has more than one.
  const std::vector<Edge>& inputs(int node) const { return inputs_[node]; }
  // The node's only input; null if it has none or more than one.
  const Edge* input(int node) const { return inputs_[node].size() == 1 ? &inputs_[node][0] : nullptr; }
  // Edges out of a node, in the order of their consumers.
  const std::vector<Edge>& consumers(int node) const { return consumers_[node]; }
  bool IsConnected(int node, uint32_t output) const;

 private:
  void CheckUids(const v1::Plan& plan, Diagnostics& diagnostics);
  void CheckReserved(const v1::Plan& plan, Diagnostics& diagnostics) const;
  void Connect(const v1::Plan& plan, Diagnostics& diagnostics);
  void Sort(const v1::Plan& plan, Diagnostics& diagnostics);

  std::map<std::string, int, std::less<>> by_uid_;
  std::vector<std::vector<Edge>> inputs_;
  std::vector<std::vector<Edge>> consumers_;
  std::vector<int> topological_;
};

// [a-z][a-z0-9_-]{0,62}
bool IsPlanName(std::string_view name);

}  // namespace millrace
