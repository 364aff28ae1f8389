#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/blob_store.h"
#include "base/ids.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace {

// Name of a manifest's blob. Epochs are never issued twice within a lineage, so neither are names.
std::string ManifestName(std::string_view pipeline, std::string_view lineage, Epoch epoch);

// Blocks: IoPool. Putting the same manifest again is safe.
absl::Status PutManifest(BlobStore& blobs, const std::string& name, const storage::v1::Manifest& manifest);

// DataLoss: the manifest is missing or unreadable, although the pipeline's record names it. FailedPrecondition: written by a newer
// version.
absl::StatusOr<storage::v1::Manifest> ReadManifest(BlobStore& blobs, const std::string& name);

}  // namespace millrace
