#include "coordinator/plan/plan_json.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "base/error.h"

namespace millrace {
namespace {

// Protobuf ends a message on syntax with an excerpt of the text and a caret below it; people want the line instead.
std::string Located(std::string_view message, std::string_view json) {
  const size_t caret_line = message.rfind('\n');
  const size_t excerpt_line = message.find('\n');
  if (caret_line == message.npos || excerpt_line == caret_line || !message.ends_with('^')) return std::string(message);
  const std::string_view excerpt = message.substr(excerpt_line + 1, caret_line - excerpt_line - 1);
  const size_t caret = message.size() - caret_line - 2;
  const size_t found = json.find(excerpt);
  if (found == json.npos || json.find(excerpt, found + 1) != json.npos) return std::string(message);
  const std::string_view before = json.substr(0, std::min(json.size(), found + caret));
  const size_t line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t last_break = before.rfind('\n');
  const size_t column = last_break == before.npos ? before.size() + 1 : before.size() - last_break;
  return Cat("line ", line, ", column ", column, ": ", message.substr(0, excerpt_line));
}

}  // namespace

absl::StatusOr<v1::Plan> ReadPlanJson(std::string_view json) {
  v1::Plan plan;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  const auto status = google::protobuf::util::JsonStringToMessage({json.data(), json.size()}, &plan, options);
  if (!status.ok()) {
    const auto message = status.message();
    return InvalidArgument("read the plan: ", Located({message.data(), message.size()}, json), "; docs/plan.md lists every field");
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
