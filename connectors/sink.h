#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "base/ids.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace {

// Rows that a sink let go of before its epoch ended. Whoever took it runs it once, on the IoPool, parts of one sink one
// at a time in the order in which they were taken, before the StagedEpoch of the next Seal.
class StagedPart {
 public:
  virtual ~StagedPart() = default;
  // The rows are durable when this returns, and still invisible. What names them is kept for that StagedEpoch.
  virtual absl::Status Persist() = 0;
};

// What one sink subtask has sealed in one epoch, not yet durable. IoPool, once; may outlive the epoch's abort.
class StagedEpoch {
 public:
  virtual ~StagedEpoch() = default;
  // Everything that Commit will ever need is durable when this returns. Versioned bytes; empty: nothing was written.
  virtual absl::StatusOr<std::string> Persist() = 0;
};

// Writes rows of one subtask. Nothing becomes visible before a Committer commits what this has staged.
//
// Owns:    its buffers. One per sink subtask.
// Thread:  task thread.
// Blocks:  never: encoding and writing are for the IoPool, with StagedPart and StagedEpoch.
// Fails:   InvalidArgument: rows do not fit the table.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual absl::Status Write(const arrow::RecordBatch& rows) = 0;
  // A full buffer's rows, to be written before the epoch ends; with `all`, as memory is short, whatever is buffered.
  // Null: none. The epoch that the next Seal seals names them, so that they are as exact as the others.
  virtual std::unique_ptr<StagedPart> TakePart(bool /*all*/) { return nullptr; }
  // Seals what was written since the last Seal. Cheap. Null: nothing was.
  virtual absl::StatusOr<std::unique_ptr<StagedEpoch>> Seal(Epoch epoch) = 0;
  // Of rows written since the last Seal, those that were taken as parts included.
  virtual uint64_t buffered_bytes() const = 0;
};

// Who commits, and what.
struct CommitIdentity {
  std::string pipeline;
  std::string sink_uid;
  std::string lineage;
};
struct CommitRequest {
  Generation generation;
  Epoch epoch;
  // All subtasks', of this epoch.
  std::span<const storage::v1::Committable> committables;
  // Where the sources stood at the barrier: written beside the data, for people.
  std::span<const storage::v1::SourceState> positions;
  // The identity that SinkCatalog::Prepare returned; empty: not known. FailedPrecondition if the table is another one.
  std::string table_id = {};
  // Reads every staged file and compares it with what was staged: DataLoss if it is damaged. Without, sizes only.
  bool verify = false;
};
struct CommitReceipt {
  bool duplicate = false;      // it was there already
  uint64_t table_version = 0;  // 0 if nothing had to be written
  uint64_t num_rows = 0;
  // Bytes of every file that was made visible.
  std::vector<uint64_t> file_bytes = {};
  // Versions of the table that other writers won meanwhile.
  uint32_t num_conflicts = 0;
};

// Makes staged epochs visible, exactly once each, in ascending order of epochs.
//
// Thread:  IoPool.
// Blocks:  yes.
// Fails:   Unavailable: the outcome may be unknown; call again with the same request. Aborted: a newer epoch or
//          generation owns the table; stop. FailedPrecondition, DataLoss: a person must look.
// Idempotent, and works in a process that never saw Write. An epoch without rows writes nothing.
class Committer {
 public:
  virtual ~Committer() = default;
  virtual absl::StatusOr<CommitReceipt> Commit(const CommitRequest& request) = 0;
  // A marker without data at `epoch`, so that no epoch up to it can be committed any more. `table_id` as in
  // CommitRequest.
  virtual absl::StatusOr<CommitReceipt> Fence(Generation generation, Epoch epoch, std::string_view table_id = {}) = 0;
};

}  // namespace millrace
