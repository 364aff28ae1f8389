#include "base/local_blob_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporaryMark = ".tmp-";
// Each failed attempt is a delete that another caller finished in between.
constexpr int kMaxCreateAttempts = 100;

absl::Status Errno(std::string_view doing, std::string_view path) {
  int error = errno;
  if (error == ENOENT) return NotFound(doing, " ", path, ": no such file");
  if (error == EACCES || error == EROFS || error == EPERM) {
    return FailedPrecondition(doing, " ", path, ": ", std::strerror(error));
  }
  if (error == ENOSPC) return ResourceExhausted(doing, " ", path, ": ", std::strerror(error));
  return Unavailable(doing, " ", path, ": ", std::strerror(error));
}

absl::Status SyncDirectory(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Errno("open", path);
  absl::Cleanup close_fd = [fd] { close(fd); };
  if (fsync(fd) != 0) return Errno("fsync", path);
  return absl::OkStatus();
}

// Makes a directory and its missing parents; each new one is made durable by an fsync of its parent.
absl::Status MakeDirectories(const std::string& path) {
  if (path.empty() || path == "/") return absl::OkStatus();
  struct stat info;
  if (stat(path.c_str(), &info) == 0) {
    if (!S_ISDIR(info.st_mode)) return FailedPrecondition("make directory ", path, ": a file has that name");
    return absl::OkStatus();
  }
  std::string parent = fs::path(path).parent_path().string();
  RETURN_IF_ERROR(MakeDirectories(parent));
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return Errno("make directory", path);
  return SyncDirectory(parent.empty() ? "." : parent);
}

// Creates a file, and the directories above it. A racing delete may remove a directory that has nothing in it yet; once
// the file is in the directory it stays.
absl::StatusOr<int> CreateWithDirectories(const std::string& path) {
  for (int attempt = 1;; ++attempt) {
    absl::Status made = MakeDirectories(fs::path(path).parent_path().string());
    if (made.ok()) {
      int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
      if (fd >= 0) return fd;
      made = Errno("create", path);
    }
    if (!absl::IsNotFound(made)) return made;
    if (attempt == kMaxCreateAttempts) {
      return Unavailable("create ", path, ": its directory was removed ", attempt, " times as soon as it was made");
    }
  }
}

// Makes the entry of a blob durable. Its directory can be missing only because a racing delete has taken the blob: then
// there is nothing to be kept.
absl::Status SyncEntryOf(const std::string& path) {
  absl::Status synced = failpoint::Around(
      "local.sync_directory", [&] { return SyncDirectory(fs::path(path).parent_path().string()); });
  return absl::IsNotFound(synced) ? absl::OkStatus() : synced;
}

// Unique within the machine: process id and a counter.
std::string TemporarySuffix() {
  static std::atomic<uint64_t> counter{0};
  return Cat(kTemporaryMark, getpid(), "-", counter.fetch_add(1));
}

// Removes the directories above `path` and below `root` that are empty, from the innermost. What cannot be removed
// stays: it is garbage and not an error. Not made durable: after a crash a directory may be there again, empty.
void RemoveEmptyParents(const std::string& path, const std::string& root) {
  std::string parent = fs::path(path).parent_path().string();
  // One that is missing was removed by a racing delete, which may have stopped there.
  while (parent.size() > root.size() && (rmdir(parent.c_str()) == 0 || errno == ENOENT)) {
    parent = fs::path(parent).parent_path().string();
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<LocalBlobStore>> LocalBlobStore::Open(std::string_view path) {
  std::string root = fs::absolute(fs::path(path)).lexically_normal().string();
  while (root.size() > 1 && root.back() == '/') root.pop_back();
  RETURN_IF_ERROR(MakeDirectories(root));
  std::unique_ptr<LocalBlobStore> store(new LocalBlobStore(root));
  // A file system without hard links cannot give PutIfAbsent: better now than at the first commit.
  std::string probe = root + "/.probe" + TemporarySuffix();
  ASSIGN_OR_RETURN(std::string temporary, store->WriteTemporary(probe, "probe"));
  absl::Cleanup remove = [&] {
    unlink(temporary.c_str());
    unlink(probe.c_str());
  };
  if (link(temporary.c_str(), probe.c_str()) != 0) {
    return FailedPrecondition("open ", root, ": its file system has no hard links (", std::strerror(errno),
                              "), so commits could overwrite each other. Use another directory");
  }
  if (link(temporary.c_str(), probe.c_str()) == 0 || errno != EEXIST) {
    return FailedPrecondition("open ", root, ": its file system lets a hard link replace a file. Use another directory");
  }
  return store;
}

absl::StatusOr<std::string> LocalBlobStore::PathOf(std::string_view name) const {
  RETURN_IF_ERROR(CheckBlobName(name));
  return Cat(root_, "/", name);
}

absl::StatusOr<std::string> LocalBlobStore::WriteTemporary(const std::string& path, std::string_view bytes) {
  fs::path target(path);
  std::string temporary = Cat(target.parent_path().string(), "/.", target.filename().string(), TemporarySuffix());
  RETURN_IF_ERROR(failpoint::Before("local.create"));
  ASSIGN_OR_RETURN(int fd, CreateWithDirectories(temporary));
  absl::Cleanup close_fd = [fd] { close(fd); };
  absl::Cleanup remove = [&temporary] { unlink(temporary.c_str()); };
  RETURN_IF_ERROR(failpoint::After("local.create"));
  RETURN_IF_ERROR(failpoint::Before("local.write"));
  for (std::string_view rest = bytes; !rest.empty();) {
    ssize_t written = write(fd, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Errno("write", temporary);
    rest.remove_prefix(static_cast<size_t>(written));
  }
  RETURN_IF_ERROR(failpoint::After("local.write"));
  RETURN_IF_ERROR(failpoint::Around(
      "local.fsync", [&] { return fsync(fd) != 0 ? Errno("fsync", temporary) : absl::OkStatus(); }));
  std::move(remove).Cancel();
  return temporary;
}

absl::StatusOr<std::string> LocalBlobStore::Get(std::string_view name) {
  ASSIGN_OR_RETURN(std::string path, PathOf(name));
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Errno("read", path);
  absl::Cleanup close_fd = [fd] { close(fd); };
  struct stat info;
  if (fstat(fd, &info) != 0) return Errno("read", path);
  RETURN_IF_ERROR(failpoint::Before("local.read"));
  std::string bytes(static_cast<size_t>(info.st_size), '\0');
  size_t size = 0;
  while (size < bytes.size()) {
    ssize_t got = read(fd, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Errno("read", path);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  bytes.resize(size);
  RETURN_IF_ERROR(failpoint::After("local.read", &bytes));
  return bytes;
}

absl::Status LocalBlobStore::Put(std::string_view name, std::string_view bytes) {
  ASSIGN_OR_RETURN(std::string path, PathOf(name));
  ASSIGN_OR_RETURN(std::string temporary, WriteTemporary(path, bytes));
  absl::Status renamed = failpoint::Around("local.rename", [&] {
    return rename(temporary.c_str(), path.c_str()) != 0 ? Errno("rename to", path) : absl::OkStatus();
  });
  if (!renamed.ok()) {
    unlink(temporary.c_str());
    return renamed;
  }
  return SyncEntryOf(path);
}

absl::StatusOr<PutResult> LocalBlobStore::PutIfAbsent(std::string_view name, std::string_view bytes) {
  ASSIGN_OR_RETURN(std::string path, PathOf(name));
  ASSIGN_OR_RETURN(std::string temporary, WriteTemporary(path, bytes));
  absl::Cleanup remove = [&temporary] { unlink(temporary.c_str()); };
  RETURN_IF_ERROR(failpoint::Before("local.link"));
  if (link(temporary.c_str(), path.c_str()) != 0) {
    if (errno != EEXIST) return Errno("link to", path);
    // Over NFS a repeated LINK reports EEXIST for our own success; then the file has two names.
    struct stat info;
    if (stat(temporary.c_str(), &info) != 0 || info.st_nlink != 2) return PutResult::kAlreadyExists;
  }
  RETURN_IF_ERROR(failpoint::After("local.link"));
  RETURN_IF_ERROR(SyncEntryOf(path));
  return PutResult::kCreated;
}

absl::StatusOr<std::vector<std::string>> LocalBlobStore::List(std::string_view prefix) {
  std::vector<std::string> names;
  size_t slash = prefix.rfind('/');
  std::string start = slash == std::string_view::npos ? root_ : Cat(root_, "/", prefix.substr(0, slash));
  std::error_code error;
  // Directory by directory: one that a racing delete takes away must not end the walk of the others, as it would in a
  // recursive_directory_iterator.
  for (std::vector<std::string> directories = {start}; !directories.empty();) {
    std::string directory = std::move(directories.back());
    directories.pop_back();
    std::error_code error;
    fs::directory_iterator entries(directory, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      std::error_code vanished;
      std::string path = entries->path().string();
      if (entries->is_directory(vanished)) {
        if (!entries->is_symlink(vanished)) directories.push_back(std::move(path));
        continue;
      }
      if (entries->path().filename().string().find(kTemporaryMark) != std::string::npos) continue;
      std::string name = path.substr(root_.size() + 1);
      if (name.starts_with(prefix)) names.push_back(std::move(name));
    }
    if (error && error != std::errc::no_such_file_or_directory) {
      return Unavailable("list ", directory, ": ", error.message());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status LocalBlobStore::Delete(std::string_view name) {
  ASSIGN_OR_RETURN(std::string path, PathOf(name));
  RETURN_IF_ERROR(failpoint::Around("local.delete", [&] {
    return unlink(path.c_str()) != 0 && errno != ENOENT ? Errno("delete", path) : absl::OkStatus();
  }));
  RemoveEmptyParents(path, root_);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> LocalBlobStore::Size(std::string_view name) {
  ASSIGN_OR_RETURN(std::string path, PathOf(name));
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return Errno("stat", path);
  return static_cast<int64_t>(info.st_size);
}

absl::StatusOr<std::shared_ptr<BlobStore>> LocalBlobStoreFactory::Open(std::string_view uri) {
  constexpr std::string_view kScheme = "file://";
  if (uri.starts_with(kScheme)) {
    uri.remove_prefix(kScheme.size());
  } else if (uri.find("://") != std::string_view::npos) {
    return InvalidArgument("open ", uri, ": only file:// and plain paths are supported");
  }
  if (uri.empty()) return InvalidArgument("open blob store: the path is empty");
  ASSIGN_OR_RETURN(std::unique_ptr<LocalBlobStore> store, LocalBlobStore::Open(uri));
  return std::shared_ptr<BlobStore>(std::move(store));
}

}  // namespace millrace
