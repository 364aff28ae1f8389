#pragma once

#include <memory>
#include <string>

#include "base/blob_store.h"

namespace millrace {

// A directory as a BlobStore. A blob is written to a temporary name, fsynced, and linked or renamed into place; the
// directories that this made are fsynced too. PutIfAbsent uses link(2), which fails if the name exists, on every POSIX
// file system that has hard links; Open tries it and refuses a directory that has not. A delete takes the directories
// along that it empties, but the root; a process killed within a put or a delete may leave one empty.
class LocalBlobStore final : public BlobStore {
 public:
  // Makes the directory if it is missing.
  static absl::StatusOr<std::unique_ptr<LocalBlobStore>> Open(std::string_view path);

  absl::StatusOr<std::string> Get(std::string_view name) override;
  absl::Status Put(std::string_view name, std::string_view bytes) override;
  absl::StatusOr<PutResult> PutIfAbsent(std::string_view name, std::string_view bytes) override;
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override;
  absl::Status Delete(std::string_view name) override;
  absl::StatusOr<int64_t> Size(std::string_view name) override;

 private:
  explicit LocalBlobStore(std::string root) : root_(std::move(root)) {}
  absl::StatusOr<std::string> PathOf(std::string_view name) const;
  // Writes and fsyncs a temporary file beside `path`, making its directory; returns its name.
  absl::StatusOr<std::string> WriteTemporary(const std::string& path, std::string_view bytes);

  const std::string root_;
};

class LocalBlobStoreFactory final : public BlobStoreFactory {
 public:
  absl::StatusOr<std::shared_ptr<BlobStore>> Open(std::string_view uri) override;
};

}  // namespace millrace
