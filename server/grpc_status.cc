#include "server/grpc_status.h"

#include <grpcpp/support/status.h>

#include <map>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace millrace {
namespace {

constexpr char kTypePrefix[] = "type.googleapis.com/";

template <typename Detail>
std::string TypeUrl() {
  return kTypePrefix + Detail::descriptor()->full_name();
}

template <typename Detail>
std::optional<Detail> DetailOf(const absl::Status& status) {
  auto payload = status.GetPayload(TypeUrl<Detail>());
  Detail detail;
  if (!payload.has_value() || !detail.ParseFromString(std::string(*payload))) return std::nullopt;
  return detail;
}

template <typename Detail>
void SetDetail(absl::Status* status, const Detail& detail) {
  const std::string bytes = detail.SerializeAsString();
  status->SetPayload(TypeUrl<Detail>(), absl::Cord(absl::string_view(bytes)));
}

google::rpc::ErrorInfo ErrorInfoOf(std::string_view reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain("millrace");
  return info;
}

absl::Status WithDefaults(absl::Status status) {
  if (!DetailOf<google::rpc::ErrorInfo>(status)) SetDetail(&status, ErrorInfoOf(absl::StatusCodeToString(status.code())));
  if (status.code() == absl::StatusCode::kResourceExhausted && !DetailOf<google::rpc::QuotaFailure>(status)) {
    google::rpc::QuotaFailure failure;
    failure.add_violations()->set_description(std::string(status.message()));
    SetDetail(&status, failure);
  }
  bool retry_helps = status.code() == absl::StatusCode::kUnavailable || status.code() == absl::StatusCode::kResourceExhausted;
  if (retry_helps && !DetailOf<google::rpc::RetryInfo>(status)) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(1);
    SetDetail(&status, retry);
  }
  return status;
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status wire;
  wire.set_code(static_cast<int>(status.code()));
  wire.set_message(std::string(status.message()));
  // absl visits payloads in an order that differs from status to status.
  std::map<std::string, std::string> details;
  WithDefaults(status).ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    if (absl::StartsWith(type_url, kTypePrefix)) details.emplace(type_url, payload);
  });
  for (const auto& [type_url, payload] : details) {
    auto* detail = wire.add_details();
    detail->set_type_url(type_url);
    detail->set_value(payload);
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), wire.message(), wire.SerializeAsString());
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  absl::Status result(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  google::rpc::Status wire;
  if (result.ok() || !wire.ParseFromString(status.error_details())) return result;
  for (const auto& detail : wire.details()) result.SetPayload(detail.type_url(), absl::Cord(absl::string_view(detail.value())));
  return result;
}

absl::Status WithDiagnostics(absl::Status status, const std::vector<v1::Diagnostic>& diagnostics) {
  google::rpc::BadRequest bad_request;
  for (const auto& diagnostic : diagnostics) {
    auto* violation = bad_request.add_field_violations();
    violation->set_field(diagnostic.field());
    // The excerpt of a script has all: place, message, line and carets.
    violation->set_description(diagnostic.excerpt().empty() ? diagnostic.message() : diagnostic.excerpt());
  }
  SetDetail(&status, bad_request);
  return status;
}

absl::Status WithReason(absl::Status status, std::string_view reason) {
  SetDetail(&status, ErrorInfoOf(reason));
  return status;
}

std::vector<v1::Diagnostic> DiagnosticsOf(const absl::Status& status) {
  std::vector<v1::Diagnostic> diagnostics;
  auto bad_request = DetailOf<google::rpc::BadRequest>(status);
  if (!bad_request.has_value()) return diagnostics;
  for (const auto& violation : bad_request->field_violations()) {
    diagnostics.emplace_back();
    diagnostics.back().set_field(violation.field());
    diagnostics.back().set_message(violation.description());
  }
  return diagnostics;
}

std::string ReasonOf(const absl::Status& status) {
  auto info = DetailOf<google::rpc::ErrorInfo>(status);
  return info.has_value() ? info->reason() : "";
}

std::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  auto retry = DetailOf<google::rpc::RetryInfo>(status);
  if (!retry.has_value()) return std::nullopt;
  return absl::Seconds(retry->retry_delay().seconds()) + absl::Nanoseconds(retry->retry_delay().nanos());
}

}  // namespace millrace
