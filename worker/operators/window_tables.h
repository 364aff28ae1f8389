#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "base/event_time.h"
#include "base/expression/tumbling_windows.h"
#include "base/key_bytes.h"
#include "base/key_group.h"
#include "state/state_backend.h"
#include "worker/operators/aggregate_table.h"
#include "worker/operator.h"
#include "worker/stream_event.h"

namespace millrace {

// The groups of all open windows: a table per time slice. What window_aggregate and local_combine have in common, and,
// with one slice, 0, for all time, group_aggregate and local_group. A distinct aggregate has a table besides, of the
// values that it has counted: key bytes of the group's key, then the value.
//
// Owns:    its tables.
// Thread:  confined to the task's.
// Fails:   InvalidArgument (permanent): a row without a time, or with one beyond ±2^62 µs; a batch of another schema.
class WindowTables {
 public:
  static absl::StatusOr<std::unique_ptr<WindowTables>> Make(const v1::WindowAggregate& window,
                                                            const std::shared_ptr<arrow::Schema>& input,
                                                            std::string uid);
  static absl::StatusOr<std::unique_ptr<WindowTables>> MakeForAllTime(const v1::GroupAggregate& group,
                                                                      const std::shared_ptr<arrow::Schema>& input,
                                                                      std::string uid);

  // Adds every row whose window has not passed `passed`; the others' numbers are appended to `refused`, ascending.
  absl::Status Add(const BatchPtr& rows, EventTimeMicros passed, std::vector<uint32_t>& refused);
  // Adds partial aggregates (PartialAggregateSchema). Internal if one is of a window that has passed `passed`.
  absl::Status AddPartials(const BatchPtr& partials, EventTimeMicros passed);
  // Adds one stored group, which does not become dirty.
  absl::Status AddStored(Slice slice, std::string_view key, std::string_view packed);
  // Adds a value that distinct aggregate `number` has counted, which does not become dirty.
  void AddStoredValue(Slice slice, size_t number, KeyGroup group, std::string_view key_and_value);
  // Makes the group of this key, if it is not there.
  void AddEmpty(Slice slice, std::string_view key);

  // Tables by the start of their window; those that end first pass first.
  std::map<Slice, std::unique_ptr<AggregateTable>>& tables() { return tables_; }
  size_t num_distinct() const { return distinct_.size(); }
  // What distinct aggregate `number` has counted, by slice. The word of a value has the key group of its group's key.
  std::map<Slice, std::unique_ptr<AggregateTable>>& values(size_t number) { return distinct_[number].values; }
  void Drop(Slice slice);
  void Clear();

  const AggregateLayout& layout() const { return layout_; }
  std::span<const int> key_columns() const { return key_columns_; }
  const std::shared_ptr<arrow::Schema>& input_schema() const { return input_schema_; }
  // PartialAggregateSchema of this window.
  const std::shared_ptr<arrow::Schema>& partial_schema() const { return partial_schema_; }
  // Which windows there are. A slice is the start of one.
  const TumblingWindows& windows() const { return windows_; }
  OperatorFigures figures() const;
  // Memory that the tables hold, roughly.
  uint64_t num_bytes() const { return num_bytes_; }

 private:
  // Rows of the current batch that belong to one slice.
  struct SliceRows {
    Slice slice;
    std::vector<uint32_t> rows;
  };

  // An aggregate that counts every value once.
  struct Distinct {
    AggregateCell cell;
    std::unique_ptr<KeyEncoder> encoder;  // keys, value
    std::map<Slice, std::unique_ptr<AggregateTable>> values;
    KeyRows rows;  // of the current batch
  };

  WindowTables() = default;
  absl::Status SetGroups(const google::protobuf::RepeatedPtrField<std::string>& keys,
                         const google::protobuf::RepeatedPtrField<v1::Aggregate>& aggregates,
                         const std::shared_ptr<arrow::Schema>& input);
  // Rows of one slice, whose groups are in groups_ and hashes_.
  void AddDistinct(const arrow::RecordBatch& batch, const SliceRows& rows, AggregateTable& table);
  AggregateTable& ValuesOf(Distinct& distinct, Slice slice);
  absl::Status AssignSlices(const BatchPtr& rows, EventTimeMicros passed, std::vector<uint32_t>& refused);
  SliceRows& RowsOf(Slice slice);
  AggregateTable& TableOf(Slice slice);
  // Looks up the groups of keys_[rows…] in `table`, into groups_, and marks them dirty.
  void FindGroups(std::span<const uint32_t> rows, AggregateTable& table);

  std::string uid_;
  std::shared_ptr<arrow::Schema> input_schema_;
  std::shared_ptr<arrow::Schema> partial_schema_;
  std::vector<int> key_columns_;
  int time_column_ = -1;
  TumblingWindows windows_;
  AggregateLayout layout_;
  std::unique_ptr<KeyEncoder> encoder_;
  std::unique_ptr<KeyEncoder> partial_encoder_;

  std::map<Slice, std::unique_ptr<AggregateTable>> tables_;
  const AggregateLayout value_layout_ = AggregateLayout::OfOneWord();
  std::vector<Distinct> distinct_;
  uint64_t num_bytes_ = 0;

  // Scratch of one call; kept for its memory.
  KeyRows keys_;
  std::vector<SliceRows> slice_rows_;
  size_t num_slices_ = 0;
  absl::flat_hash_map<Slice, size_t> slice_index_;
  std::vector<std::string_view> slice_keys_;
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> groups_;
};

// What a local_combine or local_group sends on port 1: the key columns as in the input, in key order, then "__slice"
// BIGINT NOT NULL (start of the window, local µs) and "__aggregates" BYTES NOT NULL (AggregateLayout's packed form).
// Keys are columns, so that an exchange keys both ports alike; here they are columns 0, 1, ….
absl::StatusOr<std::shared_ptr<arrow::Schema>> PartialAggregateSchema(
    const google::protobuf::RepeatedPtrField<std::string>& keys, const arrow::Schema& input);

}  // namespace millrace
