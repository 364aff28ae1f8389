#pragma once

#include "absl/status/status.h"
#include "millrace/internal/v1/control.pb.h"

namespace millrace {

// Whether the parts of a deployment fit together: every subtask is placed once, every input has an output in front of
// it with the same columns, every exchange joins two stages. What a worker does with it afterwards relies on that; what
// an operator or a connector is told about itself, they check themselves.
//
// Fails: Internal: the coordinator is of another release, or has a bug.
absl::Status CheckDeploy(const internal::v1::Deploy& deploy);

}  // namespace millrace
