#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/blob_store.h"
#include "connectors/catalog.h"
#include "connectors/row_files/epoch_log.h"
#include "connectors/row_files/row_files.h"
#include "connectors/sink.h"

namespace millrace {

// Commits epochs of one sink: each is one entry of the sink's log, which names its files.
//
//   | seen                                     | then
//   | last entry ≥ epoch, this epoch is there  | same files: success; others: DataLoss; a fence: Aborted
//   | last entry ≥ epoch, this epoch is not    | Aborted: it was fenced off
//   | put the next entry: created              | publish, success
//   | put the next entry: exists               | read it, start over behind it
//   | put the next entry: unknown              | look; nothing there: the same put again; else start over
// A file is published by putting its bytes under its own name, if that is absent, and then deleting the staged one, so
// that it can be done again at any time: what is not staged any more was published. Whoever opens the log publishes
// what its last entry names before adding another, so that all of an epoch is seen before anything of the next.
//
// Owns:    what it knows of the log.
// Thread:  IoPool, one call at a time.
// Blocks:  yes.
// Fails:   as Committer. FailedPrecondition also if other files stand there than the request's.
class RowFilesCommitter final : public Committer {
 public:
  RowFilesCommitter(RowFilesOptions options, std::shared_ptr<BlobStore> store);
  absl::StatusOr<CommitReceipt> Commit(const CommitRequest& request) override;
  absl::StatusOr<CommitReceipt> Fence(Generation generation, Epoch epoch, std::string_view table_id) override;

 private:
  struct Attempt;
  absl::StatusOr<CommitReceipt> Drive(Attempt& attempt);
  absl::StatusOr<CommitReceipt> DriveOnce(Attempt& attempt, bool* again);
  // The log is at or past the epoch: finds out by whom it was moved.
  absl::StatusOr<CommitReceipt> ResolveLogged(const Attempt& attempt);
  absl::Status CheckStaged(const Attempt& attempt) const;
  absl::Status PublishLast();
  absl::Status PublishFile(const storage::v1::RowFile& file) const;

  const RowFilesOptions options_;
  const std::shared_ptr<BlobStore> store_;
  EpochLog log_;
  // The entry that is known to be published.
  uint64_t published_ = 0;
};

// Looks after what stands at the root of a sink's store. With `publish` it has an identity; without, it is only where
// results of one run lie.
//
// Thread:  IoPool.
class RowFilesCatalog final : public SinkCatalog {
 public:
  RowFilesCatalog(RowFilesOptions options, std::shared_ptr<BlobStore> store);
  absl::StatusOr<std::string> Prepare(const CommitIdentity& identity, std::string_view table_id) override;
  absl::StatusOr<Epoch> LastCommitted(const CommitIdentity& identity) override;
  absl::StatusOr<std::vector<EpochInTable>> CommittedAfter(const CommitIdentity& identity, std::string_view table_id,
                                                           Epoch after) override;

 private:
  const RowFilesOptions options_;
  const std::shared_ptr<BlobStore> store_;
};

// FailedPrecondition unless the identity of what stands there is `expected`; empty: any.
absl::Status CheckRowFilesId(BlobStore& store, const RowFilesOptions& options, std::string_view expected);

}  // namespace millrace
