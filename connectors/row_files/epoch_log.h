#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/blob_store.h"
#include "base/ids.h"
#include "millrace/storage/v1/row_files.pb.h"

namespace millrace {

// The log of what one sink of one lineage has committed: entries that are numbered from 1 without a gap, each put only
// if it is absent. Epochs ascend along it, since whoever puts entry N+1 has seen entry N. That makes it exact: an epoch
// is in it at most once, and behind an entry no lower epoch can come.
//
//   <prefix>/<number, 20 digits>     an EpochLogEntry with its checksum
//
// Owns:    what it knows of its end. Borrows nothing.
// Thread:  IoPool, one at a time.
// Blocks:  yes.
// Fails:   Unavailable: retry; for Append the outcome is unknown. DataLoss: an entry is damaged or gone.
class EpochLog {
 public:
  EpochLog(std::shared_ptr<BlobStore> store, std::string prefix) : store_(std::move(store)), prefix_(std::move(prefix)) {}

  // Looks for the newest entry.
  absl::Status Refresh();
  // Of the newest entry that Refresh or Append has seen; 0: there is none.
  uint64_t last() const { return last_; }
  const storage::v1::EpochLogEntry& last_entry() const { return last_entry_; }
  // Puts the entry behind the last one. kAlreadyExists: another stands there; refresh.
  absl::StatusOr<PutResult> Append(const storage::v1::EpochLogEntry& entry);
  // NotFound: there is no such entry (any more).
  absl::StatusOr<storage::v1::EpochLogEntry> Read(uint64_t number) const;
  // Numbers of all entries, ascending.
  absl::StatusOr<std::vector<uint64_t>> Numbers() const;
  // The entry is not needed any more. Never of the last one.
  absl::Status Remove(uint64_t number);

 private:
  std::string NameOf(uint64_t number) const;

  const std::shared_ptr<BlobStore> store_;
  const std::string prefix_;
  bool listed_ = false;
  uint64_t last_ = 0;
  storage::v1::EpochLogEntry last_entry_;
};

}  // namespace millrace
