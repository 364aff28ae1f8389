#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "coordinator/pipeline_observation.h"
#include "millrace/v1/pipeline_service.pb.h"

namespace millrace {

// Shows one pipeline's life, checkpoints and commits.
//
// Owns:    the pipeline's series on the coordinator; they go with it. Borrows metrics (may be null) and clock.
// Thread:  the coordinator's executor.
class PipelineProbe {
 public:
  PipelineProbe(Metrics* metrics, const Clock* clock, const std::string& pipeline, const v1::Plan& plan, v1::PipelineState state,
                absl::Duration checkpoint_interval);

  void StateChanged(v1::PipelineState to);
  void Deployed(uint32_t parallelism);
  void Undeployed();
  void On(const observed::CheckpointEnded& ended);
  void On(const observed::SinkAnswered& answered);
  void On(const observed::EpochCommitted& committed);
  void On(const observed::Restarting& restarting);
  void On(const observed::Rewound&) {}
  // Every tick: what changes by time alone.
  void Tick(bool checkpoint_in_progress);

 private:
  struct SinkSeries {
    Counter* records;
    Counter* bytes;
    Counter* files;
    Histogram* file_bytes;
    std::map<std::string, Counter*> commits;  // by result
    Histogram* commit_seconds;
    Histogram* latency;
    Gauge* last_commit;
  };
  SinkSeries MakeSink(const std::string& uid);
  void CountStateTime();

  Metrics* const metrics_;
  const Clock* const clock_;
  const std::string pipeline_;
  std::vector<std::string> operators_;
  MetricScope scope_;
  std::unique_ptr<MetricScope> deployment_;

  std::map<v1::PipelineState, Gauge*> in_state_;
  std::map<v1::PipelineState, Counter*> state_seconds_;
  std::map<observed::RestartReason, Counter*> restarts_;
  std::map<observed::CheckpointResult, Counter*> checkpoints_;
  Histogram* const recovery_seconds_;
  Histogram* const checkpoint_seconds_;
  Histogram* const commit_seconds_;
  Gauge* const in_progress_;
  Gauge* const consecutive_failures_;
  Gauge* last_completed_ = nullptr;  // from the first one on, so that nobody reads 1970
  Gauge* full_bytes_ = nullptr;
  Gauge* incremental_bytes_ = nullptr;
  Gauge* freshness_ = nullptr;
  std::map<std::string, SinkSeries> sinks_;

  v1::PipelineState state_;
  absl::Duration counted_until_;
  std::optional<absl::Duration> failed_at_;
  double num_failures_ = 0;
  std::optional<int64_t> committed_watermark_micros_;
};

}  // namespace millrace
