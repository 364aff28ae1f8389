#pragma once

#include <functional>
#include <string>
#include <vector>

#include "coordinator/coordinator.h"
#include "server/pipeline_control.h"

namespace millrace {

// The public API over a Coordinator. Validation and planning need neither leadership nor a stored pipeline.
//
// Owns:    nothing; the coordinator and the registry outlive it.
// Thread:  any.
class CoordinatorControl final : public PipelineControl {
 public:
  CoordinatorControl(Coordinator* coordinator, const ConnectorRegistry* connectors)
      : coordinator_(coordinator), connectors_(connectors) {}
  void Validate(v1::ValidateRequest request, Done<v1::ValidateResponse> done) override;
  void Create(v1::CreateRequest request, Done<v1::CreateResponse> done) override;
  void Get(v1::GetRequest request, Done<v1::GetResponse> done) override;
  void List(v1::ListRequest request, Done<v1::ListResponse> done) override;
  void Start(v1::StartRequest request, Done<v1::StartResponse> done) override;
  void Stop(v1::StopRequest request, Done<v1::StopResponse> done) override;
  void Cancel(v1::CancelRequest request, Done<v1::CancelResponse> done) override;
  void Watch(v1::WatchRequest request, Done<v1::WatchResponse> done) override;

 private:
  Coordinator* const coordinator_;
  const ConnectorRegistry* const connectors_;
};

}  // namespace millrace
