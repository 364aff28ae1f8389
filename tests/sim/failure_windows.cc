#include "tests/sim/failure_windows.h"

#include <algorithm>

#include "base/error.h"
#include "tests/sim/failpoint_injector.h"
#include "tests/sim/sim_storage.h"
#include "tests/sim/table_paths.h"

namespace millrace::sim {
namespace {

// state/checkpoint_gc.cc asks whether it still leads before every so many.
constexpr int kDeletionsPerQuestion = 16;
constexpr char kMetadata[] = "sim://metadata";
constexpr char kCheckpoints[] = "sim://checkpoints";
// More than DeltaCommitterOptions::max_lost_races.
constexpr int kStorm = 201;

bool IsTable(const std::string& uri) { return uri != kMetadata && uri != kCheckpoints; }
bool IsLog(const std::string& uri, std::string_view name) {
  return IsTable(uri) && name.starts_with("_delta_log/") && name.ends_with(".json");
}
bool IsRecord(const std::string& uri, std::string_view name) { return uri == kMetadata && name.starts_with("pipelines/"); }
bool IsManifest(const std::string& uri, std::string_view name) {
  return uri == kCheckpoints && name.find("/manifests/") != std::string_view::npos;
}
// "part-<subtask>-<epoch>-…": the epoch; 0: not a staged file.
uint64_t StagedEpoch(const std::string& uri, std::string_view name) {
  if (!IsTable(uri) || !name.starts_with("part-")) return 0;
  return std::stoull(std::string(name.substr(11, 12)));
}

}  // namespace

void FailureWindows::OnPutDone(const Process& process, const std::string& uri, std::string_view name, std::string_view bytes,
                               bool created) {
  if (IsManifest(uri, name) && leader_ != nullptr && &process != leader_ && terms_.contains(&process)) Hit(7);
  if (!created) return;
  if (uint64_t epoch = StagedEpoch(uri, name)) staged_epoch_ = std::max(staged_epoch_, epoch);
  if (IsManifest(uri, name)) invariants_.OnManifest(std::string(name), bytes);
  if (uri == kMetadata && name.starts_with("leadership/")) {
    leader_ = &process;
    terms_[&process] = std::stoull(std::string(bytes));
  }
  if (IsRecord(uri, name)) {
    storage::v1::PipelineRecord record;
    record.ParseFromString(std::string(bytes));
    OnRecord(std::move(record));
  }
  if (!IsLog(uri, name)) return;
  ++log_puts_[uri];
  if (bytes.find(R"("digest":"fence")") != std::string_view::npos) Hit(8);
  invariants_.OnTableLog(uri, name);
}

void FailureWindows::OnRecord(storage::v1::PipelineRecord record) {
  storage::v1::PipelineRecord before = std::exchange(record_, std::move(record));
  invariants_.OnRecord(before, record_);
  if (before.lineage() != record_.lineage()) return;
  const storage::v1::Manifest* manifest = invariants_.FindManifest(record_.completed_manifest());
  if (manifest == nullptr) return;
  bool any_empty = std::any_of(manifest->sinks().begin(), manifest->sinks().end(),
                               [](const auto& sink) { return sink.committables().empty(); });
  if (record_.completed_epoch() > before.completed_epoch() && any_empty) Hit(9);
  if (record_.generation() > before.generation() && IsCommitPending() && manifest->parallelism() != record_.parallelism()) Hit(10);
}

std::set<std::string> FailureWindows::TablesOfCompleted() const {
  std::set<std::string> tables;
  const storage::v1::Manifest* manifest = invariants_.FindManifest(record_.completed_manifest());
  if (manifest == nullptr) return tables;
  const TablePaths paths = TablePathsOf(record_);
  for (const auto& sink : manifest->sinks()) {
    auto table = paths.find(sink.uid());
    if (!sink.committables().empty() && table != paths.end()) tables.insert(table->second);
  }
  return tables;
}

bool FailureWindows::IsCommitPending() const {
  return record_.committed_epoch() < record_.completed_epoch() && !TablesOfCompleted().empty();
}

bool FailureWindows::Has(const std::string& table, uint64_t epoch) const { return invariants_.commits().Has(table, epoch); }

bool FailureWindows::IsCommitLanded() const {
  std::set<std::string> tables = TablesOfCompleted();
  return IsCommitPending() &&
         std::all_of(tables.begin(), tables.end(), [&](const auto& table) { return Has(table, record_.completed_epoch()); });
}

bool FailureWindows::IsFencedOff(const Process& process) const {
  auto term = terms_.find(&process);
  return term == terms_.end() || term->second < record_.term();
}

void FailureWindows::OnDeath(const Process&) {
  OnFault();
  if (staged_epoch_ > record_.completed_epoch() && staged_epoch_ > staged_epoch_counted_) {
    staged_epoch_counted_ = staged_epoch_;
    Hit(2);
  }
  if (!IsCommitPending()) return;
  bool lacking = false;
  bool there = false;
  for (const std::string& uri : TablesOfCompleted()) {
    bool has = Has(uri, record_.completed_epoch());
    lacking = lacking || !has;
    there = there || has;
  }
  if (lacking) Hit(3);
  if (there) Hit(5);
}

void FailureWindows::OnFreeze(const Process& process) {
  OnFault();
  log_puts_at_freeze_[&process] = log_puts_;
}

void FailureWindows::OnCrashBeforePut(const std::string& uri, std::string_view name) {
  if (StagedEpoch(uri, name) > 0) Hit(1);
}

void FailureWindows::OnLostAnswer(const std::string& uri, std::string_view name) {
  OnFault();
  if (IsLog(uri, name)) Hit(4);
}

void FailureWindows::OnLatePut(const Process& process, const std::string& uri, std::string_view name, bool created) {
  if (IsLog(uri, name) && created) Hit(4);
  if (IsLog(uri, name) && !process.alive) Hit(6);
  if ((IsRecord(uri, name) || IsManifest(uri, name)) && (!process.alive || &process != leader_)) Hit(7);
}

void FailureWindows::OnTouch(const Process& process, const std::string& uri, std::string_view name, bool in_hand_when_frozen) {
  if (!in_hand_when_frozen || !IsTable(uri) || !name.starts_with("_delta_log/")) return;
  if (log_puts_[uri] > log_puts_at_freeze_[&process][uri]) Hit(6);
}

void FailureWindows::OnCollection(const Process& process) { deletions_allowed_.erase(&process); }

void FailureWindows::OnQuestion(const Process& process, const storage::v1::PipelineRecord& answer) {
  auto term = terms_.find(&process);
  deletions_allowed_[&process] = term != terms_.end() && term->second >= answer.term() ? kDeletionsPerQuestion : 0;
}

void FailureWindows::OnDelete(const Process& process, const std::string& uri, std::string_view name) {
  if (uri != kCheckpoints) return;
  // Who is superseded between two questions may end, however late, what the first of them has allowed: it is garbage
  // for every later record as well.
  int& allowed = deletions_allowed_[&process];
  const bool was_allowed = allowed > 0;
  if (was_allowed) --allowed;
  invariants_.OnDelete(process.name, name, record_.term(), IsFencedOff(process) && !was_allowed);
}

void FailureWindows::OnRivals(const std::string& uri, int num_in_a_row) {
  OnFault();
  ++log_puts_[uri];
  const std::vector<std::string> names = *storage_->At(uri)->List("_delta_log/");
  auto version = std::find_if(names.rbegin(), names.rend(), [&](const auto& name) { return IsLog(uri, name); });
  if (version != names.rend()) invariants_.OnTableLog(uri, *version);
  if (num_in_a_row == kStorm) Hit(13);
}

std::vector<std::string> FailureWindows::Leftovers() {
  invariants_.AtEnd(record_);
  std::set<std::string> needed(record_.retained_manifests().begin(), record_.retained_manifests().end());
  for (const std::string& name : record_.retained_manifests()) {
    const storage::v1::Manifest* manifest = invariants_.FindManifest(name);
    if (manifest == nullptr) continue;
    for (const auto& state : manifest->operators()) {
      for (const auto& handle : state.handles()) {
        for (const auto& file : handle.files()) needed.insert(file.blob());
      }
    }
  }
  std::vector<std::string> leftovers = *storage_->At(kCheckpoints)->List("");
  std::erase_if(leftovers, [&](const std::string& name) { return needed.contains(name); });
  return leftovers;
}

std::string FailureWindows::Names() const {
  std::string names;
  for (int window = 1; window <= kNumWindows; ++window) {
    if (hits_[static_cast<size_t>(window)] > 0) names += Cat(names.empty() ? "W" : " W", window);
  }
  return names;
}

}  // namespace millrace::sim
