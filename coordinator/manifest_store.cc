#include "coordinator/manifest_store.h"

#include "absl/strings/str_format.h"
#include "base/error.h"

namespace millrace {

std::string ManifestName(std::string_view pipeline, std::string_view lineage, Epoch epoch) {
  return Cat("manifests/", pipeline, "/", lineage, "/", absl::StrFormat("%020d", epoch.value()));
}

absl::Status PutManifest(BlobStore& blobs, const std::string& name, const storage::v1::Manifest& manifest) {
  return Annotate(blobs.Put(name, manifest.SerializeAsString()), "store manifest ", name);
}

absl::StatusOr<storage::v1::Manifest> ReadManifest(BlobStore& blobs, const std::string& name) {
  absl::StatusOr<std::string> bytes = blobs.Get(name);
  if (absl::IsNotFound(bytes.status())) {
    return DataLoss("read manifest ", name, ": it is gone: restore the checkpoint storage, or create the pipeline anew");
  }
  if (!bytes.ok()) return Annotate(bytes.status(), "read manifest ", name);
  storage::v1::Manifest manifest;
  if (!manifest.ParseFromString(*bytes)) return DataLoss("read manifest ", name, ": it cannot be parsed: ", bytes->size(), " bytes");
  if (manifest.format_version() != 1) {
    return FailedPrecondition("read manifest ", name, ": format version ", manifest.format_version(),
                              ": a newer millrace wrote it; use that version");
  }
  return manifest;
}

}  // namespace millrace
