#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "millrace/v1/pipeline_service.pb.h"

namespace grpc {
class Status;
}

namespace millrace {

// An absl::Status carries google.rpc details as payloads under their type URLs; on the wire they travel as a serialized
// google.rpc.Status in the trailer, where every gRPC client looks for them.
//
//   code               details that are added unless present
//   any error          ErrorInfo{reason: the code's name, domain: "millrace"}
//   ResourceExhausted  QuotaFailure with the message, RetryInfo of one second
//   Unavailable        RetryInfo of one second
grpc::Status ToGrpcStatus(const absl::Status& status);
absl::Status FromGrpcStatus(const grpc::Status& status);

// Adds what is wrong with a plan, as BadRequest.
absl::Status WithDiagnostics(absl::Status status, const std::vector<v1::Diagnostic>& diagnostics);
// Adds a machine-readable reason such as NOT_LEADER, as ErrorInfo.
absl::Status WithReason(absl::Status status, std::string_view reason);

std::vector<v1::Diagnostic> DiagnosticsOf(const absl::Status& status);
// Empty if there is none.
std::string ReasonOf(const absl::Status& status);
std::optional<absl::Duration> RetryDelayOf(const absl::Status& status);

}  // namespace millrace
