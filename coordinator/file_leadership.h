#pragma once

#include <memory>
#include <string>

#include "base/file_lock.h"
#include "coordinator/leadership.h"
#include "coordinator/metadata_store.h"

namespace millrace {

// Leads while it holds flock(2) on a file in the data directory; the kernel releases it when the process dies. The term
// is raised by compare-and-set on record "leadership", so that even a lock that fails to exclude cannot give two
// leaders the same term.
//
// Owns:    the lock; destruction gives leadership up. Borrows the store.
class FileLeadership final : public Leadership {
 public:
  FileLeadership(std::string lock_path, MetadataStore* store) : lock_path_(std::move(lock_path)), store_(store) {}
  absl::StatusOr<Term> Acquire() override;
  absl::Status Confirm(Term term) override;

 private:
  const std::string lock_path_;
  MetadataStore* const store_;
  std::unique_ptr<FileLock> lock_;
};

}  // namespace millrace
