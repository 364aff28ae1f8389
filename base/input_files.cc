#include "base/input_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/cleanup/cleanup.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

absl::Status Failed(std::string_view doing, const std::string& path, int error) {
  const std::string message = Cat(doing, " ", path, ": ", std::strerror(error));
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(Cat(doing, " ", path, ": there is no such file"));
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(message);
  return Unavailable(message);
}

absl::StatusOr<struct stat> Stat(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return Failed("look for", path, errno);
  return info;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> SystemInputFiles::List(const std::string& path) {
  ASSIGN_OR_RETURN(struct stat info, Stat(path));
  if (!S_ISDIR(info.st_mode)) return std::vector{path};
  std::vector<std::string> files;
  std::error_code error;
  fs::directory_iterator entries(path, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    std::error_code vanished;
    if (name.front() == '.' || name.front() == '_' || entries->is_directory(vanished)) continue;
    files.push_back((fs::path(path) / name).string());
  }
  if (error) return Failed("list", path, error.value());
  std::sort(files.begin(), files.end());
  return files;
}

absl::StatusOr<int64_t> SystemInputFiles::Size(const std::string& path) {
  ASSIGN_OR_RETURN(struct stat info, Stat(path));
  if (!S_ISREG(info.st_mode)) return FailedPrecondition("read ", path, ": it is not a regular file");
  return static_cast<int64_t>(info.st_size);
}

absl::StatusOr<std::string> SystemInputFiles::Read(const std::string& path, int64_t offset, int64_t max_bytes) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failed("open", path, errno);
  absl::Cleanup close_fd = [fd] { close(fd); };
  std::string bytes(static_cast<size_t>(max_bytes), '\0');
  size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = pread(fd, bytes.data() + size, bytes.size() - size, static_cast<off_t>(offset) + static_cast<off_t>(size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed("read", path, errno);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace millrace
