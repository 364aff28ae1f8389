#pragma once

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "millrace/v1/pipeline_service.pb.h"

namespace millrace {

// What the public API asks of the coordinator. Errors may carry details, see grpc_status.h.
//
// Thread:  any. `done` is called exactly once, from any thread, possibly before the method returns; it does not block.
// Blocks:  never.
// Fails:   NotFound: no such pipeline. Unavailable: not the leader, or not ready yet. FailedPrecondition: not in this
//          state.
class PipelineControl {
 public:
  template <typename Response>
  using Done = absl::AnyInvocable<void(absl::StatusOr<Response>)>;

  virtual ~PipelineControl() = default;
  virtual void Validate(v1::ValidateRequest request, Done<v1::ValidateResponse> done) = 0;
  virtual void Create(v1::CreateRequest request, Done<v1::CreateResponse> done) = 0;
  virtual void Get(v1::GetRequest request, Done<v1::GetResponse> done) = 0;
  virtual void List(v1::ListRequest request, Done<v1::ListResponse> done) = 0;
  virtual void Start(v1::StartRequest request, Done<v1::StartResponse> done) = 0;
  // Answers once the pipeline is stopping; Get or Watch tells when it has stopped.
  virtual void Stop(v1::StopRequest request, Done<v1::StopResponse> done) = 0;
  virtual void Cancel(v1::CancelRequest request, Done<v1::CancelResponse> done) = 0;
  // Takes what lies before the cursor as read. FailedPrecondition: the pipeline was not made by a SELECT.
  virtual void FetchResults(v1::FetchResultsRequest request, Done<v1::FetchResultsResponse> done) = 0;
  // Answers once, as soon as the pipeline's version differs from resume_version, and after 15 s in any case.
  virtual void Watch(v1::WatchRequest request, Done<v1::WatchResponse> done) = 0;
};

}  // namespace millrace
