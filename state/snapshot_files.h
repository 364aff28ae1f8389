#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/blob_store.h"
#include "base/key_group.h"
#include "millrace/storage/v1/manifest.pb.h"
#include "state/slice_floors.h"

namespace millrace {

// XXH3-128 of the bytes, seed 0, as 32 hex digits: the checksum of snapshot files and their name.
std::string ContentChecksum(std::string_view bytes);

// A file that a snapshot names. `uploaded`: its bytes went to the store just now.
struct UploadedFile {
  storage::v1::SnapshotFile file;
  bool uploaded = false;
};

// Puts the bytes under "<folder>/<checksum>.<extension>". A blob of that name and size is the same file and is left
// alone.
absl::StatusOr<UploadedFile> PutSnapshotFile(BlobStore& blobs, std::string_view folder, std::string_view extension,
                                             std::string_view local_name, std::string_view bytes);

// The bytes of the file. DataLoss names the blob if it is missing, or has another size or checksum than the handle
// says.
absl::StatusOr<std::string> GetSnapshotFile(BlobStore& blobs, const storage::v1::SnapshotFile& file);

// A handle to restore from, and the part of it that is wanted.
struct RestorePart {
  const storage::v1::SnapshotHandle* handle = nullptr;
  KeyGroupRange range;
  SliceFloors floors;
};

// Picks the handles that hold groups of `range`. Together they must hold each group exactly once, unless there are no
// handles at all: a state restored with a hole, or twice, would be wrong without a sign. FailedPrecondition: a handle
// of another format.
absl::StatusOr<std::vector<RestorePart>> PlanRestore(std::span<const storage::v1::SnapshotHandle> handles,
                                                     KeyGroupRange range, std::string_view format);

// The floors that a state restored from these parts starts with.
SliceFloors FloorsAfterRestore(std::span<const RestorePart> parts);

}  // namespace millrace
