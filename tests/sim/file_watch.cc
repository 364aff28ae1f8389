#include "tests/sim/file_watch.h"

#include "millrace/storage/v1/delta_committable.pb.h"
#include "state/snapshot_files.h"
#include "tests/sim/promises.h"

namespace millrace::sim {
namespace {

std::string CheckFile(MemoryBlobStore& table, const std::string& path, int64_t size, const std::string& named_by) {
  auto found = table.Size(path);
  if (!found.ok()) return Broken(Promise::kFiles, named_by, " names ", path, ", which is not there");
  if (*found != size) return Broken(Promise::kFiles, named_by, " names ", path, " of ", size, " bytes, which has ", *found);
  return "";
}

}  // namespace

std::string CheckRetained(MemoryBlobStore& store, const std::string& manifest_name) {
  auto bytes = store.Get(manifest_name);
  storage::v1::Manifest manifest;
  if (!bytes.ok() || !manifest.ParseFromString(*bytes)) {
    return Broken(Promise::kFiles, "a retained manifest is gone: ", manifest_name);
  }
  for (const auto& state : manifest.operators()) {
    for (const auto& handle : state.handles()) {
      for (const auto& file : handle.files()) {
        absl::Status whole = GetSnapshotFile(store, file).status();
        if (!whole.ok()) return Broken(Promise::kFiles, "epoch ", manifest.epoch(), " is retained: ", whole.message());
      }
    }
  }
  return "";
}

std::string CheckStaged(MemoryBlobStore& table, const storage::v1::Manifest& manifest, const storage::v1::SinkState& sink) {
  for (const auto& committable : sink.committables()) {
    storage::v1::DeltaCommittable staged;
    if (!staged.ParseFromString(committable.bytes())) continue;  // I3 tells
    for (const auto& file : staged.files()) {
      std::string broken = CheckFile(table, file.path(), file.size_bytes(), Cat("epoch ", manifest.epoch(), " of sink ", sink.uid()));
      if (!broken.empty()) return broken;
    }
  }
  return "";
}

std::string CheckAdded(MemoryBlobStore& table, const std::string& version, const std::map<std::string, int64_t>& added) {
  for (const auto& [path, size] : added) {
    std::string broken = CheckFile(table, path, size, version);
    if (!broken.empty()) return broken;
  }
  return "";
}

}  // namespace millrace::sim
