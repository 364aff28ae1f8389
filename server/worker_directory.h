#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_lock.h"
#include "base/random.h"

namespace millrace {

// The directory of one worker process for its local state, "worker-<8 hex digits>" below a root that several workers
// may share. What a worker holds there is a copy of checkpoints, and worth nothing once its process has ended.
//
// A worker is alive while it holds the lock of its directory:
//
//   <root>/worker-1f0c2a9b/.lock   flock(2), released by the kernel at the end of the process
//   <root>/worker-1f0c2a9b/…       state
//   <root>/worker-1f0c2a9b.dead/   its state, while another worker removes it
//
// Owns:    the lock, and not the files: the next worker that starts below the root removes them.
// Thread:  any.
class WorkerDirectory {
 public:
  // Makes a new directory, and the root if it is missing.
  // Fails: FailedPrecondition: the root cannot be written or has no locks.
  static absl::StatusOr<WorkerDirectory> Claim(const std::string& root, Random* random);

  // "worker-<8 hex digits>": unique among the workers of the root.
  const std::string& name() const { return name_; }
  const std::string& path() const { return path_; }

 private:
  WorkerDirectory(std::string name, std::string path, std::unique_ptr<FileLock> lock)
      : name_(std::move(name)), path_(std::move(path)), lock_(std::move(lock)) {}

  std::string name_;
  std::string path_;
  std::unique_ptr<FileLock> lock_;
};

struct RemovedWorkerDirectories {
  // Names of those that are gone, sorted.
  std::vector<std::string> removed;
  // What could not be removed, one for each directory, with its path. The next start tries again.
  std::vector<absl::Status> failed;
};

// Removes the directories below `root` of workers that have ended, however they did; never one whose lock is held.
// Blocks:  for as long as it takes to remove the files.
RemovedWorkerDirectories RemoveDirectoriesOfDeadWorkers(const std::string& root);

}  // namespace millrace
