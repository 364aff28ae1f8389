#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "base/event_time.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace {

// Immutable, shared between threads, moved not copied.
using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// Consecutive rows of a batch that came from consecutive records of one split: what was no row between them, such as a
// bad or dropped record or the mark of a transaction, begins a new run. `split` is an index into Source::splits().
struct SplitRun {
  int split = 0;
  int64_t num_rows = 0;
  int64_t first_position = 0;  // of its first row; the position of the next one is one more
};

// One more row: a run goes on, or begins.
inline void AddToRuns(int split, int64_t position, std::vector<SplitRun>& runs) {
  if (runs.empty() || runs.back().split != split || runs.back().first_position + runs.back().num_rows != position) {
    runs.push_back({.split = split, .first_position = position});
  }
  ++runs.back().num_rows;
}

// Good records of one split that are no rows, for nobody wants them (SourceSpec::record_filter).
struct DroppedRecords {
  int split = 0;
  int64_t num_records = 0;
  // Their highest event time. kNoWatermark: none of them has one.
  EventTimeMicros newest = kNoWatermark;
};

// One more record that is no row. `time`: its event time, or kNoWatermark.
inline void AddToDropped(int split, EventTimeMicros time, std::vector<DroppedRecords>& dropped) {
  auto same =
      std::find_if(dropped.rbegin(), dropped.rend(), [&](const DroppedRecords& own) { return own.split == split; });
  DroppedRecords& own = same == dropped.rend() ? dropped.emplace_back(DroppedRecords{.split = split}) : *same;
  ++own.num_records;
  own.newest = std::max(own.newest, time);
}

// A record that could not be decoded, by its place among the records that a batch holds of its split.
struct BadRecord {
  int split = 0;
  int64_t num_before = 0;  // records of the split that stand before it in the batch, good or bad
  int64_t position = 0;
  std::string reason;  // without anything of the record itself, so that like ones can be counted
};

// What one Poll read.
struct SourceBatch {
  // Columns of the source's decoded schema. May have no rows.
  BatchPtr rows;
  // Which rows came from which split; covers `rows`.
  std::vector<SplitRun> runs;
  // Position of each row, of a source whose positions are not numbers of records: bytes of a file. It need not begin
  // new runs. Empty: runs tell.
  std::vector<int64_t> positions = {};
  // At most one of each split.
  std::vector<DroppedRecords> dropped = {};
  // Records that could not be decoded, in the envelope's schema (connectors/dead_letter.h). Null: none.
  BatchPtr dead_letters;
  // The same records, in the same order.
  std::vector<BadRecord> bad_records = {};
  // Records and payload bytes read, bad and dropped ones included.
  int64_t num_records = 0;
  int64_t num_bytes = 0;
};

// Where one split stands, just after the last batch that Poll returned.
struct SplitProgress {
  std::string id;             // "<topic, or what stands for one>/<number>"; of a file its path
  bool is_file = false;       // positions are bytes
  int64_t position = 0;       // next record to read
  int64_t end_position = -1;  // exclusive; -1: unbounded
  bool at_end = false;        // the reader stands at the split's end: nothing is there to be read now
  bool finished = false;      // bounded, and its end was reached: no record will follow
  int64_t lag = -1;           // records up to the end, -1: unknown
  std::string fingerprint;    // the connector's proof of identity
  // When the broker took the last record that was read, in ms of the epoch; -1: unknown.
  int64_t last_record_ms = -1;
};

// Reads splits. Knows nothing of barriers, watermarks and subtasks.
//
// Owns:    its client. Borrows the waker.
// Thread:  task thread only; the waker is called from any.
// Blocks:  never after Open (IoPool).
// Fails:   Unavailable: Poll again, later. DataLoss: records are gone or the outside is not what it was.
//          InvalidArgument: the plan.
class Source {
 public:
  virtual ~Source() = default;
  // IoPool. Starts reading every split at its position. `system_id` is what the catalog said; another system is
  // DataLoss. `wake` tells the task that there is more to poll.
  virtual absl::Status Open(std::span<const storage::v1::SplitState> splits, std::string_view system_id,
                            std::function<void()> wake) = 0;
  // Task thread. A split that was found while running.
  virtual absl::Status AddSplits(std::span<const storage::v1::SplitState> splits) = 0;
  // Nothing there: nullopt, and `wake` is called when there is.
  virtual absl::StatusOr<std::optional<SourceBatch>> Poll() = 0;
  // In the order in which splits were added; indices are stable.
  virtual std::span<const SplitProgress> splits() const = 0;
  // The checkpoint is complete; positions may be told to lag tools. Best effort.
  virtual void OnCheckpointComplete(std::span<const storage::v1::SplitState> splits) = 0;
  virtual void Close() = 0;
};

}  // namespace millrace
