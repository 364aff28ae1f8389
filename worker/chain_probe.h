#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/type_fwd.h"
#include "base/clock.h"
#include "base/event_time.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/operator.h"

namespace millrace {

// What one operator of one subtask has done since it was deployed, and holds.
struct ChainNodeFigures {
  uint64_t records_in = 0;
  uint64_t bytes_in = 0;
  uint64_t records_out = 0;
  uint64_t bytes_out = 0;
  uint64_t late_records = 0;
  uint64_t failed_records = 0;  // an expression has no value for them
  // The three add up to the time since the deployment. Time in which its thread worked for other operators is idle.
  absl::Duration busy;
  absl::Duration idle;
  absl::Duration backpressured;
  EventTimeMicros watermark = kNoWatermark;  // sent last
  std::optional<int64_t> input_skew_micros;  // between the watermarks of its inputs
  OperatorFigures held;
  uint64_t uncommitted_bytes = 0;  // sinks: rows written, in memory or staged, whose epoch is not complete
};

// Measures a chain: where its batches and its time go. Adds to plain numbers per batch, which others read as of the
// last step.
//
//   step began ─► work in node 0 ─► batch into node 1 ─► … ─► step ended ─► waiting: idle, or backpressured (no credit)
//
// A node's time is its own: what the nodes behind it do while it hands a batch on is theirs.
//
// Thread:  the task's; figures() any.
class ChainProbe {
 public:
  // Batch seconds go to one histogram per node of the stage.
  ChainProbe(const internal::v1::Stage& stage, std::vector<Histogram*> batch_seconds, const Clock* clock);

  void StepBegan();
  void StepEnded(bool backpressured);
  // The source has read. Counts as the source's input.
  void Read(uint64_t records, uint64_t bytes);
  void Emitted(size_t node, uint32_t output, const arrow::RecordBatch& rows);
  void WatermarkSent(size_t node, EventTimeMicros time) { nodes_[node].figures.watermark = time; }
  void SinkHolds(size_t node, uint64_t buffered_bytes) { nodes_[node].buffered_bytes = buffered_bytes; }
  void SinkSeals(size_t node, Epoch epoch, uint64_t buffered_bytes);
  void EpochCompleted(Epoch epoch);
  void Holds(size_t node, const OperatorFigures& held) { nodes_[node].figures.held = held; }
  void InputsDiffer(size_t node, std::optional<int64_t> skew_micros) { nodes_[node].figures.input_skew_micros = skew_micros; }
  // True now and then, and whenever there is nothing else to do: ask operators what they hold.
  bool FiguresAreDue(bool is_waiting);

  // As of the end of the last step, and the waiting until now. By node of the stage.
  std::vector<ChainNodeFigures> figures() const;

  // Work of a node, from construction to destruction. Nests. A null probe measures nothing.
  class Work {
   public:
    Work(ChainProbe* probe, size_t node) : probe_(probe), outer_(probe == nullptr ? 0 : probe->Enter(node)) {}
    ~Work() {
      if (probe_ != nullptr) probe_->Enter(outer_);
    }
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;

   private:
    ChainProbe* const probe_;
    const size_t outer_;
  };
  // The same, for a batch that comes in.
  class BatchWork {
   public:
    BatchWork(ChainProbe* probe, size_t node, const arrow::RecordBatch& rows);
    ~BatchWork();
    BatchWork(const BatchWork&) = delete;
    BatchWork& operator=(const BatchWork&) = delete;

   private:
    ChainProbe* const probe_;
    const size_t node_;
    size_t outer_ = 0;
    absl::Duration busy_before_;
  };

 private:
  struct Node {
    ChainNodeFigures figures;
    Histogram* batch_seconds = nullptr;
    bool fires_windows = false;
    bool evaluates = false;
    uint64_t buffered_bytes = 0;
    std::map<Epoch, uint64_t> sealed_bytes;
    absl::Duration busy_at_step;
  };
  // Charges the time since the last change to the current node, and answers with it.
  size_t Enter(size_t node);
  void AddWaiting(absl::Duration now, std::vector<ChainNodeFigures>& figures) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock* const clock_;
  std::vector<Node> nodes_;
  size_t current_ = 0;
  absl::Duration since_;
  absl::Duration step_began_;
  absl::Duration figures_taken_;

  mutable Mutex mutex_;
  std::vector<ChainNodeFigures> published_ ABSL_GUARDED_BY(mutex_);
  bool is_waiting_ ABSL_GUARDED_BY(mutex_) = true;
  bool is_backpressured_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Duration waiting_since_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
