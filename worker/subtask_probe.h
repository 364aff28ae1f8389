#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/memory_account.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "connectors/source.h"
#include "worker/chain_probe.h"
#include "worker/source_input.h"

namespace millrace {

// Measures one subtask: its chain, what its source reads, and the phases of its checkpoints.
//
// Owns:    a share of its pipeline's series on this worker, which go with the last subtask. Borrows the clock.
// Thread:  the task's, but for figures, source_figures and OnClientError: any.
class SubtaskProbe {
 public:
  SubtaskProbe(Metrics* metrics, const std::string& pipeline, const internal::v1::Stage& stage, const Clock* clock);

  ChainProbe& chain() { return *chain_; }
  const ChainProbe& chain() const { return *chain_; }

  // Source subtasks.
  void Read(const SourceBatch& batch, EventTimeMicros newest);
  void OnClientError(std::string_view code);
  void SourceHolds(SourceFigures figures);
  SourceFigures source_figures() const;
  // It read nothing because its worker's memory of this kind is over budget.
  void HeldBack(MemoryKind kind, absl::Duration time);

  void BarrierTriggered(Epoch epoch);  // its worker was told
  void BarrierArrived(Epoch epoch);    // on the first channel, or at the source
  void BarrierPassed(absl::Duration alignment, absl::Duration sync);
  void Persisted(absl::Duration waited_and_wrote, absl::Duration uploaded);

 private:
  void CountDeadLetters(const arrow::RecordBatch& letters);

  const Clock* const clock_;
  const std::string source_;
  MetricScope scope_;
  std::unique_ptr<ChainProbe> chain_;
  Counter* source_records_ = nullptr;
  Counter* source_bytes_ = nullptr;
  Histogram* event_time_delay_ = nullptr;
  Counter* held_by_buffers_ = nullptr;
  Counter* held_by_snapshots_ = nullptr;
  Histogram* start_delay_;
  Histogram* alignment_;
  Histogram* sync_;
  Histogram* async_;
  Histogram* upload_;
  std::map<std::string, std::pair<Counter*, Counter*>, std::less<>> bad_records_;  // decode errors and dead letters, by reason
  std::map<Epoch, absl::Duration> triggered_;

  mutable Mutex mutex_;
  std::map<std::string, Counter*, std::less<>> client_errors_ ABSL_GUARDED_BY(mutex_);
  SourceFigures source_figures_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
