// What `run` does with a script of SQL.
#include <ostream>
#include <utility>

#include "base/error.h"
#include "base/macros.h"
#include "base/random.h"
#include "coordinator/sql/compiler.h"
#include "coordinator/sql/parser.h"
#include "coordinator/sql/utf8.h"
#include "server/cli/client_verbs.h"
#include "server/cli/exit_code.h"
#include "server/cli/pipeline_text.h"
#include "server/cli/result_printer.h"
#include "server/grpc_status.h"
#include "server/proto_json.h"
#include "server/script_messages.h"

namespace millrace {
namespace {

std::string Counted(int mistakes) { return Cat(mistakes, mistakes == 1 ? " mistake" : " mistakes"); }

}  // namespace

int ClientVerbs::RunScript(const PipelineFile& file, bool detach, uint32_t parallelism) {
  auto checked = ValidateFile(file);
  if (!checked.ok()) return Fail(checked.status());
  if (!checked->diagnostics().empty()) return FailScript("run", file, *checked);
  v1::Script script = checked->script();
  PrintResults(file, script);
  if (!script.has_plan()) {
    if (script.results().empty()) TellThereIsNothingToRun(file);
    return kExitOk;
  }
  v1::CreateRequest create;
  create.set_sql(file.text);
  create.set_name(file.name);
  const bool select = !script.columns().empty();
  if (select) {
    // Each run of a SELECT is a pipeline of its own: nothing that it wrote is gone on with.
    create.set_name(Cat(script.plan().name().substr(0, 54), "-", Random::FromSystem().Uuid().substr(0, 8)));
    v1::ValidateRequest again;
    again.set_sql(create.sql());
    again.set_name(create.name());
    auto named = client_.Validate(again);
    if (!named.ok()) return Fail(named.status());
    script = named->script();
  }
  auto pipeline = CreateAndStart(create, script.plan(), parallelism);
  if (!pipeline.ok()) return Fail(pipeline.status());
  if (detach) {
    Print(*pipeline, pipeline->name() + "\n");
    return kExitOk;
  }
  return select ? FollowSelect(*pipeline, script) : Follow(*pipeline);
}

int ClientVerbs::FailScript(std::string_view verb, const PipelineFile& file, const v1::ValidateResponse& response) {
  const std::string message = Cat(verb, " ", file.path, ": the script has ", Counted(response.diagnostics_size()));
  if (json_) {
    *environment_.err << ErrorJson(WithDiagnostics(
                             InvalidArgument(message),
                             {response.diagnostics().begin(), response.diagnostics().end()}))
                      << std::endl;
    return kExitFailed;
  }
  *environment_.err << "millrace: " << message << "\n";
  for (const v1::Diagnostic& diagnostic : response.diagnostics()) {
    *environment_.err << file.path << ":" << diagnostic.excerpt() << "\n";
  }
  *environment_.err << std::flush;
  return kExitFailed;
}

void ClientVerbs::TellThereIsNothingToRun(const PipelineFile& file) {
  *environment_.err << file.path << ": nothing would run: it has neither an INSERT nor a SELECT" << std::endl;
}

// What cannot travel to a coordinator as text, or is longer than one reads, is told here.
std::optional<v1::ValidateResponse> ClientVerbs::UnreadableScript(const PipelineFile& file) {
  if (!file.text.empty() && file.text.size() <= sql::kMaxScriptBytes && sql::IsUtf8(file.text)) return std::nullopt;
  v1::ValidateResponse response;
  for (v1::Diagnostic& diagnostic : SqlDiagnostics(sql::Compile(file.text, {}).diagnostics, file.text)) {
    *response.add_diagnostics() = std::move(diagnostic);
  }
  return response;
}

void ClientVerbs::PrintNotes(const PipelineFile& file, const v1::Script& script) {
  for (const v1::Diagnostic& note : script.notes()) {
    *environment_.err << file.path << ":" << note.line() << ":" << note.column() << ": note: " << note.message() << "\n";
  }
}

void ClientVerbs::PrintResults(const PipelineFile& file, const v1::Script& script) {
  PrintNotes(file, script);
  bool first = true;
  for (const v1::StatementResult& result : script.results()) {
    if (!json_ && !std::exchange(first, false)) *environment_.out << "\n";
    *environment_.out << StatementResultText(result, json_);
  }
  if (!json_ && !first && script.has_plan()) *environment_.out << "\n";
  *environment_.out << std::flush;
}

int ClientVerbs::FollowSelect(const v1::Pipeline& started, const v1::Script& script) {
  environment_.on_follow();
  RowPrinter printer(environment_.out, {script.columns().begin(), script.columns().end()}, json_, !script.bounded());
  v1::FetchResultsRequest request;
  request.set_name(started.name());
  const auto print_new = [&]() -> absl::Status {
    for (;;) {
      ASSIGN_OR_RETURN(v1::FetchResultsResponse response, client_.FetchResults(request));
      if (response.lines().empty()) return absl::OkStatus();
      request.set_cursor(response.cursor());
      RETURN_IF_ERROR(printer.Add(response.lines()));
    }
  };
  std::string told;
  for (;;) {
    auto pipeline = GetPatiently(started.name());
    if (!pipeline.ok()) return Fail(pipeline.status());
    const bool ended = IsAtRest(pipeline->state());
    // What was committed before the pipeline was looked at is there by now.
    if (absl::Status printed = print_new(); !printed.ok()) return Fail(printed);
    if (ended) {
      const bool well = pipeline->state() == v1::PIPELINE_STATE_FINISHED ||
                        pipeline->state() == v1::PIPELINE_STATE_STOPPED ||
                        (pipeline->state() == v1::PIPELINE_STATE_CANCELLED && environment_.interrupts() > 0);
      if (well) {
        printer.End();
        return kExitOk;
      }
      return Fail(Internal("run ", pipeline->name(), ": it ended as ", StateName(pipeline->state()),
                           pipeline->reason().empty() ? "" : ": ", pipeline->reason()));
    }
    if (!pipeline->reason().empty() && std::exchange(told, pipeline->reason()) != pipeline->reason()) {
      *environment_.err << StateName(pipeline->state()) << ": " << pipeline->reason() << std::endl;
    }
    if (environment_.interrupts() > 0) {
      v1::CancelRequest cancel;
      cancel.set_name(started.name());
      // It may have ended meanwhile; what it is is looked at again.
      auto cancelled = client_.Cancel(cancel);
      if (!cancelled.ok() && environment_.interrupts() > 1) return Fail(cancelled.status());
    }
    Pause();
  }
}

}  // namespace millrace
