#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/ids.h"

namespace millrace {

// Names of the blobs of a checkpoint store: the only code that forms and reads them. Epochs and generations have 20
// digits, so that names sort as numbers do.
//
//   <pipeline>/<lineage>/manifests/<epoch>-<generation>.pb
//   <pipeline>/<lineage>/state/<operator uid>/<epoch>/…    of the snapshot that uploaded it; the rest: the backend's
//
// State of an epoch is named by later manifests too. The epoch in the name is how the collector knows that an unnamed
// blob is old and not on its way into a manifest.

// InvalidArgument unless the part can stand between two slashes: not empty, no slash, no leading dot.
absl::Status CheckPathPart(std::string_view what, std::string_view part);

// "<pipeline>/<lineage>/": all blobs of one lineage.
std::string LineagePrefix(std::string_view pipeline, std::string_view lineage);
std::string ManifestName(std::string_view pipeline, std::string_view lineage, Epoch epoch, Generation generation);
// What StateBackend::Snapshot of this epoch gets as blob_prefix; without a slash at the end.
std::string StatePrefix(std::string_view pipeline, std::string_view lineage, std::string_view operator_uid,
                        Epoch epoch);

// What a name says.
struct CheckpointBlob {
  enum class Kind { kManifest, kState };
  Kind kind = Kind::kState;
  Epoch epoch;
  // Manifests only.
  Generation generation;
  // State only.
  std::string_view operator_uid;
};

// Nothing: not a name of this lineage that the functions above form. The result borrows from `name`.
std::optional<CheckpointBlob> ParseCheckpointBlob(std::string_view pipeline, std::string_view lineage,
                                                  std::string_view name);

}  // namespace millrace
