#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "millrace/v1/pipeline_service.pb.h"

namespace millrace {

// Calls a coordinator's public API.
//
// Thread:  one at a time.
// Blocks:  every call, up to `timeout`.
// Fails:   Unavailable, naming the address and what to do, if nothing answers there; else what the coordinator says.
class PipelineClient {
 public:
  PipelineClient(std::string address, absl::Duration timeout);
  ~PipelineClient();

  absl::StatusOr<v1::ValidateResponse> Validate(const v1::ValidateRequest& request);
  absl::StatusOr<v1::CreateResponse> Create(const v1::CreateRequest& request);
  absl::StatusOr<v1::GetResponse> Get(const v1::GetRequest& request);
  absl::StatusOr<v1::ListResponse> List(const v1::ListRequest& request);
  absl::StatusOr<v1::StartResponse> Start(const v1::StartRequest& request);
  absl::StatusOr<v1::StopResponse> Stop(const v1::StopRequest& request);
  absl::StatusOr<v1::CancelResponse> Cancel(const v1::CancelRequest& request);
  absl::StatusOr<v1::FetchResultsResponse> FetchResults(const v1::FetchResultsRequest& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace
