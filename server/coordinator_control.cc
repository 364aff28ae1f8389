#include "server/coordinator_control.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/macros.h"
#include "coordinator/plan/explain.h"
#include "coordinator/plan/physical_planner.h"
#include "coordinator/plan/plan_validator.h"
#include "server/grpc_status.h"
#include "server/script_messages.h"
#include "server/select_results.h"

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

template <typename Request>
absl::Status CoordinatorControl::CheckSubject(const Request& request) {
  if (request.has_plan() != request.sql().empty()) {
    return InvalidArgument("a request has either `plan` or `sql`, and this one has ",
                           request.has_plan() ? "both; leave one out" : "neither; an empty `sql` counts as none");
  }
  if (request.has_plan() && !request.name().empty()) {
    return InvalidArgument("`name` goes with `sql`; a plan has a name of its own");
  }
  return absl::OkStatus();
}

sql::Compilation CoordinatorControl::CompileScript(const std::string& script, const std::string& name) const {
  sql::CompileOptions compile;
  if (!name.empty()) compile.name = name;
  compile.result_path = options_.result_root;
  compile.validate = [this](const v1::Plan& plan) { return ValidatePlan(plan, *options_.connectors); };
  compile.explain = [](const v1::Plan& plan) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(internal::v1::PhysicalPlan physical, MakePhysicalPlan(plan, 0));
    return Explain(physical);
  };
  return sql::Compile(script, compile);
}

void CoordinatorControl::Validate(v1::ValidateRequest request, Done<v1::ValidateResponse> done) {
  if (absl::Status status = CheckSubject(request); !status.ok()) return done(status);
  v1::ValidateResponse response;
  v1::Plan plan = request.plan();
  if (!request.sql().empty()) {
    const sql::Compilation compiled = CompileScript(request.sql(), request.name());
    for (auto& diagnostic : SqlDiagnostics(compiled.diagnostics, request.sql())) {
      *response.add_diagnostics() = std::move(diagnostic);
    }
    *response.mutable_script() = ScriptOf(compiled, request.sql());
    if (!compiled.plan) return done(std::move(response));
    plan = *compiled.plan;
  } else {
    for (auto& diagnostic : ValidatePlan(plan, *options_.connectors)) {
      *response.add_diagnostics() = std::move(diagnostic);
    }
  }
  if (response.diagnostics().empty()) {
    auto physical = MakePhysicalPlan(plan, 0);
    if (!physical.ok()) return done(physical.status());
    response.set_explanation(Explain(*physical));
  }
  done(std::move(response));
}

void CoordinatorControl::Create(v1::CreateRequest request, Done<v1::CreateResponse> done) {
  if (absl::Status status = CheckSubject(request); !status.ok()) return done(status);
  std::vector<v1::Diagnostic> diagnostics;
  if (!request.sql().empty()) {
    sql::Compilation compiled = CompileScript(request.sql(), request.name());
    diagnostics = SqlDiagnostics(compiled.diagnostics, request.sql());
    if (compiled.plan) {
      *request.mutable_plan() = *std::move(compiled.plan);
    } else if (diagnostics.empty()) {
      return done(InvalidArgument("the script makes no pipeline: it has neither an INSERT nor a SELECT"));
    }
  } else {
    diagnostics = ValidatePlan(request.plan(), *options_.connectors);
  }
  if (!diagnostics.empty()) {
    const v1::Diagnostic& first = diagnostics[0];
    const std::string place = first.line() > 0 ? Cat("line ", first.line(), ", column ", first.column()) : first.field();
    std::string message =
        Cat(request.sql().empty() ? "the plan is not valid: " : "the script is not valid: ", place, ": ", first.message());
    if (diagnostics.size() > 1) message += Cat(" (and ", diagnostics.size() - 1, " more)");
    return done(WithDiagnostics(InvalidArgument(message), diagnostics));
  }
  options_.coordinator->Create(std::move(*request.mutable_plan()), request.request_id(),
                               Answer<v1::CreateResponse>(std::move(done)));
}

void CoordinatorControl::Get(v1::GetRequest request, Done<v1::GetResponse> done) {
  options_.coordinator->Get(request.name(), Answer<v1::GetResponse>(std::move(done)));
}

void CoordinatorControl::List(v1::ListRequest request, Done<v1::ListResponse> done) {
  options_.coordinator->List([request, done = std::move(done)](absl::StatusOr<std::vector<v1::Pipeline>> pipelines) mutable {
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
  options_.coordinator->Start(std::move(request), Answer<v1::StartResponse>(std::move(done)));
}

void CoordinatorControl::Stop(v1::StopRequest request, Done<v1::StopResponse> done) {
  options_.coordinator->Stop(request.name(), request.drain(), Answer<v1::StopResponse>(std::move(done)));
}

void CoordinatorControl::Cancel(v1::CancelRequest request, Done<v1::CancelResponse> done) {
  options_.coordinator->Cancel(request.name(), Answer<v1::CancelResponse>(std::move(done)));
}

void CoordinatorControl::FetchResults(v1::FetchResultsRequest request, Done<v1::FetchResultsResponse> done) {
  auto read = [this, request, done = std::move(done)](absl::StatusOr<v1::Pipeline> pipeline) mutable {
    if (!pipeline.ok()) return done(pipeline.status());
    options_.io_pool->Run([stores = options_.blob_stores, pipeline = *std::move(pipeline), cursor = request.cursor(),
                           done = std::move(done)]() mutable { done(ReadResults(pipeline, cursor, stores)); });
  };
  options_.coordinator->Get(request.name(), std::move(read));
}

void CoordinatorControl::Watch(v1::WatchRequest request, Done<v1::WatchResponse> done) {
  options_.coordinator->Watch(request.name(), request.resume_version(), Answer<v1::WatchResponse>(std::move(done)));
}

}  // namespace millrace
