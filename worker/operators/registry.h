#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/operator.h"

namespace millrace {

// Makes the operator of a node: filter, project, window_aggregate, local_combine. Sources and sinks are the runtime's.
// Fails with InvalidArgument that names the operator and what its plan got wrong.
absl::StatusOr<std::unique_ptr<Operator>> MakeOperator(const internal::v1::ChainNode& node);

}  // namespace millrace
