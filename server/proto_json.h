#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Proto JSON, indented, with proto field names, as the plan is written by hand.
std::string ToJson(const google::protobuf::Message& message);
// One line: {"code": "NOT_FOUND", "message": …}, and what is wrong with a plan as "details": [{"field": …, "message":
// …}].
std::string ErrorJson(const absl::Status& status);

}  // namespace millrace
