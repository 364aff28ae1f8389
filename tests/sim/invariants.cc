#include "tests/sim/invariants.h"

#include "tests/sim/failpoint_injector.h"
#include "tests/sim/file_watch.h"
#include "tests/sim/sim_storage.h"
#include "tests/sim/table_paths.h"

namespace millrace::sim {
namespace {

constexpr char kCheckpoints[] = "sim://checkpoints";

}  // namespace

const storage::v1::Manifest* Invariants::FindManifest(const std::string& name) const {
  auto found = manifests_.find(name);
  return found == manifests_.end() ? nullptr : &found->second;
}

void Invariants::OnManifest(const std::string& name, std::string_view bytes) {
  const HarnessReads no_points;
  storage::v1::Manifest& manifest = manifests_[name];
  manifest.ParseFromString(std::string(bytes));
  Keep(commits_.OnManifest(name, manifest));
}

void Invariants::OnRecord(const storage::v1::PipelineRecord& before, const storage::v1::PipelineRecord& after) {
  const HarnessReads no_points;
  // Of another life of the pipeline nothing here is known.
  if (before.lineage() != after.lineage()) return;
  // Back to an older checkpoint: what came after it is no measure of what comes now.
  const bool rewound = before.has_rewind() && !after.has_rewind() && after.completed_epoch() == before.rewind().to_epoch();
  if (rewound) {
    cuts_ = {};
    watermarks_ = {};
    states_ = {};
    commits_.OnRewind(after.completed_epoch());
    return;
  }
  Keep(fencing_.OnRecord(before, after));
  if (after.completed_epoch() > before.completed_epoch()) {
    const storage::v1::Manifest* manifest = FindManifest(after.completed_manifest());
    if (manifest == nullptr) {
      Keep(Broken(Promise::kFiles, "the record names a manifest that was never stored: ", after.completed_manifest()));
    } else {
      Keep(fencing_.OnCompleted(before, *manifest));
      OnCompleted(after);
    }
  }
  Keep(commits_.OnRecord(before, after));
}

void Invariants::OnCompleted(const storage::v1::PipelineRecord& record) {
  const HarnessReads no_points;
  const storage::v1::Manifest& manifest = *FindManifest(record.completed_manifest());
  MemoryBlobStore& checkpoints = *storage_->At(kCheckpoints);
  const TablePaths tables = TablePathsOf(record);
  Keep(commits_.OnCompleted(manifest, tables));
  for (const std::string& name : record.retained_manifests()) Keep(CheckRetained(checkpoints, name));
  for (const auto& sink : manifest.sinks()) {
    if (auto table = tables.find(sink.uid()); table != tables.end()) Keep(CheckStaged(*storage_->At(table->second), manifest, sink));
  }
  Keep(cuts_.OnCompleted(record, manifest));
  Keep(watermarks_.OnCompleted(manifest));
  Keep(states_.OnCompleted(checkpoints, manifest));
  // What cannot be read was told above.
  if (oracle_ != nullptr && problem_.empty()) Keep(oracle_->OnCompleted(manifest));
}

void Invariants::OnTableLog(const std::string& uri, std::string_view name) {
  const HarnessReads no_points;
  MemoryBlobStore& table = *storage_->At(uri);
  auto stored = table.Get(name);
  if (!stored.ok()) return;
  Keep(commits_.OnTableLog(uri, std::string(name), *stored));
  Keep(CheckAdded(table, Cat(uri, " ", name), ReadLoggedCommit(*stored).added));
}

void Invariants::OnDelete(std::string_view process, std::string_view name, uint64_t term, bool is_fenced_off) {
  const HarnessReads no_points;
  Keep(fencing_.OnDelete(process, name, term, is_fenced_off));
}

void Invariants::OnLogLine(std::string_view line) {
  if (line.find("event=subtask_failed") == std::string_view::npos || line.find("INTERNAL") == std::string_view::npos) return;
  bool is_edge = line.find("its sender counted") != std::string_view::npos;
  Keep(BrokenPromise(is_edge ? Promise::kEdges : Promise::kFailLoud, line));
}

void Invariants::AtEnd(const storage::v1::PipelineRecord& record) {
  const HarnessReads no_points;
  for (const std::string& name : record.retained_manifests()) Keep(CheckRetained(*storage_->At(kCheckpoints), name));
  Keep(commits_.OnCommitted(record.completed_epoch()));
  for (const auto& [uid, uri] : TablePathsOf(record)) {
    const std::vector<std::string> versions = *storage_->At(uri)->List("_delta_log/");
    for (const std::string& name : versions) {
      if (name.ends_with(".json")) OnTableLog(uri, name);
    }
  }
}

}  // namespace millrace::sim
