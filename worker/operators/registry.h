#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/operator.h"

namespace millrace {

// Makes the operator of a node, whatever it is but a source or a sink, which are the runtime's.
// Fails with InvalidArgument that names the operator and what its plan got wrong.
absl::StatusOr<std::unique_ptr<Operator>> MakeOperator(const internal::v1::ChainNode& node);

// Fingerprint of the state that the operator of this node keeps; empty: none. It goes with the state into every
// checkpoint.
absl::StatusOr<std::string> StateFingerprintOf(const internal::v1::ChainNode& node);

}  // namespace millrace
