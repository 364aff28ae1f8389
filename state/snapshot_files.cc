#include "state/snapshot_files.h"

#include <xxhash.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "base/planted_bug.h"

namespace millrace {

std::string ContentChecksum(std::string_view bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(canonical.digest), sizeof(canonical.digest)));
}

absl::StatusOr<UploadedFile> PutSnapshotFile(BlobStore& blobs, std::string_view folder, std::string_view extension,
                                             std::string_view local_name, std::string_view bytes) {
  UploadedFile result;
  std::string checksum = ContentChecksum(bytes);
  std::string name = Cat(folder, "/", checksum, ".", extension);
  absl::StatusOr<PutResult> answer = failpoint::Around("snapshot.put", [&] { return blobs.PutIfAbsent(name, bytes); });
  if (MILLRACE_PLANTED(failed_snapshot_taken_for_done) && !answer.ok()) answer = PutResult::kCreated;
  ASSIGN_OR_RETURN(PutResult put, std::move(answer));
  result.uploaded = put == PutResult::kCreated;
  if (!result.uploaded) {
    ASSIGN_OR_RETURN(int64_t size, blobs.Size(name));
    if (static_cast<uint64_t>(size) != bytes.size()) {
      return DataLoss("upload ", name, ": a blob of that name has ", size, " bytes, ours ", bytes.size(),
                      ". The store was changed from outside");
    }
  }
  result.file.set_blob(name);
  result.file.set_size_bytes(bytes.size());
  result.file.set_checksum(checksum);
  result.file.set_local_name(std::string(local_name));
  return result;
}

absl::StatusOr<std::string> GetSnapshotFile(BlobStore& blobs, const storage::v1::SnapshotFile& file) {
  absl::StatusOr<std::string> bytes = failpoint::Around("snapshot.get", [&] { return blobs.Get(file.blob()); });
  if (absl::IsNotFound(bytes.status())) {
    return DataLoss("restore from ", file.blob(), ": the blob is gone. Restore from another checkpoint");
  }
  if (!bytes.ok()) return Annotate(bytes.status(), "restore from ", file.blob());
  if (bytes->size() != file.size_bytes()) {
    return DataLoss("restore from ", file.blob(), ": the blob has ", bytes->size(), " bytes, the checkpoint says ",
                    file.size_bytes(), ". Restore from another checkpoint");
  }
  std::string checksum = ContentChecksum(*bytes);
  if (checksum != file.checksum()) {
    return DataLoss("restore from ", file.blob(), ": the blob has checksum ", checksum, ", the checkpoint says ",
                    file.checksum(), ". Restore from another checkpoint");
  }
  return bytes;
}

absl::StatusOr<std::vector<RestorePart>> PlanRestore(std::span<const storage::v1::SnapshotHandle> handles,
                                                     KeyGroupRange range, std::string_view format) {
  std::vector<RestorePart> parts;
  for (const auto& handle : handles) {
    KeyGroupRange wanted{std::max(handle.first_key_group(), range.first), std::min(handle.end_key_group(), range.end)};
    if (wanted.first >= wanted.end) continue;
    if (MILLRACE_PLANTED(old_parallelism_ignored) && handle.first_key_group() != range.first) continue;
    if (handle.format() != format) {
      return FailedPrecondition("restore key groups ", wanted.first, " to ", wanted.end, ": the checkpoint has format ",
                                handle.format(), ", this backend reads ", format, ". Use the backend that wrote it");
    }
    parts.push_back({&handle, wanted, SliceFloors(handle)});
  }
  std::sort(parts.begin(), parts.end(),
            [](const RestorePart& a, const RestorePart& b) { return a.range.first < b.range.first; });
  if (handles.empty() || MILLRACE_PLANTED(old_parallelism_ignored)) return parts;
  uint32_t next = range.first;
  for (const RestorePart& part : parts) {
    if (part.range.first != next) {
      return DataLoss("restore key groups ", range.first, " to ", range.end, ": ",
                      part.range.first < next ? "two handles hold" : "no handle holds", " key group ",
                      std::min(part.range.first, next), ". The checkpoint is damaged");
    }
    next = part.range.end;
  }
  if (next != range.end) {
    return DataLoss("restore key groups ", range.first, " to ", range.end, ": no handle holds key group ", next,
                    ". The checkpoint is damaged");
  }
  return parts;
}

SliceFloors FloorsAfterRestore(std::span<const RestorePart> parts) {
  if (parts.empty()) return SliceFloors();
  SliceFloors floors = parts[0].floors;
  for (const RestorePart& part : parts.subspan(1)) floors.MeetWith(part.floors);
  return floors;
}

}  // namespace millrace
