#include "server/cli/client_verbs.h"

#include <algorithm>
#include <chrono>
#include <ostream>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/macros.h"
#include "base/random.h"
#include "coordinator/plan/plan_json.h"
#include "google/protobuf/util/message_differencer.h"
#include "server/cli/exit_code.h"
#include "server/cli/pipeline_text.h"
#include "server/cli/rate_meter.h"
#include "server/grpc_status.h"
#include "server/proto_json.h"

namespace millrace {
namespace {

// How often a log gets a line; a terminal's is rewritten at every look.
constexpr absl::Duration kLogInterval = absl::Seconds(5);
// How long a coordinator may be away, to restart for instance.
constexpr absl::Duration kPatience = absl::Seconds(30);

absl::Status NotValid(std::string_view verb, const std::string& file, const std::vector<v1::Diagnostic>& mistakes) {
  return WithDiagnostics(
      InvalidArgument(verb, " ", file, ": the plan has ", mistakes.size(), mistakes.size() == 1 ? " mistake" : " mistakes"), mistakes);
}
absl::Status NotValid(std::string_view verb, const std::string& file, const v1::ValidateResponse& response) {
  return NotValid(verb, file, std::vector<v1::Diagnostic>(response.diagnostics().begin(), response.diagnostics().end()));
}

}  // namespace

int ClientVerbs::Run(const std::string& path, bool detach, uint32_t parallelism) {
  auto file = ReadPipelineFile(path);
  if (!file.ok()) return Fail(file.status());
  return file->is_script ? RunScript(*file, detach, parallelism) : RunPlan(*file, detach, parallelism);
}

int ClientVerbs::RunPlan(const PipelineFile& file, bool detach, uint32_t parallelism) {
  auto plan = ReadPlan(file);
  if (!plan.ok()) return Fail(plan.status());
  v1::CreateRequest create;
  *create.mutable_plan() = *plan;
  auto pipeline = CreateAndStart(create, *plan, parallelism);
  if (auto mistakes = DiagnosticsOf(pipeline.status()); !mistakes.empty()) {
    return Fail(NotValid("run", file.path, mistakes));
  }
  if (!pipeline.ok()) return Fail(pipeline.status());
  if (detach) {
    Print(*pipeline, pipeline->name() + "\n");
    return kExitOk;
  }
  return Follow(*pipeline);
}

absl::StatusOr<v1::Pipeline> ClientVerbs::CreateAndStart(const v1::CreateRequest& create, const v1::Plan& plan,
                                                         uint32_t parallelism) {
  ASSIGN_OR_RETURN(v1::Pipeline pipeline, CreateOrFind(create, plan));
  if (!IsAtRest(pipeline.state())) return pipeline;
  if (local_ != nullptr) {
    RETURN_IF_ERROR(local_->AddWorker(static_cast<int>(std::max({1u, parallelism, plan.parallelism()}))));
  }
  v1::StartRequest request;
  request.set_name(pipeline.name());
  request.set_parallelism(parallelism);
  return StartPatiently(request);
}

int ClientVerbs::Start(const v1::StartRequest& request, bool wait, absl::Duration timeout) {
  const std::string& name = request.name();
  auto started = StartPatiently(request);
  if (!started.ok()) return Fail(started.status());
  v1::Pipeline pipeline = *std::move(started);
  if (wait) {
    auto reached = WaitForState(name, /*until_running=*/true, timeout);
    if (!reached.ok()) return Fail(reached.status());
    pipeline = *reached;
  }
  if (pipeline.state() == v1::PIPELINE_STATE_FAILED) return FailedPipeline("start", pipeline);
  Print(pipeline, Cat(name, " ", StateName(pipeline.state()), "\n"));
  return kExitOk;
}

int ClientVerbs::Stop(const std::string& name, bool drain, absl::Duration timeout) {
  v1::StopRequest request;
  request.set_name(name);
  request.set_drain(drain);
  auto stopping = client_.Stop(request);
  if (!stopping.ok()) return Fail(stopping.status());
  auto pipeline = WaitForState(name, /*until_running=*/false, timeout);
  if (!pipeline.ok()) return Fail(pipeline.status());
  bool stopped = pipeline->state() == v1::PIPELINE_STATE_STOPPED || pipeline->state() == v1::PIPELINE_STATE_FINISHED;
  if (!stopped) return FailedPipeline("stop", *pipeline);
  Print(*pipeline, Cat(name, " ", StateName(pipeline->state()), "\n"));
  return kExitOk;
}

int ClientVerbs::Cancel(const std::string& name) {
  v1::CancelRequest request;
  request.set_name(name);
  auto cancelled = client_.Cancel(request);
  if (!cancelled.ok()) return Fail(cancelled.status());
  Print(cancelled->pipeline(), Cat(name, " ", StateName(cancelled->pipeline().state()), "\n"));
  return kExitOk;
}

int ClientVerbs::Get(const std::string& name) {
  if (!name.empty()) {
    v1::GetRequest request;
    request.set_name(name);
    auto found = client_.Get(request);
    if (!found.ok()) return Fail(found.status());
    Print(found->pipeline(), PipelineTable({found->pipeline()}, environment_.clock->Now()));
    return kExitOk;
  }
  v1::ListResponse all;
  v1::ListRequest request;
  do {
    auto page = client_.List(request);
    if (!page.ok()) return Fail(page.status());
    request.set_page_token(page->next_page_token());
    page->clear_next_page_token();
    all.MergeFrom(*page);
  } while (!request.page_token().empty());
  if (json_) {
    *environment_.out << ToJson(all) << std::endl;
  } else if (all.pipelines().empty()) {
    *environment_.err << "no pipelines; `millrace run FILE.json` makes one" << std::endl;
  } else {
    std::vector<v1::Pipeline> pipelines(all.pipelines().begin(), all.pipelines().end());
    *environment_.out << PipelineTable(pipelines, environment_.clock->Now()) << std::flush;
  }
  return kExitOk;
}

int ClientVerbs::Describe(const std::string& name) {
  v1::GetRequest request;
  request.set_name(name);
  auto found = client_.Get(request);
  if (!found.ok()) return Fail(found.status());
  Print(found->pipeline(), PipelineDescription(found->pipeline(), environment_.clock->Now()));
  return kExitOk;
}

int ClientVerbs::Validate(const std::string& path) {
  auto read = ReadPipelineFile(path);
  if (!read.ok()) return Fail(read.status());
  auto response = ValidateFile(*read);
  if (!response.ok()) return Fail(response.status());
  const std::string& file = path;
  if (json_) {
    *environment_.out << ToJson(*response) << std::endl;
  } else if (response->diagnostics().empty()) {
    PrintNotes(*read, response->script());
    *environment_.out << file << ": valid" << std::endl;
  } else if (read->is_script) {
    return FailScript("validate", *read, *response);
  } else {
    return Fail(NotValid("validate", file, *response));
  }
  return response->diagnostics().empty() ? kExitOk : kExitFailed;
}

int ClientVerbs::Explain(const std::string& path) {
  auto file = ReadPipelineFile(path);
  if (!file.ok()) return Fail(file.status());
  auto response = ValidateFile(*file);
  if (!response.ok()) return Fail(response.status());
  if (!response->diagnostics().empty()) {
    if (file->is_script) return FailScript("explain", *file, *response);
    return Fail(NotValid("explain", file->path, *response));
  }
  if (json_) {
    *environment_.out << ToJson(*response) << std::endl;
    return kExitOk;
  }
  PrintResults(*file, response->script());
  if (!response->explanation().empty()) {
    *environment_.out << response->explanation() << std::endl;
  } else if (response->script().results().empty()) {
    TellThereIsNothingToRun(*file);
  }
  return kExitOk;
}

int ClientVerbs::FailedPipeline(std::string_view verb, const v1::Pipeline& pipeline) {
  if (json_) *environment_.out << ToJson(pipeline) << std::endl;
  // A local cluster is gone by the time that somebody could ask it.
  return Fail(Internal(verb, " ", pipeline.name(), ": it ended as ", StateName(pipeline.state()),
                       local_ == nullptr ? Cat(", see `millrace describe ", pipeline.name(), "`") : "",
                       pipeline.reason().empty() ? "" : ": ", pipeline.reason()));
}

int ClientVerbs::Fail(const absl::Status& status) {
  if (json_) {
    *environment_.err << ErrorJson(status) << std::endl;
    return ExitCodeOf(status);
  }
  *environment_.err << "millrace: " << std::string(status.message()) << "\n";
  for (const auto& diagnostic : DiagnosticsOf(status)) {
    *environment_.err << "  " << diagnostic.field() << ": " << diagnostic.message() << "\n";
  }
  *environment_.err << std::flush;
  return ExitCodeOf(status);
}

void ClientVerbs::Print(const v1::Pipeline& pipeline, const std::string& text) {
  *environment_.out << (json_ ? ToJson(pipeline) + "\n" : text) << std::flush;
}

absl::StatusOr<v1::Plan> ClientVerbs::ReadPlan(const PipelineFile& file) {
  auto plan = ReadPlanJson(file.text);
  if (!plan.ok()) return Annotate(plan.status(), file.path);
  return plan;
}

absl::StatusOr<v1::ValidateResponse> ClientVerbs::ValidateFile(const PipelineFile& file) {
  v1::ValidateRequest request;
  if (file.is_script) {
    if (std::optional<v1::ValidateResponse> unreadable = UnreadableScript(file)) return *std::move(unreadable);
    request.set_sql(file.text);
    request.set_name(file.name);
  } else {
    ASSIGN_OR_RETURN(*request.mutable_plan(), ReadPlan(file));
  }
  return client_.Validate(request);
}

absl::StatusOr<v1::Pipeline> ClientVerbs::CreateOrFind(v1::CreateRequest create, const v1::Plan& plan) {
  create.set_request_id(Random::FromSystem().Uuid());
  auto created = client_.Create(create);
  if (created.ok()) return created->pipeline();
  if (created.status().code() != absl::StatusCode::kAlreadyExists) return created.status();
  v1::GetRequest get;
  get.set_name(plan.name());
  ASSIGN_OR_RETURN(v1::GetResponse existing, client_.Get(get));
  if (google::protobuf::util::MessageDifferencer::Equals(existing.pipeline().plan(), plan)) return existing.pipeline();
  return created.status();
}

absl::StatusOr<v1::Pipeline> ClientVerbs::StartPatiently(const v1::StartRequest& request) {
  absl::Duration asked = environment_.clock->Monotonic();
  absl::Duration give_up = asked + environment_.slot_patience;
  bool told = false;
  while (true) {
    auto started = client_.Start(request);
    if (started.ok()) return started->pipeline();
    bool retry = started.status().code() == absl::StatusCode::kResourceExhausted;
    if (!retry || environment_.clock->Monotonic() >= give_up || environment_.interrupts() > 0) return started.status();
    // A worker that has just been started joins within a moment, which is not worth a word.
    bool tell = environment_.clock->Monotonic() - asked >= environment_.slot_patience / 10;
    if (tell && !std::exchange(told, true)) {
      *environment_.err << "waiting for slots, up to " << absl::FormatDuration(environment_.slot_patience) << std::endl;
    }
    Pause();
  }
}

int ClientVerbs::Follow(const v1::Pipeline& started) {
  const std::string& name = started.name();
  const std::string_view again = local_ == nullptr ? "; run again to resume" : "";
  *environment_.err << "running " << name << "  (Ctrl-C stops after a checkpoint" << again << ")" << std::endl;
  environment_.on_follow();
  std::pair<v1::PipelineState, std::string> shown;
  absl::Duration next_line;
  RateMeter rate;
  v1::Pipeline pipeline = started;
  while (true) {
    const absl::Duration now = environment_.clock->Monotonic();
    rate.Observe(now, pipeline.progress().records_in());
    pipeline.mutable_progress()->set_records_per_second(rate.PerSecond());
    const bool changed = shown != std::pair(pipeline.state(), pipeline.reason());
    if (changed && !pipeline.reason().empty() && !IsAtRest(pipeline.state())) {
      ShowLine(Cat(StateName(pipeline.state()), ": ", pipeline.reason()), /*stays=*/true);
    }
    if (changed || environment_.terminal || now >= next_line) {
      shown = {pipeline.state(), pipeline.reason()};
      next_line = now + kLogInterval;
      ShowLine(LiveLine(pipeline, environment_.clock->Now(), environment_.columns()), /*stays=*/!environment_.terminal);
    }
    if (IsAtRest(pipeline.state())) break;
    if (environment_.interrupts() > 0) return StopAfterCheckpoint(name);
    Pause();
    auto latest = GetPatiently(name);
    if (!latest.ok()) return Fail(latest.status());
    pipeline = *std::move(latest);
  }
  if (environment_.terminal) *environment_.err << "\n";
  bool ended_well = pipeline.state() == v1::PIPELINE_STATE_FINISHED || pipeline.state() == v1::PIPELINE_STATE_STOPPED;
  if (!ended_well) return FailedPipeline("run", pipeline);
  if (json_) *environment_.out << ToJson(pipeline) << std::endl;
  *environment_.err << name << " " << StateName(pipeline.state()) << " after checkpoint #" << pipeline.last_completed_epoch() << ": "
                    << WithCommas(pipeline.progress().records_committed()) << " rows committed" << std::endl;
  return kExitOk;
}

void ClientVerbs::ShowLine(const std::string& line, bool stays) {
  *environment_.err << (environment_.terminal ? "\r\033[K" : "") << line << (stays ? "\n" : "") << std::flush;
}

int ClientVerbs::StopAfterCheckpoint(const std::string& name) {
  *environment_.err << "\nstopping " << name << " with a checkpoint (Ctrl-C again: do not wait)" << std::endl;
  v1::StopRequest request;
  request.set_name(name);
  auto stopping = client_.Stop(request);
  if (!stopping.ok()) return Fail(stopping.status());
  while (environment_.interrupts() < 2) {
    auto pipeline = GetPatiently(name);
    if (!pipeline.ok()) return Fail(pipeline.status());
    if (!IsAtRest(pipeline->state())) {
      Pause();
      continue;
    }
    if (pipeline->state() != v1::PIPELINE_STATE_STOPPED && pipeline->state() != v1::PIPELINE_STATE_FINISHED) {
      return FailedPipeline("stop", *pipeline);
    }
    if (json_) *environment_.out << ToJson(*pipeline) << std::endl;
    *environment_.err << name << " " << StateName(pipeline->state()) << " after checkpoint #" << pipeline->last_completed_epoch()
                      << (local_ == nullptr ? "; run again to resume" : "") << std::endl;
    return kExitOk;
  }
  *environment_.err << name << " goes on stopping; see `millrace get " << name << "`" << std::endl;
  return kExitFailed;
}

absl::StatusOr<v1::Pipeline> ClientVerbs::WaitForState(const std::string& name, bool until_running, absl::Duration timeout) {
  environment_.on_follow();
  absl::Duration deadline = environment_.clock->Monotonic() + timeout;
  while (true) {
    ASSIGN_OR_RETURN(v1::Pipeline pipeline, GetPatiently(name));
    if (IsAtRest(pipeline.state()) || (until_running && pipeline.state() == v1::PIPELINE_STATE_RUNNING)) return pipeline;
    if (environment_.clock->Monotonic() >= deadline) {
      return absl::DeadlineExceededError(Cat("wait for ", name, ": still ", StateName(pipeline.state()), " after ",
                                             absl::FormatDuration(timeout), pipeline.reason().empty() ? "" : ": ", pipeline.reason(),
                                             "; it goes on, see `millrace get ", name, "`, or wait longer with --timeout"));
    }
    if (environment_.interrupts() > 0) return absl::CancelledError(Cat("wait for ", name, ": interrupted; it goes on by itself"));
    Pause();
  }
}

absl::StatusOr<v1::Pipeline> ClientVerbs::GetPatiently(const std::string& name) {
  v1::GetRequest request;
  request.set_name(name);
  const absl::Duration give_up = environment_.clock->Monotonic() + kPatience;
  for (bool first = true;; first = false) {
    auto answer = client_.Get(request);
    if (answer.ok()) return answer->pipeline();
    bool retry = answer.status().code() == absl::StatusCode::kUnavailable || answer.status().code() == absl::StatusCode::kDeadlineExceeded;
    if (!retry || environment_.clock->Monotonic() >= give_up || environment_.interrupts() > 0) return answer.status();
    if (first) ShowLine(Cat("the coordinator does not answer; waiting up to ", absl::FormatDuration(kPatience)), true);
    Pause();
  }
}

void ClientVerbs::Pause() { std::this_thread::sleep_for(absl::ToChronoMilliseconds(environment_.poll_interval)); }

}  // namespace millrace
