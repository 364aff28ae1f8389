#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/blob_store.h"
#include "connectors/delta/delta_actions.h"

namespace millrace {

// A table's state at one version.
struct DeltaSnapshot {
  int64_t version = -1;  // -1: nothing loaded
  DeltaProtocol protocol;
  DeltaMetadata metadata;
  std::map<std::string, DeltaTxn> txns;   // by appId
  std::map<std::string, DeltaAdd> files;  // live, by path
  std::map<std::string, DeltaRemove> tombstones;
  // Version of the newest checkpoint that we know of; 0: none.
  int64_t checkpoint_version = 0;
  // Of the bytes of commit `version`, to know the table again; empty: only a checkpoint of that version was there.
  std::string commit_digest;

  // Applies the commit that follows, which is stored as `bytes`. DataLoss: version 0 lacks protocol or metaData.
  absl::Status Apply(int64_t commit_version, const DeltaCommit& commit, std::string_view bytes);
};

// FailedPrecondition unless `found`, the metaData.id of the table that is there, is `expected`; empty: any.
absl::Status CheckTableId(std::string_view found, std::string_view expected);

// Reads and appends to the log of one table.
//
// Owns:    nothing. Borrows the store.
// Thread:  IoPool, one at a time.
// Blocks:  yes.
// Fails:   NotFound: there is no table. Unavailable: retry; for Append the outcome is unknown. DataLoss: the log has a
//          hole or is damaged, or the table is gone. FailedPrecondition: the table uses what we cannot write, or is
//          another one than the snapshot's.
class DeltaLog {
 public:
  explicit DeltaLog(BlobStore* store) : store_(store) {}

  // Brings `snapshot` to the newest version: from the newest checkpoint if it is new, else by the commits that it
  // lacks. First it looks whether the snapshot's own version is still what it was, since the table may have been
  // deleted, or another one moved to its place, behind our back. After a failure the snapshot is at some older version
  // of the same table and valid.
  absl::Status Refresh(DeltaSnapshot* snapshot);
  // NotFound: there is no such version, or it was cleaned up.
  absl::StatusOr<DeltaCommit> ReadCommit(int64_t version);
  absl::StatusOr<PutResult> Append(int64_t version, const std::string& bytes);
  // Writes the checkpoint of this snapshot, reads it back, and points _last_checkpoint at it. Tombstones older than a
  // week are left out.
  absl::Status WriteCheckpoint(const DeltaSnapshot& snapshot, int64_t now_ms);

 private:
  absl::Status Load(DeltaSnapshot* snapshot);
  // Starts over at a newer checkpoint, because the commits before it were cleaned up.
  absl::Status LoadNewer(DeltaSnapshot* snapshot);
  // What _last_checkpoint says.
  struct Hint {
    int64_t version = 0;   // 0: none
    std::string checksum;  // of the checkpoint's bytes; empty: another writer's
  };
  absl::StatusOr<Hint> CheckpointHint();
  // The checkpoint of this version. DataLoss: it is damaged.
  absl::StatusOr<DeltaSnapshot> ReadCheckpoint(int64_t version, std::string_view checksum);
  // True: the log ends at `version`. DataLoss: a commit is missing, for a later one is there.
  absl::StatusOr<bool> EndsAt(int64_t version);
  // False: the snapshot's version was cleaned up, or the table is gone. FailedPrecondition: it is another table.
  absl::StatusOr<bool> Holds(const DeltaSnapshot& snapshot);
  absl::Status NotTheSame(const DeltaSnapshot& snapshot);

  BlobStore* const store_;
};

// "_delta_log/00000000000000000007.json".
std::string DeltaCommitName(int64_t version);
std::string DeltaCheckpointName(int64_t version);

}  // namespace millrace
