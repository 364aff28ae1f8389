#include "server/coordinator_control.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "coordinator/plan/explain.h"
#include "coordinator/plan/physical_planner.h"
#include "coordinator/plan/plan_validator.h"
#include "server/grpc_status.h"

namespace millrace {
namespace {

constexpr int kMaxPageSize = 1000;

// Wraps the pipeline that the coordinator answers with into a response message.
template <typename Response>
Coordinator::Done Answer(PipelineControl::Done<Response> done) {
  return [done = std::move(done)](absl::StatusOr<v1::Pipeline> pipeline) mutable {
    if (!pipeline.ok()) {
      done(pipeline.status());
      return;
    }
    Response response;
    *response.mutable_pipeline() = *std::move(pipeline);
    done(std::move(response));
  };
}

}  // namespace

void CoordinatorControl::Validate(v1::ValidateRequest request, Done<v1::ValidateResponse> done) {
  v1::ValidateResponse response;
  for (auto& diagnostic : ValidatePlan(request.plan(), *connectors_)) *response.add_diagnostics() = std::move(diagnostic);
  if (response.diagnostics().empty()) {
    auto physical = MakePhysicalPlan(request.plan(), 0);
    if (!physical.ok()) {
      done(physical.status());
      return;
    }
    response.set_explanation(Explain(*physical));
  }
  done(std::move(response));
}

void CoordinatorControl::Create(v1::CreateRequest request, Done<v1::CreateResponse> done) {
  auto diagnostics = ValidatePlan(request.plan(), *connectors_);
  if (!diagnostics.empty()) {
    std::string message = Cat("the plan is not valid: ", diagnostics[0].field(), ": ", diagnostics[0].message());
    if (diagnostics.size() > 1) message += Cat(" (and ", diagnostics.size() - 1, " more)");
    done(WithDiagnostics(InvalidArgument(message), diagnostics));
    return;
  }
  coordinator_->Create(std::move(*request.mutable_plan()), request.request_id(), Answer<v1::CreateResponse>(std::move(done)));
}

void CoordinatorControl::Get(v1::GetRequest request, Done<v1::GetResponse> done) {
  coordinator_->Get(request.name(), Answer<v1::GetResponse>(std::move(done)));
}

void CoordinatorControl::List(v1::ListRequest request, Done<v1::ListResponse> done) {
  coordinator_->List([request, done = std::move(done)](absl::StatusOr<std::vector<v1::Pipeline>> pipelines) mutable {
    if (!pipelines.ok()) {
      done(pipelines.status());
      return;
    }
    // The token is the last name of the page before.
    v1::ListResponse response;
    int size = request.page_size() <= 0 ? kMaxPageSize : std::min(request.page_size(), kMaxPageSize);
    for (v1::Pipeline& pipeline : *pipelines) {
      if (pipeline.name() <= request.page_token()) continue;
      if (response.pipelines_size() == size) {
        response.set_next_page_token(response.pipelines(size - 1).name());
        break;
      }
      *response.add_pipelines() = std::move(pipeline);
    }
    done(std::move(response));
  });
}

void CoordinatorControl::Start(v1::StartRequest request, Done<v1::StartResponse> done) {
  coordinator_->Start(std::move(request), Answer<v1::StartResponse>(std::move(done)));
}

void CoordinatorControl::Stop(v1::StopRequest request, Done<v1::StopResponse> done) {
  coordinator_->Stop(request.name(), request.drain(), Answer<v1::StopResponse>(std::move(done)));
}

void CoordinatorControl::Cancel(v1::CancelRequest request, Done<v1::CancelResponse> done) {
  coordinator_->Cancel(request.name(), Answer<v1::CancelResponse>(std::move(done)));
}

void CoordinatorControl::Watch(v1::WatchRequest request, Done<v1::WatchResponse> done) {
  coordinator_->Watch(request.name(), request.resume_version(), Answer<v1::WatchResponse>(std::move(done)));
}

}  // namespace millrace
