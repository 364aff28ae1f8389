#include "worker/operators/registry.h"

#include "base/error.h"
#include "base/macros.h"
#include "base/state_fingerprint.h"
#include "worker/operators/filter.h"
#include "worker/operators/group_aggregate.h"
#include "worker/operators/local_combine.h"
#include "worker/operators/project.h"
#include "worker/operators/sort.h"
#include "worker/operators/union.h"
#include "worker/operators/unnest.h"
#include "worker/operators/window_aggregate.h"

namespace millrace {

absl::StatusOr<std::unique_ptr<Operator>> MakeOperator(const internal::v1::ChainNode& node) {
  switch (node.kind_case()) {
    case internal::v1::ChainNode::kFilter:
      return FilterOperator::Make(node);
    case internal::v1::ChainNode::kProject:
      return ProjectOperator::Make(node);
    case internal::v1::ChainNode::kWindowAggregate:
      return WindowAggregateOperator::Make(node);
    case internal::v1::ChainNode::kGroupAggregate:
      return GroupAggregateOperator::Make(node);
    case internal::v1::ChainNode::kUnion:
      return UnionOperator::Make(node);
    case internal::v1::ChainNode::kSort:
      return SortOperator::Make(node);
    case internal::v1::ChainNode::kUnnest:
      return UnnestOperator::Make(node);
    case internal::v1::ChainNode::kLocalCombine:
    case internal::v1::ChainNode::kLocalGroup:
      return LocalCombineOperator::Make(node);
    default:
      return InvalidArgument("operator ", node.uid(), ": it is not one that this factory makes: kind ",
                             static_cast<int>(node.kind_case()));
  }
}

absl::StatusOr<std::string> StateFingerprintOf(const internal::v1::ChainNode& node) {
  if (!node.has_window_aggregate() && !node.has_group_aggregate() && !node.has_sort()) return std::string();
  if (node.input_schemas().empty()) return InvalidArgument("operator ", node.uid(), ": the plan has no schema for it");
  const auto& input = node.input_schemas(0).columns();
  if (node.has_group_aggregate()) return GroupStateFingerprint(node.group_aggregate(), input);
  if (node.has_sort()) return SortStateFingerprint(node.sort(), input);
  return WindowStateFingerprint(node.window_aggregate(), input);
}

}  // namespace millrace
