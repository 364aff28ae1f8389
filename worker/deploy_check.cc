#include "worker/deploy_check.h"

#include <arrow/type.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/data_type.h"
#include "base/error.h"
#include "base/key_group.h"
#include "base/macros.h"
#include "connectors/dead_letter.h"

namespace millrace {
namespace {

using internal::v1::ChainInput;
using internal::v1::ChainNode;
using internal::v1::Deploy;
using internal::v1::Exchange;
using internal::v1::PhysicalPlan;
using internal::v1::Schema;
using internal::v1::Stage;

class PlanCheck {
 public:
  explicit PlanCheck(const PhysicalPlan& plan) : plan_(plan) {}

  absl::Status Run() {
    if (plan_.num_key_groups() != kNumKeyGroups) {
      return Internal("deploy: this worker has ", kNumKeyGroups, " key groups, and the plan ", plan_.num_key_groups());
    }
    if (plan_.parallelism() == 0 || plan_.parallelism() > kNumKeyGroups) {
      return Internal("deploy: ", plan_.parallelism(), " subtasks cannot share ", kNumKeyGroups, " key groups");
    }
    RETURN_IF_ERROR(Gather());
    for (const Stage& stage : plan_.stages()) {
      for (const ChainNode& node : stage.nodes()) RETURN_IF_ERROR(CheckNode(node));
    }
    return absl::OkStatus();
  }

 private:
  // Where a node stands: in which stage, and which one in it.
  struct Place {
    const ChainNode* node = nullptr;
    int stage = 0;
    int index = 0;
  };

  absl::Status Gather() {
    std::set<uint32_t> stages;
    for (int i = 0; i < plan_.stages_size(); ++i) {
      const Stage& stage = plan_.stages(i);
      if (!stages.insert(stage.id()).second) return Internal("deploy: stage ", stage.id(), " is there twice");
      if (stage.nodes().empty()) return Internal("deploy: stage ", stage.id(), " has no operator");
      for (int k = 0; k < stage.nodes_size(); ++k) {
        if (places_.try_emplace(stage.nodes(k).uid(), Place{&stage.nodes(k), i, k}).second) continue;
        return Internal("deploy: operator ", stage.nodes(k).uid(), " is there twice");
      }
    }
    for (const Exchange& exchange : plan_.exchanges()) {
      if (!exchanges_.try_emplace(exchange.id(), &exchange).second)
        return Internal("deploy: exchange ", exchange.id(), " is there twice");
      RETURN_IF_ERROR(CheckExchange(exchange));
    }
    return absl::OkStatus();
  }

  absl::Status CheckExchange(const Exchange& exchange) const {
    auto from = places_.find(exchange.from_uid());
    auto to = places_.find(exchange.to_uid());
    if (from == places_.end() || to == places_.end() ||
        plan_.stages(from->second.stage).id() != exchange.from_stage() ||
        plan_.stages(to->second.stage).id() != exchange.to_stage() || from->second.stage >= to->second.stage) {
      return Internal("deploy: exchange ", exchange.id(),
                      " does not lead from an operator to one of a later stage: from ", exchange.from_uid(), " to ",
                      exchange.to_uid());
    }
    const auto& inputs = to->second.node->inputs();
    const auto num_readers =
        std::count_if(inputs.begin(), inputs.end(), [&](const ChainInput& input) { return ReadsFrom(input, exchange); });
    if (num_readers == 0) {
      return Internal("deploy: operator ", exchange.to_uid(), " does not read exchange ", exchange.id());
    }
    if (num_readers > 1) {
      return Internal("deploy: operator ", exchange.to_uid(), " reads exchange ", exchange.id(), " twice");
    }
    ASSIGN_OR_RETURN(auto rows, OutputOf(*from->second.node, exchange.from_output()));
    for (const std::string& key : exchange.hash_keys()) {
      if (rows->GetFieldIndex(key) < 0)
        return Internal("deploy: exchange ", exchange.id(), " has no column ", key, " for its key");
    }
    return absl::OkStatus();
  }

  static bool ReadsFrom(const ChainInput& input, const Exchange& exchange) {
    return input.has_exchange() && input.exchange() == exchange.id();
  }

  absl::Status CheckNode(const ChainNode& node) const {
    const Place& place = places_.at(node.uid());
    if (node.kind_case() == ChainNode::KIND_NOT_SET)
      return Internal("deploy: operator ", node.uid(), " is of no known kind");
    if (node.has_source()) {
      if (place.index != 0 || !node.inputs().empty())
        return Internal("deploy: source ", node.uid(), " does not begin its stage");
      return CheckSource(node);
    }
    if (node.inputs_size() != node.input_schemas_size() || node.inputs().empty() || (node.inputs_size() > 1 && !node.has_union_())) {
      return Internal("deploy: operator ", node.uid(), " has not one input with one schema");
    }
    for (int i = 0; i < node.inputs_size(); ++i) RETURN_IF_ERROR(CheckInput(place, i));
    ASSIGN_OR_RETURN(auto input, SchemaOf(node.input_schemas(0).columns()));
    for (const std::string& column : node.sink().partition_by()) {
      if (input->GetFieldIndex(column) < 0)
        return Internal("deploy: sink ", node.uid(), " has no column ", column, " to partition by");
    }
    if (!node.has_filter() && !node.has_sort() && !IsCombiner(node)) return absl::OkStatus();
    // What they hand on is what they were given.
    ASSIGN_OR_RETURN(auto output, OutputOf(node, 0));
    return output->Equals(*input) ? absl::OkStatus() : Differ(node.uid(), "it hands on", *input, *output);
  }

  absl::Status CheckInput(const Place& place, int number) const {
    const ChainNode& node = *place.node;
    if (node.inputs(number).has_exchange() != (place.index == 0)) {
      return Internal("deploy: operator ", node.uid(), " reads an exchange within its stage, or none at its beginning");
    }
    ASSIGN_OR_RETURN(auto input, SchemaOf(node.input_schemas(number).columns()));
    ASSIGN_OR_RETURN(auto rows, InputOf(place, node.inputs(number)));
    return rows->Equals(*input) ? absl::OkStatus() : Differ(node.uid(), "its input has", *rows, *input);
  }

  static bool IsCombiner(const ChainNode& node) { return node.has_local_combine() || node.has_local_group(); }

  // The columns that come to an operator.
  absl::StatusOr<std::shared_ptr<arrow::Schema>> InputOf(const Place& place, const ChainInput& input) const {
    if (input.has_exchange()) {
      auto exchange = exchanges_.find(input.exchange());
      if (exchange == exchanges_.end() || exchange->second->to_uid() != place.node->uid()) {
        return Internal("deploy: exchange ", input.exchange(), " does not lead to operator ", place.node->uid());
      }
      return OutputOf(*places_.at(exchange->second->from_uid()).node, exchange->second->from_output());
    }
    auto from = places_.find(input.from_uid());
    if (from == places_.end() || from->second.stage != place.stage || from->second.index >= place.index) {
      return Internal("deploy: operator ", place.node->uid(), " stands in front of its input ", input.from_uid());
    }
    return OutputOf(*from->second.node, input.output());
  }

  static absl::StatusOr<std::shared_ptr<arrow::Schema>> OutputOf(const ChainNode& node, uint32_t output) {
    // A combiner's second output travels with its first.
    const int64_t num_outputs =
        IsCombiner(node) ? std::min(node.output_schemas_size(), 1) : node.output_schemas_size();
    if (output >= num_outputs) return Internal("deploy: operator ", node.uid(), " has no output ", output);
    return SchemaOf(node.output_schemas(static_cast<int>(output)).columns());
  }

  static absl::Status CheckSource(const ChainNode& node) {
    Schema read;
    for (const std::string& name : node.used_columns()) {
      const auto& columns = node.source().columns();
      auto found =
          std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.name() == name; });
      if (found == columns.end()) return Internal("deploy: source ", node.uid(), " has no column ", name);
      *read.add_columns() = *found;
    }
    // What is computed from them stands behind them.
    for (int i = read.columns_size(); !node.output_schemas().empty() && i < node.output_schemas(0).columns_size(); ++i) {
      const auto& column = node.output_schemas(0).columns(i);
      const auto& computed = node.source().computed();
      if (std::any_of(computed.begin(), computed.end(), [&](const auto& c) { return c.name() == column.name(); })) {
        *read.add_columns() = column;
      }
    }
    ASSIGN_OR_RETURN(auto rows, SchemaOf(read.columns()));
    ASSIGN_OR_RETURN(auto output, OutputOf(node, 0));
    if (!output->Equals(*rows)) return Differ(node.uid(), "it reads", *rows, *output);
    if (node.output_schemas_size() < 2) return absl::OkStatus();
    ASSIGN_OR_RETURN(auto dead_letters, OutputOf(node, 1));
    ASSIGN_OR_RETURN(auto envelope, SchemaOf(DeadLetterColumns()));
    return dead_letters->Equals(*envelope) ? absl::OkStatus()
                                           : Differ(node.uid(), "dead letters have", *envelope, *dead_letters);
  }

  static absl::Status Differ(const std::string& uid, const char* what, const arrow::Schema& there,
                             const arrow::Schema& said) {
    return Internal("deploy: operator ", uid, ": ", what, " the columns [", there.ToString(), "], and the plan says [",
                    said.ToString(), "]");
  }

  const PhysicalPlan& plan_;
  std::map<std::string, Place> places_;            // of operators, by uid
  std::map<uint32_t, const Exchange*> exchanges_;  // by id
};

absl::Status CheckPlacements(const Deploy& deploy) {
  std::set<uint32_t> stages;
  for (const Stage& stage : deploy.plan().stages()) stages.insert(stage.id());
  std::set<std::pair<uint32_t, uint32_t>> placed;
  for (const auto& placement : deploy.placements()) {
    if (!stages.contains(placement.stage()) || placement.index() >= deploy.plan().parallelism()) {
      return Internal("deploy: there is no subtask ", placement.stage(), ".", placement.index());
    }
    if (placed.emplace(placement.stage(), placement.index()).second) continue;
    return Internal("deploy: subtask ", placement.stage(), ".", placement.index(), " is placed twice");
  }
  if (placed.size() == stages.size() * deploy.plan().parallelism()) return absl::OkStatus();
  return Internal("deploy: ", placed.size(), " of ", stages.size(), " × ", deploy.plan().parallelism(),
                  " subtasks are placed");
}

}  // namespace

absl::Status CheckDeploy(const Deploy& deploy) {
  RETURN_IF_ERROR(PlanCheck(deploy.plan()).Run());
  return CheckPlacements(deploy);
}

}  // namespace millrace
