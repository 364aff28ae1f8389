#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "worker/shuffle/channel.h"
#include "worker/subtask_probe.h"

namespace millrace {

// Shows the subtasks of one deployment on this worker, summed by operator, at every scrape and once more at the end.
//
// Owns:    its share of the pipeline's series. Borrows metrics (may be null) and clock.
// Thread:  any.
class DeploymentProbe {
 public:
  // What the deployment adds to figures of the whole worker.
  struct Held {
    uint64_t queued_bytes = 0;
    uint64_t queue_limit_bytes = 0;
  };
  DeploymentProbe(Metrics* metrics, const Clock* clock, const internal::v1::Deploy& plan);
  ~DeploymentProbe();

  std::shared_ptr<SubtaskProbe> AddSubtask(const internal::v1::Stage& stage);
  // An operator's input from an exchange.
  void AddChannel(const std::string& reader_uid, std::shared_ptr<const Channel> channel);
  Held Collect();

 private:
  struct OperatorSeries;
  struct SourceSeries;
  struct Measured {
    std::vector<std::string> uids;
    std::shared_ptr<SubtaskProbe> probe;
    std::vector<ChainNodeFigures> shown;
    absl::Duration shown_at;
  };
  OperatorSeries& SeriesOf(const std::string& uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ShowSources() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock* const clock_;
  Metrics* const metrics_;
  const std::string pipeline_;
  // By operator: somebody reads its output beside the main one. Late rows count as dead letters only then.
  std::map<std::string, bool> side_is_read_;

  Mutex mutex_;
  MetricScope scope_ ABSL_GUARDED_BY(mutex_);
  Counter* const stalled_seconds_;
  std::map<std::string, std::unique_ptr<OperatorSeries>> operators_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, std::string>, std::unique_ptr<SourceSeries>> sources_ ABSL_GUARDED_BY(mutex_);  // uid, topic
  std::vector<Measured> subtasks_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<std::string, std::shared_ptr<const Channel>>> channels_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
