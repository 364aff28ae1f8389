#include "coordinator/plan/physical_planner.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/key_group.h"
#include "base/state_fingerprint.h"
#include "coordinator/plan/aggregate_relations.h"
#include "coordinator/plan/plan_graph.h"
#include "coordinator/plan/plan_relations.h"
#include "coordinator/plan/record_filters.h"

namespace millrace {
namespace {

using internal::v1::ChainInput;
using internal::v1::ChainNode;
using internal::v1::Exchange;
using internal::v1::PhysicalPlan;
using internal::v1::Stage;

// Builds stages in topological order of the plan. Rows that come from one stage go on in it, but into what keeps state.
class StageBuilder {
 public:
  StageBuilder(const v1::Plan& plan, const PlanGraph& graph, const std::vector<NodeOutputs>& outputs, PhysicalPlan& physical)
      : plan_(plan), graph_(graph), outputs_(outputs), physical_(physical), stage_of_(plan.nodes_size(), 0) {}

  void Build() {
    for (int node : graph_.topological()) AddNode(node);
    // Combiners come last in their stages.
    for (Pending& pending : combiners_) AddTo(pending.stage, std::move(pending.node));
  }

 private:
  struct Pending {
    uint32_t stage;
    ChainNode node;
  };

  static bool KeepsState(const v1::Node& node) {
    return node.has_window_aggregate() || node.has_group_aggregate() || node.has_sort();
  }

  const Relation& RowsOn(const PlanGraph::Edge& edge) const { return *outputs_[edge.from].At(edge.output); }

  // Where its inputs come from several stages, a union has one of its own.
  bool BeginsStage(int index) const {
    if (plan_.nodes(index).has_source() || KeepsState(plan_.nodes(index))) return true;
    const auto& inputs = graph_.inputs(index);
    return std::any_of(inputs.begin(), inputs.end(), [&](const PlanGraph::Edge& edge) {
      return stage_of_[edge.from] != stage_of_[inputs.front().from];
    });
  }

  void AddTo(uint32_t stage, ChainNode node) { *physical_.mutable_stages(static_cast<int>(stage))->add_nodes() = std::move(node); }

  void AddNode(int index) {
    const v1::Node& node = plan_.nodes(index);
    const bool begins_stage = BeginsStage(index);
    if (begins_stage) {
      stage_of_[index] = static_cast<uint32_t>(physical_.stages_size());
      physical_.add_stages()->set_id(stage_of_[index]);
    } else {
      stage_of_[index] = stage_of_[graph_.inputs(index).front().from];
    }
    ChainNode chain;
    chain.set_uid(node.uid());
    for (const PlanGraph::Edge& edge : graph_.inputs(index)) {
      if (node.has_union_()) {
        AddUnionInput(index, edge, begins_stage, chain);
        continue;
      }
      *chain.add_input_schemas() = RowsOn(edge).ToProto();
      if (KeepsState(node)) {
        chain.add_inputs()->set_exchange(AddKeyedExchange(index, edge));
      } else {
        *chain.add_inputs() = InputFrom(edge);
      }
    }
    SetKind(index, chain);
    if (outputs_[index].main) *chain.add_output_schemas() = outputs_[index].main->ToProto();
    if (outputs_[index].side) *chain.add_output_schemas() = outputs_[index].side->ToProto();
    AddTo(stage_of_[index], std::move(chain));
  }

  void SetKind(int index, ChainNode& chain) const {
    const v1::Node& node = plan_.nodes(index);
    switch (node.kind_case()) {
      case v1::Node::kSource:
        *chain.mutable_source() = node.source();
        for (const TypedColumn& column : outputs_[index].main->columns) {
          if (IsDecoded(node.source(), column.name)) chain.add_used_columns(column.name);
        }
        if (auto filter = RecordFilterFor(index, plan_, graph_, outputs_)) {
          *chain.mutable_record_filter() = *std::move(filter);
        }
        break;
      case v1::Node::kFilter:
        *chain.mutable_filter() = node.filter();
        break;
      case v1::Node::kProject:
        *chain.mutable_project() = node.project();
        break;
      case v1::Node::kWindowAggregate:
        *chain.mutable_window_aggregate() = node.window_aggregate();
        chain.set_state_fingerprint(*WindowStateFingerprint(node.window_aggregate(), chain.input_schemas(0).columns()));
        break;
      case v1::Node::kGroupAggregate:
        *chain.mutable_group_aggregate() = node.group_aggregate();
        chain.set_state_fingerprint(*GroupStateFingerprint(node.group_aggregate(), chain.input_schemas(0).columns()));
        break;
      case v1::Node::kSort:
        *chain.mutable_sort() = node.sort();
        chain.set_state_fingerprint(*SortStateFingerprint(node.sort(), chain.input_schemas(0).columns()));
        break;
      case v1::Node::kUnion:
        *chain.mutable_union_() = node.union_();
        break;
      case v1::Node::kUnnest:
        *chain.mutable_unnest() = node.unnest();
        break;
      default:
        *chain.mutable_sink() = node.sink();
    }
  }

  static bool IsDecoded(const v1::Source& source, const std::string& name) {
    const auto& columns = source.columns();
    return std::any_of(columns.begin(), columns.end(), [&](const v1::Column& column) { return column.name() == name; });
  }

  ChainInput InputFrom(const PlanGraph::Edge& edge) const {
    ChainInput input;
    input.set_from_uid(plan_.nodes(edge.from).uid());
    input.set_output(edge.output);
    return input;
  }

  // What an input has beyond what the union takes is left behind in its own stage.
  void AddUnionInput(int index, const PlanGraph::Edge& edge, bool crosses_stages, ChainNode& chain) {
    const int number = chain.inputs_size();
    const std::vector<std::string>& taken = outputs_[index].taken[static_cast<size_t>(number)];
    const Relation& rows = RowsOn(edge);
    ChainInput input = InputFrom(edge);
    internal::v1::Schema schema = rows.ToProto();
    if (rows.Names() != taken) {
      ChainNode fewer;
      fewer.set_uid(UnionInputUid(plan_.nodes(index).uid(), number));
      *fewer.add_inputs() = input;
      *fewer.add_input_schemas() = schema;
      schema.clear_columns();
      for (const std::string& name : taken) {
        v1::NamedExpression& column = *fewer.mutable_project()->add_columns();
        column.set_name(name);
        column.mutable_expression()->set_column(name);
        v1::Column& typed = *schema.add_columns();
        typed.set_name(name);
        typed.set_type(rows.Find(name)->type.sql);
      }
      *fewer.add_output_schemas() = schema;
      input.set_from_uid(fewer.uid());
      input.set_output(0);
      AddTo(stage_of_[edge.from], std::move(fewer));
    }
    *chain.add_input_schemas() = std::move(schema);
    if (!crosses_stages) {
      *chain.add_inputs() = std::move(input);
      return;
    }
    Exchange& exchange = AddExchange(stage_of_[edge.from], index);
    exchange.set_from_uid(input.from_uid());
    exchange.set_from_output(input.output());
    exchange.set_forward(true);
    chain.add_inputs()->set_exchange(exchange.id());
  }

  Exchange& AddExchange(uint32_t from_stage, int to) {
    Exchange& exchange = *physical_.add_exchanges();
    exchange.set_id(static_cast<uint32_t>(physical_.exchanges_size()) - 1);
    exchange.set_from_stage(from_stage);
    exchange.set_to_stage(stage_of_[to]);
    exchange.set_to_uid(plan_.nodes(to).uid());
    return exchange;
  }

  uint32_t AddKeyedExchange(int index, const PlanGraph::Edge& edge) {
    const v1::Node& node = plan_.nodes(index);
    Exchange& exchange = AddExchange(stage_of_[edge.from], index);
    if (node.has_window_aggregate()) *exchange.mutable_hash_keys() = node.window_aggregate().keys();
    if (node.has_group_aggregate()) *exchange.mutable_hash_keys() = node.group_aggregate().keys();
    const bool combines = !node.has_sort() && !CountsDistinct(node.has_window_aggregate() ? node.window_aggregate().aggregates()
                                                                                           : node.group_aggregate().aggregates());
    if (!combines) {
      exchange.set_from_uid(plan_.nodes(edge.from).uid());
      exchange.set_from_output(edge.output);
      return exchange.id();
    }
    ChainNode combiner;
    combiner.set_uid(CombinerUid(node.uid()));
    *combiner.add_inputs() = InputFrom(edge);
    *combiner.add_input_schemas() = RowsOn(edge).ToProto();
    *combiner.add_output_schemas() = RowsOn(edge).ToProto();
    combiner.add_output_schemas();  // partial aggregates: opaque
    if (node.has_window_aggregate()) {
      *combiner.mutable_local_combine() = node.window_aggregate();
    } else {
      *combiner.mutable_local_group() = node.group_aggregate();
    }
    exchange.set_from_uid(combiner.uid());
    combiners_.push_back({stage_of_[edge.from], std::move(combiner)});
    return exchange.id();
  }

  const v1::Plan& plan_;
  const PlanGraph& graph_;
  const std::vector<NodeOutputs>& outputs_;
  PhysicalPlan& physical_;
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
  StageBuilder(plan, graph, outputs, physical).Build();
  return physical;
}

}  // namespace millrace
