#include "coordinator/plan/physical_planner.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/key_group.h"
#include "base/state_fingerprint.h"
#include "coordinator/plan/plan_graph.h"
#include "coordinator/plan/plan_relations.h"
#include "coordinator/plan/window_relations.h"

namespace millrace {
namespace {

using internal::v1::ChainInput;
using internal::v1::ChainNode;
using internal::v1::Exchange;
using internal::v1::PhysicalPlan;
using internal::v1::Stage;

// Builds stages in topological order of the plan. A plan is a forest, for only sources have no input and no one has
// two.
class StageBuilder {
 public:
  StageBuilder(const v1::Plan& plan, const PlanGraph& graph, const std::vector<NodeOutputs>& outputs)
      : plan_(plan), graph_(graph), outputs_(outputs), stage_of_(plan.nodes_size(), 0) {}

  void BuildInto(PhysicalPlan& physical) {
    for (int node : graph_.topological()) AddNode(node, physical);
    // Combiners come last in their stages.
    for (Pending& pending : combiners_) *physical.mutable_stages(static_cast<int>(pending.stage))->add_nodes() = std::move(pending.node);
  }

 private:
  struct Pending {
    uint32_t stage;
    ChainNode node;
  };

  void AddNode(int index, PhysicalPlan& physical) {
    const v1::Node& node = plan_.nodes(index);
    const PlanGraph::Edge* edge = graph_.input(index);
    const Relation* input = edge == nullptr ? nullptr : &*outputs_[edge->from].At(edge->output);
    if (node.has_source() || node.has_window_aggregate()) {
      stage_of_[index] = static_cast<uint32_t>(physical.stages_size());
      physical.add_stages()->set_id(stage_of_[index]);
    } else {
      stage_of_[index] = stage_of_[edge->from];
    }
    ChainNode chain;
    chain.set_uid(node.uid());
    if (input != nullptr) *chain.add_input_schemas() = input->ToProto();
    switch (node.kind_case()) {
      case v1::Node::kSource:
        *chain.mutable_source() = node.source();
        for (const TypedColumn& column : outputs_[index].main->columns) chain.add_used_columns(column.name);
        break;
      case v1::Node::kFilter:
        *chain.mutable_filter() = node.filter();
        break;
      case v1::Node::kProject:
        *chain.mutable_project() = node.project();
        break;
      case v1::Node::kWindowAggregate:
        *chain.mutable_window_aggregate() = node.window_aggregate();
        chain.set_state_fingerprint(*WindowStateFingerprint(node.window_aggregate(), input->ToProto().columns()));
        break;
      default:
        *chain.mutable_sink() = node.sink();
    }
    if (node.has_window_aggregate()) {
      chain.add_inputs()->set_exchange(AddExchange(index, *edge, *input, physical));
    } else if (edge != nullptr) {
      *chain.add_inputs() = InputFrom(*edge);
    }
    if (outputs_[index].main) *chain.add_output_schemas() = outputs_[index].main->ToProto();
    if (outputs_[index].side) *chain.add_output_schemas() = outputs_[index].side->ToProto();
    *physical.mutable_stages(static_cast<int>(stage_of_[index]))->add_nodes() = std::move(chain);
  }

  ChainInput InputFrom(const PlanGraph::Edge& edge) const {
    ChainInput input;
    input.set_from_uid(plan_.nodes(edge.from).uid());
    input.set_output(edge.output);
    return input;
  }

  uint32_t AddExchange(int window_index, const PlanGraph::Edge& edge, const Relation& rows, PhysicalPlan& physical) {
    const v1::Node& window = plan_.nodes(window_index);
    ChainNode combiner;
    combiner.set_uid(CombinerUid(window.uid()));
    *combiner.add_inputs() = InputFrom(edge);
    *combiner.add_input_schemas() = rows.ToProto();
    *combiner.add_output_schemas() = rows.ToProto();
    combiner.add_output_schemas();  // partial aggregates: opaque
    *combiner.mutable_local_combine() = window.window_aggregate();

    const uint32_t id = static_cast<uint32_t>(physical.exchanges_size());
    Exchange& exchange = *physical.add_exchanges();
    exchange.set_id(id);
    exchange.set_from_stage(stage_of_[edge.from]);
    exchange.set_from_uid(combiner.uid());
    exchange.set_to_stage(stage_of_[window_index]);
    exchange.set_to_uid(window.uid());
    *exchange.mutable_hash_keys() = window.window_aggregate().keys();
    combiners_.push_back({stage_of_[edge.from], std::move(combiner)});
    return id;
  }

  const v1::Plan& plan_;
  const PlanGraph& graph_;
  const std::vector<NodeOutputs>& outputs_;
  std::vector<uint32_t> stage_of_;
  std::vector<Pending> combiners_;
};

absl::Status FirstMistake(const v1::Plan& plan, const Diagnostics& diagnostics) {
  if (diagnostics.list().empty()) return absl::OkStatus();
  const v1::Diagnostic& first = diagnostics.list().front();
  return InvalidArgument("plan '", plan.name(), "' is not valid: ", first.field(), ": ", first.message());
}

}  // namespace

absl::StatusOr<PhysicalPlan> MakePhysicalPlan(const v1::Plan& plan, uint32_t parallelism) {
  if (parallelism == 0) parallelism = std::max<uint32_t>(plan.parallelism(), 1);
  if (parallelism > kNumKeyGroups) {
    return InvalidArgument("plan '", plan.name(), "' with ", parallelism, " subtasks: there are only ", kNumKeyGroups,
                           " key groups; use at most that many");
  }
  Diagnostics diagnostics;
  const PlanGraph graph = PlanGraph::Make(plan, diagnostics);
  if (absl::Status status = FirstMistake(plan, diagnostics); !status.ok()) return status;
  const std::vector<NodeOutputs> all = DeriveRelations(plan, graph, nullptr, diagnostics);
  if (absl::Status status = FirstMistake(plan, diagnostics); !status.ok()) return status;
  const UsedColumns used = FindUsedColumns(plan, graph, all);
  const std::vector<NodeOutputs> outputs = DeriveRelations(plan, graph, &used, diagnostics);
  if (absl::Status status = FirstMistake(plan, diagnostics); !status.ok()) return status;

  PhysicalPlan physical;
  *physical.mutable_plan() = plan;
  physical.set_parallelism(parallelism);
  physical.set_num_key_groups(kNumKeyGroups);
  StageBuilder(plan, graph, outputs).BuildInto(physical);
  return physical;
}

}  // namespace millrace
