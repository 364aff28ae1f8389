#pragma once

#include <optional>
#include <string>

#include "server/cli/command_line.h"
#include "server/cli/pipeline_client.h"
#include "server/cli/script_file.h"
#include "server/local_cluster.h"

namespace millrace {

// The verbs that talk to a coordinator. Each returns the exit code of the process.
//
// Borrows: the environment and the client.
// Blocks:  until the verb is done; Run until the pipeline ends.
class ClientVerbs {
 public:
  // `local`: the cluster behind the client, if it has no worker yet; else null.
  ClientVerbs(const CliEnvironment* environment, PipelineClient* client, bool json, LocalCluster* local = nullptr)
      : environment_(*environment), client_(*client), json_(json), local_(local) {}

  // Creates the pipeline unless it exists with the same plan, starts it, and follows it. 0 = parallelism of the plan.
  // The file is a plan or a script; "-" is standard input.
  int Run(const std::string& path, bool detach, uint32_t parallelism);
  // `request`: with the pipeline's name.
  int Start(const v1::StartRequest& request, bool wait, absl::Duration timeout);
  int Stop(const std::string& name, bool drain, absl::Duration timeout);
  int Cancel(const std::string& name);
  // All pipelines if `name` is empty.
  int Get(const std::string& name);
  int Describe(const std::string& name);
  int Validate(const std::string& path);
  int Explain(const std::string& path);

 private:
  // Prints an error, with what is wrong with the plan, and returns its exit code. As JSON it is the last line of
  // stderr.
  int Fail(const absl::Status& status);
  // Mistakes of a script, as compilers print them.
  int FailScript(std::string_view verb, const PipelineFile& file, const v1::ValidateResponse& response);
  int RunPlan(const PipelineFile& file, bool detach, uint32_t parallelism);
  int RunScript(const PipelineFile& file, bool detach, uint32_t parallelism);
  // Creates the pipeline of `create` unless it exists with this plan, and starts it.
  absl::StatusOr<v1::Pipeline> CreateAndStart(const v1::CreateRequest& create, const v1::Plan& plan,
                                              uint32_t parallelism);
  void TellThereIsNothingToRun(const PipelineFile& file);
  // Diagnostics of a script that cannot be sent: it is empty, too long or not UTF-8.
  std::optional<v1::ValidateResponse> UnreadableScript(const PipelineFile& file);
  // What was accepted and has no effect, to stderr.
  void PrintNotes(const PipelineFile& file, const v1::Script& script);
  // Notes, and what SHOW, DESCRIBE, EXPLAIN and SET answer.
  void PrintResults(const PipelineFile& file, const v1::Script& script);
  // Prints the rows of a SELECT until it ends, or Ctrl-C, which cancels it.
  int FollowSelect(const v1::Pipeline& started, const v1::Script& script);
  void Print(const v1::Pipeline& pipeline, const std::string& text);
  absl::StatusOr<v1::Plan> ReadPlan(const PipelineFile& file);
  absl::StatusOr<v1::ValidateResponse> ValidateFile(const PipelineFile& file);
  absl::StatusOr<v1::Pipeline> CreateOrFind(v1::CreateRequest create, const v1::Plan& plan);
  // Start that outlasts a lack of slots by slot_patience.
  absl::StatusOr<v1::Pipeline> StartPatiently(const v1::StartRequest& request);
  // What `run`, `start` and `stop` answer for a pipeline that did not end as it should.
  int FailedPipeline(std::string_view verb, const v1::Pipeline& pipeline);
  int Follow(const v1::Pipeline& started);
  // Writes over the live line. `stays`: the next one goes below.
  void ShowLine(const std::string& line, bool stays);
  int StopAfterCheckpoint(const std::string& name);
  // Polls until the state is at rest, or RUNNING if `until_running`.
  absl::StatusOr<v1::Pipeline> WaitForState(const std::string& name, bool until_running, absl::Duration timeout);
  // Get that outlasts a coordinator that restarts: up to 30 s of Unavailable.
  absl::StatusOr<v1::Pipeline> GetPatiently(const std::string& name);
  void Pause();

  const CliEnvironment& environment_;
  PipelineClient& client_;
  const bool json_;
  LocalCluster* const local_;
};

}  // namespace millrace
