#pragma once

#include <map>
#include <string>

#include "base/blob_store.h"
#include "base/mutex.h"

namespace millrace {

// A BlobStore in memory: the reference of the contract suite, and the simulator's disk.
class MemoryBlobStore final : public BlobStore {
 public:
  absl::StatusOr<std::string> Get(std::string_view name) override;
  absl::Status Put(std::string_view name, std::string_view bytes) override;
  absl::StatusOr<PutResult> PutIfAbsent(std::string_view name, std::string_view bytes) override;
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override;
  absl::Status Delete(std::string_view name) override;
  absl::StatusOr<int64_t> Size(std::string_view name) override;

 private:
  Mutex mutex_;
  std::map<std::string, std::string, std::less<>> blobs_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
