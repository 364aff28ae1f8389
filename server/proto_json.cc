#include "server/proto_json.h"

#include "base/error.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "server/grpc_status.h"

namespace millrace {

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) return ErrorJson(Internal("print as JSON: ", std::string(status.message())));
  if (!json.empty() && json.back() == '\n') json.pop_back();
  return json;
}

std::string ErrorJson(const absl::Status& status) {
  google::protobuf::Struct error;
  (*error.mutable_fields())["code"].set_string_value(absl::StatusCodeToString(status.code()));
  (*error.mutable_fields())["message"].set_string_value(std::string(status.message()));
  for (const v1::Diagnostic& diagnostic : DiagnosticsOf(status)) {
    auto& detail = *(*error.mutable_fields())["details"].mutable_list_value()->add_values()->mutable_struct_value()->mutable_fields();
    detail["field"].set_string_value(diagnostic.field());
    detail["message"].set_string_value(diagnostic.message());
  }
  std::string json;
  // A Struct of strings always prints.
  google::protobuf::util::MessageToJsonString(error, &json).ok();
  return json;
}

}  // namespace millrace
