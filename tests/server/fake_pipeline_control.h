#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/mutex.h"
#include "server/grpc_status.h"
#include "server/pipeline_control.h"

namespace millrace {

// Pipelines in a map. Every Get of a pipeline moves it one state on: STARTING → RUNNING → `after_running`, STOPPING →
// STOPPED.
class FakePipelineControl final : public PipelineControl {
 public:
  void Validate(v1::ValidateRequest request, Done<v1::ValidateResponse> done) override {
    v1::ValidateResponse response;
    if (!request.sql().empty()) {
      MutexLock lock(&mutex);
      names.push_back(request.name());
      response = script;
      if (response.script().has_plan()) response.mutable_script()->mutable_plan()->set_name(request.name());
      return done(std::move(response));
    }
    if (request.plan().nodes().empty()) {
      auto* diagnostic = response.add_diagnostics();
      diagnostic->set_field("nodes");
      diagnostic->set_message("a plan needs a source and a sink");
    } else {
      response.set_explanation("generator -> blackhole");
    }
    done(std::move(response));
  }
  void Create(v1::CreateRequest request, Done<v1::CreateResponse> done) override {
    MutexLock lock(&mutex);
    request_ids.push_back(request.request_id());
    if (!request.sql().empty()) {
      *request.mutable_plan() = script.script().plan();
      request.mutable_plan()->set_name(request.name());
    }
    if (request.plan().nodes().empty()) {
      v1::Diagnostic diagnostic;
      diagnostic.set_field("nodes");
      diagnostic.set_message("a plan needs a source and a sink");
      return done(WithDiagnostics(InvalidArgument("create pipeline: the plan has errors: ", 1), {diagnostic}));
    }
    if (pipelines.count(request.plan().name()) > 0) return done(AlreadyExists("create pipeline: name is taken: ", request.plan().name()));
    v1::Pipeline& pipeline = pipelines[request.plan().name()];
    pipeline.set_name(request.plan().name());
    pipeline.set_state(v1::PIPELINE_STATE_CREATED);
    pipeline.set_version(1);
    *pipeline.mutable_plan() = request.plan();
    v1::CreateResponse response;
    *response.mutable_pipeline() = pipeline;
    done(std::move(response));
  }
  void Get(v1::GetRequest request, Done<v1::GetResponse> done) override {
    MutexLock lock(&mutex);
    if (outages > 0) {
      --outages;
      return done(Unavailable("get pipeline: no coordinator leads"));
    }
    if (silent) return held.push_back(std::move(done));
    auto it = pipelines.find(request.name());
    if (it == pipelines.end()) return done(NotFound("get pipeline: there is none of name: ", request.name()));
    v1::Pipeline& pipeline = it->second;
    if (pipeline.state() == v1::PIPELINE_STATE_STARTING) {
      pipeline.set_state(v1::PIPELINE_STATE_RUNNING);
    } else if (pipeline.state() == v1::PIPELINE_STATE_RUNNING) {
      pipeline.set_state(after_running);
      if (after_running == v1::PIPELINE_STATE_FAILED) pipeline.set_reason("disk is full");
    } else if (pipeline.state() == v1::PIPELINE_STATE_STOPPING && stops) {
      pipeline.set_state(v1::PIPELINE_STATE_STOPPED);
    }
    v1::GetResponse response;
    *response.mutable_pipeline() = pipeline;
    done(std::move(response));
  }
  // One pipeline a page.
  void List(v1::ListRequest request, Done<v1::ListResponse> done) override {
    MutexLock lock(&mutex);
    v1::ListResponse response;
    auto it = pipelines.lower_bound(request.page_token());
    if (it != pipelines.end()) *response.add_pipelines() = (it++)->second;
    if (it != pipelines.end()) response.set_next_page_token(it->first);
    done(std::move(response));
  }
  void Start(v1::StartRequest request, Done<v1::StartResponse> done) override {
    {
      MutexLock lock(&mutex);
      if (no_slots > 0) {
        --no_slots;
        return done(ResourceExhausted("place pipeline ", request.name(), ": no worker is connected"));
      }
    }
    Change<v1::StartResponse>(request.name(), v1::PIPELINE_STATE_STARTING, std::move(done), request.parallelism());
  }
  void Stop(v1::StopRequest request, Done<v1::StopResponse> done) override {
    {
      MutexLock lock(&mutex);
      drained = request.drain();
    }
    Change<v1::StopResponse>(request.name(), v1::PIPELINE_STATE_STOPPING, std::move(done));
  }
  void Cancel(v1::CancelRequest request, Done<v1::CancelResponse> done) override {
    Change<v1::CancelResponse>(request.name(), v1::PIPELINE_STATE_CANCELLED, std::move(done));
  }
  // Answers with `results`, one a call.
  void FetchResults(v1::FetchResultsRequest request, Done<v1::FetchResultsResponse> done) override {
    MutexLock lock(&mutex);
    v1::FetchResultsResponse response;
    response.set_cursor(request.cursor());
    const size_t at = request.cursor().empty() ? 0 : request.cursor().size();
    if (at < results.size()) {
      response.set_lines(results[at]);
      response.set_epoch(at + 1);
      response.set_cursor(request.cursor() + "x");
    }
    done(std::move(response));
  }
  void Watch(v1::WatchRequest request, Done<v1::WatchResponse> done) override {
    MutexLock lock(&mutex);
    auto it = pipelines.find(request.name());
    if (it == pipelines.end()) return done(NotFound("watch pipeline: there is none of name: ", request.name()));
    if (it->second.version() == request.resume_version()) return watchers.push_back(std::move(done));
    v1::WatchResponse response;
    *response.mutable_pipeline() = it->second;
    done(std::move(response));
  }

  Mutex mutex;
  std::map<std::string, v1::Pipeline> pipelines;
  std::vector<std::string> request_ids;
  std::vector<std::string> results;
  v1::ValidateResponse script;     // what every script comes to
  std::vector<std::string> names;  // that scripts were to be called
  std::vector<Done<v1::WatchResponse>> watchers;
  std::vector<Done<v1::GetResponse>> held;
  v1::PipelineState after_running = v1::PIPELINE_STATE_RUNNING;
  int no_slots = 0;  // so many starts are refused
  bool stops = true;
  int outages = 0;  // so many Gets fail as Unavailable
  bool silent = false;
  bool drained = false;

 private:
  template <typename Response>
  void Change(const std::string& name, v1::PipelineState state, Done<Response> done, uint32_t parallelism = 0) {
    MutexLock lock(&mutex);
    auto it = pipelines.find(name);
    if (it == pipelines.end()) return done(NotFound("change pipeline: there is none of name: ", name));
    if (it->second.state() == state) return done(FailedPrecondition("change pipeline ", name, ": it is in this state already"));
    it->second.set_state(state);
    it->second.set_version(it->second.version() + 1);
    if (parallelism > 0) it->second.set_parallelism(parallelism);
    Response response;
    *response.mutable_pipeline() = it->second;
    auto waiting = std::move(watchers);
    watchers.clear();
    for (auto& watcher : waiting) {
      v1::WatchResponse change;
      *change.mutable_pipeline() = it->second;
      watcher(std::move(change));
    }
    done(std::move(response));
  }
};

}  // namespace millrace
