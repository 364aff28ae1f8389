#include "coordinator/file_leadership.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"

namespace millrace {
namespace {

constexpr char kRecord[] = "leadership";

}  // namespace

absl::StatusOr<Term> FileLeadership::Acquire() {
  if (lock_ == nullptr) {
    using Lock = absl::StatusOr<std::unique_ptr<FileLock>>;
    Lock lock = failpoint::Around("leadership.lock", [&] { return FileLock::TryAcquire(lock_path_); });
    if (absl::IsUnavailable(lock.status())) return Unavailable("lock ", lock_path_, ": another coordinator leads");
    if (absl::IsNotFound(lock.status())) {
      return FailedPrecondition(lock.status().message(), ": give the process a data directory that it may write");
    }
    if (!lock.ok()) return lock.status();
    lock_ = *std::move(lock);
  }
  absl::StatusOr<VersionedRecord> record = store_->Get(kRecord);
  if (!record.ok() && !absl::IsNotFound(record.status())) return record.status();
  uint64_t version = record.ok() ? record->version : 0;
  // Terms and versions rise together, from 1. The version is the store's word: the bytes may be damaged, and must not
  // take the term back.
  Term term(version + 1);
  absl::Status raised = failpoint::Around("leadership.raise", [&] {
    return store_->CompareAndSet(kRecord, version, std::to_string(term.value())).status();
  });
  // A write whose outcome is unknown may have happened: the next try then takes the term after it.
  if (!raised.ok()) return Unavailable("raise the leader's term to ", term.value(), ": ", raised.message());
  return term;
}

absl::Status FileLeadership::Confirm(Term term) {
  ASSIGN_OR_RETURN(VersionedRecord record, store_->Get(kRecord));
  // As in Acquire: the version is the term.
  if (record.version > term.value()) {
    return Aborted("confirm term ", term.value(), ": another coordinator leads, its term: ", record.version);
  }
  return absl::OkStatus();
}

}  // namespace millrace
