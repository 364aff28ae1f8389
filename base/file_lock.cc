#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace millrace {

absl::StatusOr<std::unique_ptr<FileLock>> FileLock::TryAcquire(const std::string& path) {
  int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    int error = errno;
    if (error == ENOENT) return NotFound("open lock file ", path, ": its directory does not exist");
    return FailedPrecondition("open lock file ", path, ": ", std::strerror(error),
                              ": give the process a data directory that it may write");
  }
  std::unique_ptr<FileLock> lock(new FileLock(file));
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Unavailable("lock ", path, ": another holds it");
    return FailedPrecondition("lock ", path, ": ", std::strerror(errno), ": use a file system that has locks");
  }
  // Whoever held the lock before may have removed the file: then this locks nothing that others can find.
  struct stat ours;
  struct stat there;
  if (fstat(file, &ours) != 0 || stat(path.c_str(), &there) != 0 || ours.st_dev != there.st_dev ||
      ours.st_ino != there.st_ino) {
    return Unavailable("lock ", path, ": its holder has removed it");
  }
  return lock;
}

FileLock::~FileLock() { close(file_); }

}  // namespace millrace
