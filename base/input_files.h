#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace {

// Files that others have written and that are read in pieces. The seam behind which a source's files lie.
//
// Thread:  any.
// Blocks:  yes: IoPool only.
// Fails:   NotFound: there is no such file. PermissionDenied. Unavailable: retry.
class InputFiles {
 public:
  virtual ~InputFiles() = default;
  // A file: its own path. A directory: the paths of the files in it, sorted, without those of directories below it and
  // those whose name begins with '.' or '_', which are hidden.
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& path) = 0;
  // In bytes.
  virtual absl::StatusOr<int64_t> Size(const std::string& path) = 0;
  // At most so many bytes from `offset` on; fewer: the file ends there.
  virtual absl::StatusOr<std::string> Read(const std::string& path, int64_t offset, int64_t max_bytes) = 0;
};

// Those of this machine. A relative path lies below the directory in which the process was started.
class SystemInputFiles final : public InputFiles {
 public:
  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override;
  absl::StatusOr<int64_t> Size(const std::string& path) override;
  absl::StatusOr<std::string> Read(const std::string& path, int64_t offset, int64_t max_bytes) override;
};

}  // namespace millrace
