#include "coordinator/pipeline_probe.h"

#include <algorithm>

#include "coordinator/pipeline_state.h"

namespace millrace {
namespace {

using observed::CheckpointResult;
using observed::RestartReason;

constexpr const char* NameOf(RestartReason reason) {
  switch (reason) {
    case RestartReason::kWorkerLost:
      return "worker_lost";
    case RestartReason::kSubtask:
      return "subtask";
    case RestartReason::kCheckpoint:
      return "checkpoint";
    case RestartReason::kOther:
      return "other";
  }
  return "other";
}

constexpr const char* NameOf(CheckpointResult result) {
  switch (result) {
    case CheckpointResult::kCompleted:
      return "completed";
    case CheckpointResult::kFailed:
      return "failed";
    case CheckpointResult::kExpired:
      return "expired";
    case CheckpointResult::kAborted:
      return "aborted";
  }
  return "failed";
}

// There are no savepoints yet.
constexpr char kKind[] = "checkpoint";

}  // namespace

PipelineProbe::PipelineProbe(Metrics* metrics, const Clock* clock, const std::string& pipeline, const v1::Plan& plan,
                             v1::PipelineState state, absl::Duration checkpoint_interval)
    : metrics_(metrics),
      clock_(clock),
      pipeline_(pipeline),
      scope_(metrics, {{"pipeline", pipeline}}),
      recovery_seconds_(scope_.AddHistogram(
          "millrace_pipeline_recovery_seconds",
          "From the failure of a deployment until all subtasks of the next one run, state restored.",
          CheckpointSecondsBuckets())),
      checkpoint_seconds_(
          scope_.AddHistogram("millrace_checkpoint_duration_seconds",
                              "From the trigger of a completed checkpoint to the last subtask's answer.",
                              CheckpointSecondsBuckets(), {{"kind", kKind}})),
      commit_seconds_(scope_.AddHistogram("millrace_checkpoint_phase_seconds",
                                          "Parts of a checkpoint; all but commit per subtask.", PhaseSecondsBuckets(),
                                          {{"phase", "commit"}})),
      in_progress_(scope_.AddGauge("millrace_checkpoints_in_progress",
                                   "Checkpoints that were triggered and are not yet committed.")),
      consecutive_failures_(scope_.AddGauge("millrace_checkpoint_consecutive_failures",
                                            "Checkpoints that failed or expired since the last completed one.")),
      state_(state),
      counted_until_(clock->Monotonic()) {
  for (const v1::Node& node : plan.nodes()) {
    operators_.push_back(node.uid());
    if (node.has_sink()) sinks_.emplace(node.uid(), MakeSink(node.uid()));
  }
  for (int i = v1::PIPELINE_STATE_CREATED; i <= v1::PIPELINE_STATE_CANCELLED; ++i) {
    auto each = static_cast<v1::PipelineState>(i);
    Labels labels = {{"state", std::string(StateName(each))}};
    in_state_[each] = scope_.AddGauge("millrace_pipeline_state", "1 for the state that the pipeline is in.", labels);
    in_state_[each]->Set(each == state ? 1 : 0);
    state_seconds_[each] = scope_.AddCounter("millrace_pipeline_state_seconds_total",
                                             "Time that the pipeline has spent in each state.", labels);
  }
  for (RestartReason reason :
       {RestartReason::kWorkerLost, RestartReason::kSubtask, RestartReason::kCheckpoint, RestartReason::kOther}) {
    restarts_[reason] = scope_.AddCounter("millrace_pipeline_restarts_total", "Restarts after a failure.",
                                          {{"reason", NameOf(reason)}});
  }
  for (CheckpointResult result : {CheckpointResult::kCompleted, CheckpointResult::kFailed, CheckpointResult::kExpired,
                                  CheckpointResult::kAborted}) {
    checkpoints_[result] = scope_.AddCounter("millrace_checkpoints_total", "Checkpoints that have ended.",
                                             {{"kind", kKind}, {"result", NameOf(result)}});
  }
  scope_.AddGauge("millrace_checkpoint_interval_seconds", "Configured time between two checkpoints.")
      ->Set(absl::ToDoubleSeconds(checkpoint_interval));
}

PipelineProbe::SinkSeries PipelineProbe::MakeSink(const std::string& uid) {
  Labels labels = {{"sink", uid}};
  SinkSeries sink;
  sink.records = scope_.AddCounter("millrace_sink_records_total", "Records that were committed.", labels);
  sink.bytes = scope_.AddCounter("millrace_sink_bytes_total", "Bytes of files that were committed.", labels);
  sink.files = scope_.AddCounter("millrace_sink_files_total", "Files that were committed.", labels);
  sink.file_bytes =
      scope_.AddHistogram("millrace_sink_file_size_bytes", "Sizes of committed files.", FileSizeBuckets(), labels);
  for (const char* result : {"ok", "conflict_retried", "duplicate_skipped", "failed"}) {
    sink.commits[result] =
        scope_.AddCounter("millrace_sink_commits_total", "Attempts to commit an epoch, by what came of them.",
                          {{"sink", uid}, {"result", result}});
  }
  sink.commit_seconds =
      scope_.AddHistogram("millrace_sink_commit_seconds", "Time of a commit on its worker, retries included.",
                          CheckpointSecondsBuckets(), labels);
  sink.latency = scope_.AddHistogram("millrace_pipeline_end_to_end_latency_seconds",
                                     "How long the oldest row of a committed epoch may have waited since it was read.",
                                     CheckpointSecondsBuckets(), labels);
  sink.last_commit = nullptr;
  return sink;
}

void PipelineProbe::CountStateTime() {
  absl::Duration now = clock_->Monotonic();
  if (auto found = state_seconds_.find(state_); found != state_seconds_.end()) {
    found->second->Add(absl::ToDoubleSeconds(now - counted_until_));
  }
  counted_until_ = now;
}

void PipelineProbe::StateChanged(v1::PipelineState to) {
  CountStateTime();
  if (auto found = in_state_.find(state_); found != in_state_.end()) found->second->Set(0);
  if (auto found = in_state_.find(to); found != in_state_.end()) found->second->Set(1);
  if (to == v1::PIPELINE_STATE_RUNNING && failed_at_.has_value()) {
    recovery_seconds_->Observe(absl::ToDoubleSeconds(counted_until_ - *failed_at_));
  }
  if (to != v1::PIPELINE_STATE_RESTARTING) failed_at_.reset();
  state_ = to;
}

void PipelineProbe::Deployed(uint32_t parallelism) {
  deployment_ = std::make_unique<MetricScope>(metrics_, Labels{{"pipeline", pipeline_}});
  for (const std::string& uid : operators_) {
    deployment_
        ->AddGauge("millrace_pipeline_parallelism", "Subtasks of an operator that is deployed.", {{"operator", uid}})
        ->Set(parallelism);
  }
}

void PipelineProbe::Undeployed() { deployment_ = nullptr; }

void PipelineProbe::On(const observed::CheckpointEnded& ended) {
  checkpoints_.at(ended.result)->Add();
  switch (ended.result) {
    case CheckpointResult::kCompleted:
      num_failures_ = 0;
      break;
    case CheckpointResult::kFailed:
    case CheckpointResult::kExpired:
      ++num_failures_;
      break;
    case CheckpointResult::kAborted:
      break;
  }
  consecutive_failures_->Set(num_failures_);
  if (ended.result != CheckpointResult::kCompleted) return;
  if (last_completed_ == nullptr) {
    last_completed_ = scope_.AddGauge("millrace_checkpoint_last_completed_timestamp_seconds",
                                      "When the newest checkpoint was completed.");
    constexpr char kSize[] = "millrace_checkpoint_last_size_bytes";
    constexpr char kSizeHelp[] =
        "State in the newest completed checkpoint (full), and what of it was uploaded for it (incremental).";
    full_bytes_ = scope_.AddGauge(kSize, kSizeHelp, {{"scope", "full"}});
    incremental_bytes_ = scope_.AddGauge(kSize, kSizeHelp, {{"scope", "incremental"}});
  }
  last_completed_->Set(absl::ToDoubleSeconds(clock_->Now() - absl::UnixEpoch()));
  full_bytes_->Set(static_cast<double>(ended.state_bytes));
  incremental_bytes_->Set(static_cast<double>(ended.uploaded_bytes));
  checkpoint_seconds_->Observe(absl::ToDoubleSeconds(ended.took));
}

void PipelineProbe::On(const observed::SinkAnswered& answered) {
  auto found = sinks_.find(answered.result.sink_uid());
  if (found == sinks_.end()) return;
  SinkSeries& sink = found->second;
  const internal::v1::CommitResult& result = answered.result;
  sink.commit_seconds->Observe(static_cast<double>(result.took_micros()) * 1e-6);
  if (result.has_error()) {
    sink.commits.at("failed")->Add();
    return;
  }
  sink.commits.at(result.duplicate()           ? "duplicate_skipped"
                  : result.num_conflicts() > 0 ? "conflict_retried"
                                               : "ok")
      ->Add();
  // One that finds itself in the table is one whose first answer was lost: it counts now.
  sink.records->Add(static_cast<double>(result.num_rows()));
  sink.files->Add(result.file_bytes_size());
  for (uint64_t bytes : result.file_bytes()) {
    sink.bytes->Add(static_cast<double>(bytes));
    sink.file_bytes->Observe(static_cast<double>(bytes));
  }
  if (answered.oldest_row_waited.has_value()) sink.latency->Observe(absl::ToDoubleSeconds(*answered.oldest_row_waited));
  if (sink.last_commit == nullptr) {
    sink.last_commit = scope_.AddGauge("millrace_sink_last_commit_timestamp_seconds",
                                       "When the sink last committed rows.", {{"sink", result.sink_uid()}});
  }
  sink.last_commit->Set(absl::ToDoubleSeconds(clock_->Now() - absl::UnixEpoch()));
}

void PipelineProbe::On(const observed::EpochCommitted& committed) {
  commit_seconds_->Observe(absl::ToDoubleSeconds(committed.took));
  if (!committed.watermark_micros.has_value()) return;
  committed_watermark_micros_ = committed.watermark_micros;
  if (freshness_ != nullptr) return;
  freshness_ = scope_.AddGauge("millrace_pipeline_freshness_seconds",
                               "How far the event time up to which everything is committed lies behind now.");
}

void PipelineProbe::On(const observed::Restarting& restarting) {
  restarts_.at(restarting.reason)->Add();
  if (!failed_at_.has_value()) failed_at_ = clock_->Monotonic();
}

void PipelineProbe::Tick(bool checkpoint_in_progress) {
  CountStateTime();
  in_progress_->Set(checkpoint_in_progress ? 1 : 0);
  if (freshness_ == nullptr) return;
  absl::Duration age = clock_->Now() - absl::FromUnixMicros(*committed_watermark_micros_);
  freshness_->Set(absl::ToDoubleSeconds(std::max(age, absl::ZeroDuration())));
}

}  // namespace millrace
