#pragma once

#include <string>

#include "base/blob_store.h"
#include "coordinator/metadata_store.h"

namespace millrace {

// A MetadataStore over a BlobStore: version v of a record is the blob <name>/<v, 20 digits>, created by PutIfAbsent,
// and the newest version is the record. A write deletes versions that are more than kKeptVersions old; a writer that
// was paused for so long that the version it creates may have been deleted before it came sees the newer ones
// afterwards and reports Aborted, so that deletion does not break linearizability.
//
// Owns:    nothing. Borrows the store.
class FileMetadataStore final : public MetadataStore {
 public:
  static constexpr uint64_t kKeptVersions = 16;

  explicit FileMetadataStore(BlobStore* blobs) : blobs_(blobs) {}
  absl::StatusOr<VersionedRecord> Get(std::string_view name) override;
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override;
  absl::StatusOr<uint64_t> CompareAndSet(std::string_view name, uint64_t expected, std::string_view bytes) override;

 private:
  // Ascending; empty: no such record.
  absl::StatusOr<std::vector<uint64_t>> Versions(std::string_view name);

  BlobStore* const blobs_;
};

}  // namespace millrace
