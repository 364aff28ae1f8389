#include "coordinator/plan/plan_json.h"

#include <google/protobuf/util/json_util.h>

#include "base/error.h"
#include "coordinator/plan/plan_json_errors.h"

namespace millrace {
absl::StatusOr<v1::Plan> ReadPlanJson(std::string_view json) {
  v1::Plan plan;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  const auto status = google::protobuf::util::JsonStringToMessage({json.data(), json.size()}, &plan, options);
  if (!status.ok()) {
    const auto message = status.message();
    return InvalidArgument("read the plan: ", ExplainJsonError({message.data(), message.size()}, json),
                           " (docs/plan.md lists every field)");
  }
  return plan;
}

absl::StatusOr<std::string> WritePlanJson(const v1::Plan& plan) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(plan, &json, options);
  if (!status.ok()) {
    const auto message = status.message();
    return Internal("write plan '", plan.name(), "' as JSON: ", std::string_view(message.data(), message.size()));
  }
  return json;
}

}  // namespace millrace
