#include "server/worker_directory.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/error.h"

namespace millrace {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "worker-";
// No state backend may have a name that starts with a dot.
constexpr std::string_view kLockFile = "/.lock";
// Suffix of a directory that is being removed: never claimed, so it needs no lock.
constexpr std::string_view kDead = ".dead";
// Each failed attempt is another worker that started at the same moment and took the new directory for a dead one's.
constexpr int kMaxClaims = 100;
// Each failed attempt is another that removed a file of the same directory.
constexpr int kMaxRemovals = 1000;

// Removes a directory that others may be removing as well: then remove_all ends at the first entry that was theirs.
std::error_code RemoveTogether(const std::string& path) {
  for (int attempt = 1;; ++attempt) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error != std::errc::no_such_file_or_directory || attempt == kMaxRemovals) return error;
  }
}

}  // namespace

absl::StatusOr<WorkerDirectory> WorkerDirectory::Claim(const std::string& root, Random* random) {
  absl::Status last;
  for (int attempt = 0; attempt < kMaxClaims; ++attempt) {
    std::string name = Cat(kPrefix, random->Uuid().substr(0, 8));
    std::string path = Cat(root, "/", name);
    std::error_code error;
    fs::create_directories(root, error);
    // One that was there belongs to somebody.
    bool made = !error && fs::create_directory(path, error);
    if (error) {
      return FailedPrecondition("make directory ", path, ": ", error.message(), ". Name a writable one with --data-dir");
    }
    if (!made) continue;
    absl::StatusOr<std::unique_ptr<FileLock>> lock = FileLock::TryAcquire(Cat(path, kLockFile));
    if (lock.ok()) return WorkerDirectory(std::move(name), std::move(path), *std::move(lock));
    last = lock.status();
    if (!absl::IsUnavailable(last) && !absl::IsNotFound(last)) return last;
  }
  return Unavailable("claim a directory below ", root, ": taken away ", kMaxClaims, " times: ", last.message());
}

RemovedWorkerDirectories RemoveDirectoriesOfDeadWorkers(const std::string& root) {
  RemovedWorkerDirectories result;
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entries(root, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::string name = entries->path().filename().string();
    std::error_code vanished;
    if (name.starts_with(kPrefix) && entries->is_directory(vanished) && !entries->is_symlink(vanished)) {
      names.push_back(std::move(name));
    }
  }
  if (error) result.failed.push_back(Unavailable("list ", root, ": ", error.message()));
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    std::string path = Cat(root, "/", name);
    std::string_view worker = name;
    if (worker.ends_with(kDead)) {
      worker.remove_suffix(kDead.size());
    } else {
      absl::StatusOr<std::unique_ptr<FileLock>> lock = FileLock::TryAcquire(Cat(path, kLockFile));
      // Alive, or taken away by another.
      if (absl::IsUnavailable(lock.status()) || absl::IsNotFound(lock.status())) continue;
      if (!lock.ok()) {
        result.failed.push_back(lock.status());
        continue;
      }
      // At once, and under the lock: a worker that is about to claim this directory finds its lock taken, or gone.
      std::string dead = Cat(path, kDead);
      std::error_code cannot;
      fs::rename(path, dead, cannot);
      if (cannot) {
        result.failed.push_back(Unavailable("rename ", path, ": ", cannot.message()));
        continue;
      }
      path = std::move(dead);
    }
    if (std::error_code cannot = RemoveTogether(path)) {
      result.failed.push_back(Unavailable("remove ", path, ": ", cannot.message()));
    } else {
      result.removed.emplace_back(worker);
    }
  }
  return result;
}

}  // namespace millrace
