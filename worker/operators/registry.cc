#include "worker/operators/registry.h"

#include "arrow/compute/initialize.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/state_fingerprint.h"
#include "worker/operators/filter.h"
#include "worker/operators/local_combine.h"
#include "worker/operators/project.h"
#include "worker/operators/window_aggregate.h"

namespace millrace {

absl::StatusOr<std::unique_ptr<Operator>> MakeOperator(const internal::v1::ChainNode& node) {
  // Idempotent: makes Arrow's kernels known to the process.
  RETURN_IF_ERROR(FromArrow(arrow::compute::Initialize()));
  switch (node.kind_case()) {
    case internal::v1::ChainNode::kFilter:
      return FilterOperator::Make(node);
    case internal::v1::ChainNode::kProject:
      return ProjectOperator::Make(node);
    case internal::v1::ChainNode::kWindowAggregate:
      return WindowAggregateOperator::Make(node);
    case internal::v1::ChainNode::kLocalCombine:
      return LocalCombineOperator::Make(node);
    default:
      return InvalidArgument("operator ", node.uid(), ": it is not one that this factory makes: kind ",
                             static_cast<int>(node.kind_case()));
  }
}

absl::StatusOr<std::string> StateFingerprintOf(const internal::v1::ChainNode& node) {
  if (!node.has_window_aggregate()) return std::string();
  if (node.input_schemas().empty()) return InvalidArgument("operator ", node.uid(), ": the plan has no schema for it");
  return WindowStateFingerprint(node.window_aggregate(), node.input_schemas(0).columns());
}

}  // namespace millrace
