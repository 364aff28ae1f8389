#include "coordinator/file_leadership.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

constexpr char kRecord[] = "leadership";

}  // namespace

FileLeadership::~FileLeadership() {
  if (file_ >= 0) close(file_);
}

absl::StatusOr<Term> FileLeadership::Acquire() {
  if (file_ < 0) {
    int file = open(lock_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
      return FailedPrecondition("open lock file ", lock_path_, ": ", std::strerror(errno),
                                ": give the process a data directory that it may write");
    }
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
      int error = errno;
      close(file);
      return Unavailable("lock ", lock_path_, ": ",
                         error == EWOULDBLOCK ? "another coordinator leads" : std::strerror(error));
    }
    file_ = file;
  }
  absl::StatusOr<VersionedRecord> record = store_->Get(kRecord);
  if (!record.ok() && !absl::IsNotFound(record.status())) return record.status();
  uint64_t version = record.ok() ? record->version : 0;
  Term term(record.ok() ? std::strtoull(record->bytes.c_str(), nullptr, 10) + 1 : 1);
  absl::Status raised = store_->CompareAndSet(kRecord, version, std::to_string(term.value())).status();
  // A write whose outcome is unknown may have happened: the next try then takes the term after it.
  if (!raised.ok()) return Unavailable("raise the leader's term to ", term.value(), ": ", raised.message());
  return term;
}

}  // namespace millrace
