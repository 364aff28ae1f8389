#include "base/memory_blob_store.h"

#include "base/error.h"
#include "base/macros.h"

namespace millrace {

absl::StatusOr<std::string> MemoryBlobStore::Get(std::string_view name) {
  RETURN_IF_ERROR(CheckBlobName(name));
  MutexLock lock(&mutex_);
  auto found = blobs_.find(name);
  if (found == blobs_.end()) return NotFound("read ", name, ": no such blob");
  return found->second;
}

absl::Status MemoryBlobStore::Put(std::string_view name, std::string_view bytes) {
  RETURN_IF_ERROR(CheckBlobName(name));
  MutexLock lock(&mutex_);
  blobs_.insert_or_assign(std::string(name), std::string(bytes));
  return absl::OkStatus();
}

absl::StatusOr<PutResult> MemoryBlobStore::PutIfAbsent(std::string_view name, std::string_view bytes) {
  RETURN_IF_ERROR(CheckBlobName(name));
  MutexLock lock(&mutex_);
  bool created = blobs_.try_emplace(std::string(name), bytes).second;
  return created ? PutResult::kCreated : PutResult::kAlreadyExists;
}

absl::StatusOr<std::vector<std::string>> MemoryBlobStore::List(std::string_view prefix) {
  MutexLock lock(&mutex_);
  std::vector<std::string> names;
  for (auto at = blobs_.lower_bound(prefix); at != blobs_.end() && at->first.starts_with(prefix); ++at) {
    names.push_back(at->first);
  }
  return names;
}

absl::Status MemoryBlobStore::Delete(std::string_view name) {
  RETURN_IF_ERROR(CheckBlobName(name));
  MutexLock lock(&mutex_);
  auto found = blobs_.find(name);
  if (found != blobs_.end()) blobs_.erase(found);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> MemoryBlobStore::Size(std::string_view name) {
  RETURN_IF_ERROR(CheckBlobName(name));
  MutexLock lock(&mutex_);
  auto found = blobs_.find(name);
  if (found == blobs_.end()) return NotFound("stat ", name, ": no such blob");
  return static_cast<int64_t>(found->second.size());
}

}  // namespace millrace
