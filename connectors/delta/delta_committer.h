#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/type_fwd.h"
#include "base/blob_store.h"
#include "base/clock.h"
#include "connectors/delta/delta_log.h"
#include "connectors/sink.h"

namespace millrace {

struct DeltaCommitterOptions {
  CommitIdentity identity;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> partition_by;
  // For messages.
  std::string table_path;
  // Versions that others may win while one epoch is being committed.
  int max_lost_races = 200;
  // Answers that may be lost, per call, before the call is Unavailable.
  int max_unknown_outcomes = 4;
  // A checkpoint whenever the version passes a multiple of this.
  int64_t checkpoint_interval = 10;
};

// `millrace/<pipeline>/<sink uid>/<lineage>`. Frozen.
std::string DeltaAppId(const CommitIdentity& identity);
// A marker without rows, that Fence has written.
bool IsFence(const DeltaCommit& commit);

// Commits epochs into one Delta table, each in one version with its own txn marker, which it checks inside the
// put-if-absent loop.
//
//   | seen                                          | then
//   | txn[appId] ≥ epoch, this epoch is in the log  | same content: success; other content: DataLoss; a fence: Aborted
//   | txn[appId] > epoch, this epoch is not         | Aborted: it was fenced off
//   | put N+1: created                              | success
//   | put N+1: exists                               | read it, start over on top of it
//   | put N+1: unknown                              | read N+1; absent: the same put again; else start over
// Nothing is ever deleted. Why it is exact: N+1 is tried only after the marker was seen as of N, and put-if-absent is
// atomic, so the markers of one appId strictly ascend in the log; hence an epoch is applied at most once. The
// checkpoint that keeps the committables until they are acknowledged gives at least once.
//
// Owns:    its snapshot of the table. Borrows the clock.
// Thread:  IoPool, one call at a time.
// Blocks:  yes.
// Fails:   as Committer; DataLoss also if a staged file is gone. FailedPrecondition also if it is another table than
//          the request's.
class DeltaCommitter final : public Committer {
 public:
  DeltaCommitter(DeltaCommitterOptions options, std::shared_ptr<BlobStore> store, const Clock* clock);
  ~DeltaCommitter() override;
  absl::StatusOr<CommitReceipt> Commit(const CommitRequest& request) override;
  absl::StatusOr<CommitReceipt> Fence(Generation generation, Epoch epoch, std::string_view table_id) override;

 private:
  struct Attempt;
  absl::StatusOr<CommitReceipt> Drive(Attempt& attempt);
  // The marker is at or past the epoch: finds out by whom it was moved.
  absl::StatusOr<CommitReceipt> ResolveMarked(const Attempt& attempt);
  absl::Status CheckTable(const Attempt& attempt);
  absl::Status CheckRows();
  absl::Status CheckFiles(const Attempt& attempt);
  void CheckpointIfDue(int64_t written_version);

  const DeltaCommitterOptions options_;
  const std::shared_ptr<BlobStore> store_;
  const Clock* const clock_;
  const std::string app_id_;
  DeltaLog log_;
  DeltaSnapshot snapshot_;
  // The table that the first call saw, which every call without an identity of its own must find again.
  std::string table_id_;
  // The schemaString that rows were last found to fit.
  std::string checked_schema_;
};

}  // namespace millrace
