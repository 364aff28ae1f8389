#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/blob_store.h"
#include "base/executor.h"
#include "connectors/registry.h"
#include "coordinator/coordinator.h"
#include "coordinator/sql/compiler.h"
#include "server/pipeline_control.h"

namespace millrace {

// The public API over a Coordinator. Validation and planning need neither leadership nor a stored pipeline.
//
// Owns:    nothing; what Options name outlives it.
// Thread:  any.
class CoordinatorControl final : public PipelineControl {
 public:
  struct Options {
    Coordinator* coordinator = nullptr;
    const ConnectorRegistry* connectors = nullptr;
    BlobStoreFactory* blob_stores = nullptr;
    IoPool* io_pool = nullptr;
    // Where rows of SELECTs are kept: a URI that workers can open too.
    std::string result_root;
  };
  explicit CoordinatorControl(Options options) : options_(std::move(options)) {}
  void Validate(v1::ValidateRequest request, Done<v1::ValidateResponse> done) override;
  void Create(v1::CreateRequest request, Done<v1::CreateResponse> done) override;
  void Get(v1::GetRequest request, Done<v1::GetResponse> done) override;
  void List(v1::ListRequest request, Done<v1::ListResponse> done) override;
  void Start(v1::StartRequest request, Done<v1::StartResponse> done) override;
  void Stop(v1::StopRequest request, Done<v1::StopResponse> done) override;
  void Cancel(v1::CancelRequest request, Done<v1::CancelResponse> done) override;
  void FetchResults(v1::FetchResultsRequest request, Done<v1::FetchResultsResponse> done) override;
  void Watch(v1::WatchRequest request, Done<v1::WatchResponse> done) override;

 private:
  // What is wrong with the request itself, before its plan or script is looked at.
  template <typename Request>
  static absl::Status CheckSubject(const Request& request);
  sql::Compilation CompileScript(const std::string& script, const std::string& name) const;

  const Options options_;
};

}  // namespace millrace
