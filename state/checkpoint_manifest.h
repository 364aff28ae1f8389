#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/blob_store.h"
#include "millrace/storage/v1/manifest.pb.h"

namespace millrace {

inline constexpr uint32_t kManifestFormatVersion = 2;

// A manifest on its way to and from a blob. tests/golden holds the bytes of one.

// The bytes of a valid manifest; the same manifest gives the same bytes. Sets format_version and the checksum; the
// caller sets all else.
// Internal: it is not valid, and must not become a checkpoint.
absl::StatusOr<std::string> EncodeManifest(storage::v1::Manifest manifest);

// Reads a manifest of this pipeline and lineage.
// Fails:   FailedPrecondition: written by another version, or of another pipeline or lineage.
//          DataLoss: not what was written, not a manifest, or one whose handles do not hold every key group of every
//          operator exactly once.
absl::StatusOr<storage::v1::Manifest> DecodeManifest(std::string_view bytes, std::string_view pipeline,
                                                     std::string_view lineage);

// Compares the manifest's operators with those of the plan that is to be started: uid → fingerprint of its state's
// schema. FailedPrecondition names the operator whose state has another layout, or is on one side only.
absl::Status CheckFingerprints(const storage::v1::Manifest& manifest,
                               const std::map<std::string, std::string>& expected);

// Puts the manifest under its name and returns the name. An answer that was lost is read back.
// Fails:   Aborted: that epoch and generation has another manifest already.
//          Unavailable: the outcome is unknown; call again.
absl::StatusOr<std::string> PutManifest(BlobStore& blobs, const storage::v1::Manifest& manifest);

// Reads every file that the manifest names, each once. DataLoss names one that is missing, or has another size or
// checksum than the manifest says.
absl::Status CheckSnapshotFiles(BlobStore& blobs, const storage::v1::Manifest& manifest);

// DataLoss if there is no blob of that name, or one that is damaged or another checkpoint's.
absl::StatusOr<storage::v1::Manifest> GetManifest(BlobStore& blobs, std::string_view name, std::string_view pipeline,
                                                  std::string_view lineage);

}  // namespace millrace
