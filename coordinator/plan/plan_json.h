#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Reads a plan as people write it. Field names as in plan.proto. Fails with InvalidArgument: unknown fields and wrong
// values with their field, mistakes of syntax with line and column.
absl::StatusOr<v1::Plan> ReadPlanJson(std::string_view json);

// The same text format, indented; reading it back gives an equal plan.
absl::StatusOr<std::string> WritePlanJson(const v1::Plan& plan);

}  // namespace millrace
