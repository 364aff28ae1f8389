#include "coordinator/file_metadata_store.h"

#include <cstdlib>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "base/planted_bug.h"

namespace millrace {
namespace {

constexpr size_t kDigits = 20;
// A reader loses a race against the deletion of old versions only if kKeptVersions writes happen between its list and
// its get.
constexpr int kReadAttempts = 8;

std::string BlobName(std::string_view name, uint64_t version) {
  return Cat(name, "/", absl::StrFormat("%020d", version));
}

// The version at the end of a blob's name; 0: it is not one of ours, such as a temporary file.
uint64_t VersionOf(std::string_view blob) {
  size_t slash = blob.rfind('/');
  std::string_view digits = slash == std::string_view::npos ? blob : blob.substr(slash + 1);
  if (digits.size() != kDigits || digits.find_first_not_of("0123456789") != std::string_view::npos) return 0;
  return std::strtoull(std::string(digits).c_str(), nullptr, 10);
}

}  // namespace

absl::StatusOr<std::vector<uint64_t>> FileMetadataStore::Versions(std::string_view name) {
  std::string prefix = Cat(name, "/");
  ASSIGN_OR_RETURN(std::vector<std::string> blobs, blobs_->List(prefix));
  std::vector<uint64_t> versions;
  for (const std::string& blob : blobs) {
    if (blob.find('/', prefix.size()) != std::string::npos) continue;  // a record whose name goes on
    if (uint64_t version = VersionOf(blob); version > 0) versions.push_back(version);
  }
  return versions;
}

absl::StatusOr<VersionedRecord> FileMetadataStore::Get(std::string_view name) {
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    ASSIGN_OR_RETURN(std::vector<uint64_t> versions, Versions(name));
    if (versions.empty()) return NotFound("read record ", name, ": no such record");
    const std::string blob = BlobName(name, versions.back());
    absl::StatusOr<std::string> bytes = failpoint::Around("record.get", [&] { return blobs_->Get(blob); });
    if (bytes.ok()) return VersionedRecord{*std::move(bytes), versions.back()};
    if (!absl::IsNotFound(bytes.status())) return Annotate(bytes.status(), "read record ", name);
  }
  return Unavailable("read record ", name, ": it changes faster than it can be read: retry");
}

absl::StatusOr<std::vector<std::string>> FileMetadataStore::List(std::string_view prefix) {
  ASSIGN_OR_RETURN(std::vector<std::string> blobs, blobs_->List(prefix));
  std::vector<std::string> names;
  for (const std::string& blob : blobs) {
    if (VersionOf(blob) == 0) continue;
    std::string name = blob.substr(0, blob.rfind('/'));
    if (names.empty() || names.back() != name) names.push_back(std::move(name));
  }
  return names;
}

absl::StatusOr<uint64_t> FileMetadataStore::CompareAndSet(std::string_view name, uint64_t expected, std::string_view bytes) {
  ASSIGN_OR_RETURN(std::vector<uint64_t> versions, Versions(name));
  uint64_t current = versions.empty() ? 0 : versions.back();
  if (MILLRACE_PLANTED(cas_forgotten)) expected = current;
  if (current != expected) {
    return Aborted("write record ", name, ": another version is stored: expected ", expected, ", found ", current);
  }
  const std::string next = BlobName(name, expected + 1);
  ASSIGN_OR_RETURN(PutResult put, failpoint::Around("record.put", [&] { return blobs_->PutIfAbsent(next, bytes); }));
  if (put == PutResult::kAlreadyExists) {
    return Aborted("write record ", name, ": another writer was faster: version ", expected + 1);
  }
  ASSIGN_OR_RETURN(versions, Versions(name));
  if (!versions.empty() && versions.back() >= expected + 1 + kKeptVersions) {
    return Aborted("write record ", name, ": superseded: wrote ", expected + 1, ", found ", versions.back());
  }
  for (uint64_t version : versions) {
    if (version + kKeptVersions > expected + 1) break;
    absl::Status trimmed = failpoint::Around("record.trim", [&] { return blobs_->Delete(BlobName(name, version)); });
    if (!trimmed.ok()) break;  // the next write tries again
  }
  return expected + 1;
}

}  // namespace millrace
