#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/blob_store.h"
#include "base/ids.h"
#include "base/key_group.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace {

// Number of a table within a subtask's state. On disk: never renumber.
using TableId = uint16_t;

// Time bucket of a row: for windows the window's start in microseconds. Rows of tables without buckets use 0.
using Slice = int64_t;

// One write. `key` is the whole state key (state/state_key.h); an absent value deletes.
struct StateWrite {
  std::string_view key;
  std::optional<std::string_view> value;
};

// Called with whole state keys in ascending order; false ends the scan.
using StateVisitor = absl::FunctionRef<bool(std::string_view key, std::string_view value)>;

// The durable tier of one subtask's state: sorted rows [key group][table][slice][key] → value. Hot tables live with the
// operators and write what a barrier froze through it, in batches.
//
// Owns:    its directory, if any. One per stateful subtask.
// Thread:  one IoPool call at a time: the subtask's checkpoint pipeline keeps order. Never the task thread.
// Blocks:  yes.
// Fails:   Unavailable, ResourceExhausted, DataLoss: the task ends, the backend is wiped, the state restored. Never
//          resumed.
class StateBackend {
 public:
  virtual ~StateBackend() = default;

  // Once, before anything else, on an empty backend: takes from every handle the rows in the intersection of `range`
  // and the groups the handle is authoritative for, above the handle's slice floors. Checksums are verified: DataLoss
  // names the blob.
  virtual absl::Status Restore(std::span<const storage::v1::SnapshotHandle> handles, KeyGroupRange range, BlobStore& blobs) = 0;

  // Ascending by key, each key at most once.
  virtual absl::Status Write(std::span<const StateWrite> sorted) = 0;
  // Keys ascending. `values` gets one entry per key.
  virtual absl::Status MultiGet(std::span<const std::string_view> sorted_keys, std::vector<std::optional<std::string>>& values) = 0;
  // Rows of one key group and table, slices in [first, end).
  virtual absl::Status Scan(KeyGroup group, TableId table, Slice first, Slice end, StateVisitor visit) = 0;
  // Rows of `table` whose slice is below `floor` are gone: reads skip them at once, space returns in time. Floors only
  // rise.
  virtual absl::Status RaiseSliceFloor(TableId table, Slice floor) = 0;

  // Makes everything written so far durable in `blobs`; uploads only files that it has not uploaded before. `range` is
  // what the handle will be authoritative for.
  virtual absl::StatusOr<storage::v1::SnapshotHandle> Snapshot(Epoch epoch, KeyGroupRange range, BlobStore& blobs,
                                                               std::string_view blob_prefix) = 0;
  // Bytes that Snapshot has uploaded since the start.
  virtual uint64_t uploaded_bytes() const = 0;
};

// Makes one backend per stateful subtask.
class StateBackendFactory {
 public:
  virtual ~StateBackendFactory() = default;
  // `name` is unique in the process for the life of the backend; a directory of that name from an earlier life is
  // wiped.
  virtual absl::StatusOr<std::unique_ptr<StateBackend>> Make(std::string_view name) = 0;
};

}  // namespace millrace
