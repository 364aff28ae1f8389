#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/expression/evaluation_context.h"
#include "connectors/source.h"
#include "millrace/v1/plan.pb.h"
#include "worker/bad_record_window.h"
#include "worker/computed_columns.h"
#include "worker/failed_records.h"
#include "worker/stream_event.h"

namespace millrace {

// Where the partitions of a source stand, for gauges.
struct SourceFigures {
  struct Topic {
    void Add(const Topic& other);
    bool lag_is_known = true;
    int64_t lag = 0;  // records, of all partitions
    int64_t lag_max = 0;
    // When the broker took the record read last, of the partitions that have more; the oldest. -1: it is not known.
    int64_t oldest_record_ms = -1;
  };
  bool is_source = false;
  size_t num_splits = 0;
  size_t num_idle = 0;
  std::map<std::string, Topic> topics;
};

// A Source with event time: watermarks and idleness per split, and the lowest of them. The one place where source
// positions are taken.
//
// A split's watermark is its newest row minus the bound minus 1 ms (Flink's rule), never lower than restored. A split
// is idle only when the reader has stood at its end, without a row, for the idle time-out; while nobody polls, rows may
// be there that nobody has seen, and that time does not count. Finished splits leave the
// minimum; when all splits of a bounded source are finished, the final watermark is due.
//
// Owns:    the source.
// Thread:  task thread. Blocks: never.
class SourceInput {
 public:
  struct Options {
    std::string pipeline = {};
    std::string uid = {};
    std::string system_id = {};
    std::optional<v1::WatermarkSpec> watermark;
    std::optional<v1::BadRecordLimit> bad_record_limit;
    // Null: nothing is computed. Event time may be.
    std::shared_ptr<const ComputedColumns> computed;
    // As OperatorContext::seed.
    uint64_t seed = 0;
    // Somebody reads the source's dead letters.
    bool dead_letters_connected = false;
    // All splits of all subtasks have an end, and no new ones are looked for.
    bool bounded = false;
    // How much processing time lies between two watermarks, at least.
    absl::Duration watermark_interval;
  };
  SourceInput(std::unique_ptr<Source> source, const Clock* clock, Options options);

  // Task thread, after the source was opened with these splits.
  void Start(std::span<const storage::v1::SplitState> splits);
  absl::Status AddSplits(std::span<const storage::v1::SplitState> splits);

  // The next batch, or nothing now. Records for which a computed column has no value are bad ones like those that the
  // source could not decode. FailedPrecondition: too many bad records. InvalidArgument: one, and nobody reads dead
  // letters.
  absl::StatusOr<std::optional<SourceBatch>> Poll();
  // What is due after the last Poll: a watermark that has risen, or an idle mark.
  std::optional<StreamEvent> TakeTimeEvent();
  // When to look again although nothing was read: zero if never.
  absl::Duration next_check() const;

  // Bounded and completely read.
  bool finished() const;
  // Where every split stands: what a checkpoint holds.
  storage::v1::SourceState State() const;
  void OnCheckpointComplete(const storage::v1::SourceState& state);
  void Close() { source_->Close(); }
  // What the runs of the last batch count.
  std::span<const SplitProgress> splits() const { return source_->splits(); }
  int64_t lag() const;
  EventTimeMicros watermark() const { return emitted_; }
  // Of the last batch with rows, or good records that were dropped; kNoWatermark without event time.
  EventTimeMicros newest_event_time() const { return newest_event_time_; }
  SourceFigures figures() const;

 private:
  struct SplitTime {
    EventTimeMicros watermark = kNoWatermark;
    bool idle = false;
    absl::Duration quiet_since;  // monotonic
  };
  absl::Status Compute(SourceBatch& batch);
  absl::Status ObserveRecords(const SourceBatch& batch);
  absl::Status CountRecords(const SourceBatch& batch);
  void UpdateIdleness();

  const std::unique_ptr<Source> source_;
  const Clock* const clock_;
  const Options options_;
  EvaluationContext evaluation_;
  std::vector<SplitTime> times_;
  std::vector<storage::v1::SplitState> bounds_;  // ends and ids as assigned
  std::vector<BadRecordWindow> bad_records_;     // by split, if there is a limit
  std::optional<FailedRecords> failed_records_;  // if something is computed
  EventTimeMicros emitted_ = kNoWatermark;
  bool idle_emitted_ = false;
  EventTimeMicros newest_event_time_ = kNoWatermark;
  absl::Duration last_emission_;
  absl::Duration last_poll_;
};

}  // namespace millrace
