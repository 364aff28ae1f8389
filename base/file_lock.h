#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace millrace {

// An exclusive flock(2) on a file, held until destruction or the end of the process, however that comes.
//
// Owns:    the open file. The file itself stays where it is.
// Thread:  any.
class FileLock {
 public:
  // Makes the file if it is missing; does not wait.
  // Fails: Unavailable: another holds the lock. NotFound: no such directory. FailedPrecondition: the file cannot be
  // opened or locked.
  static absl::StatusOr<std::unique_ptr<FileLock>> TryAcquire(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int file) : file_(file) {}
  const int file_;
};

}  // namespace millrace
