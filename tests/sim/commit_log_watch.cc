#include "tests/sim/commit_log_watch.h"

#include <algorithm>
#include <regex>

#include "millrace/storage/v1/delta_committable.pb.h"
#include "tests/sim/promises.h"

namespace millrace::sim {

LoggedCommit ReadLoggedCommit(std::string_view json_lines) {
  static const std::regex kMarker(R"re("txn":\{"appId":"([^"]*)","version":(\d+))re");
  static const std::regex kAdd(R"re("add":\{"path":"([^"]+)","partitionValues":\{[^}]*\},"size":(\d+))re");
  const std::string text(json_lines);
  LoggedCommit commit;
  std::smatch found;
  if (std::regex_search(text, found, kMarker)) {
    commit.app_id = found[1].str();
    commit.epoch = std::stoull(found[2].str());
  }
  for (std::sregex_iterator at(text.begin(), text.end(), kAdd), end; at != end; ++at) {
    commit.added[(*at)[1].str()] = std::stoll((*at)[2].str());
  }
  commit.is_fence = text.find(R"("digest":"fence")") != std::string::npos;
  commit.removes = text.find("\"remove\":{") != std::string::npos;
  return commit;
}

std::string CommitLogWatch::OnRecord(const storage::v1::PipelineRecord& before, const storage::v1::PipelineRecord& after) const {
  if (after.completed_epoch() < before.completed_epoch()) {
    return Broken(Promise::kCommitLog, "the record goes back from epoch ", before.completed_epoch(), " to ", after.completed_epoch());
  }
  if (after.highest_epoch() < before.highest_epoch() || after.completed_epoch() > after.highest_epoch()) {
    return Broken(Promise::kCommitLog, "the record says that epochs were issued up to ", after.highest_epoch(), ", it was ",
                  before.highest_epoch(), ", and epoch ", after.completed_epoch(), " is complete");
  }
  if (after.committed_epoch() > before.committed_epoch()) return OnCommitted(after.committed_epoch());
  return "";
}

std::string CommitLogWatch::OnManifest(const std::string& name, const storage::v1::Manifest& manifest) {
  auto [at, is_new] = manifest_names_.try_emplace(manifest.epoch(), name);
  if (at->second == name) return "";
  return Broken(Promise::kCommitLog, "epoch ", manifest.epoch(), " was issued twice: ", at->second, " and ", name);
}

std::string CommitLogWatch::OnCompleted(const storage::v1::Manifest& manifest, const TablePaths& paths) {
  auto& tables = completed_[manifest.epoch()];
  for (const auto& sink : manifest.sinks()) {
    auto table = paths.find(sink.uid());
    if (table == paths.end()) continue;
    for (const auto& committable : sink.committables()) {
      storage::v1::DeltaCommittable staged;
      if (committable.sealed_epoch() > manifest.epoch() || !staged.ParseFromString(committable.bytes())) {
        return Broken(Promise::kCommitLog, "epoch ", manifest.epoch(), " has a committable of epoch ", committable.sealed_epoch(),
                      " for sink ", sink.uid(), " with ", staged.files_size(), " files");
      }
      for (const auto& file : staged.files()) {
        if (!tables[table->second].insert(file.path()).second) {
          return Broken(Promise::kCommitLog, "epoch ", manifest.epoch(), " names ", file.path(), " twice");
        }
      }
    }
  }
  return "";
}

bool CommitLogWatch::Has(const std::string& table, uint64_t epoch) const {
  auto found = committed_.find(table);
  if (found == committed_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](const auto& app) {
    return std::find(app.second.begin(), app.second.end(), epoch) != app.second.end();
  });
}

std::string CommitLogWatch::OnTableLog(const std::string& table, const std::string& version, std::string_view bytes) {
  auto [at, is_new] = versions_.try_emplace(Cat(table, " ", version), bytes);
  if (at->second != bytes) return Broken(Promise::kCommitLog, table, ": ", version, " was written over");
  if (!is_new) return "";
  LoggedCommit commit = ReadLoggedCommit(bytes);
  if (commit.removes) return Broken(Promise::kCommitLog, table, ": ", version, " removes files");
  if (commit.app_id.empty()) return "";
  std::vector<uint64_t>& epochs = committed_[table][commit.app_id];
  if (!epochs.empty() && epochs.back() >= commit.epoch) {
    return Broken(Promise::kCommitLog, table, " has epoch ", commit.epoch, " after epoch ", epochs.back());
  }
  epochs.push_back(commit.epoch);
  // It says that no epoch up to this one will ever follow.
  if (commit.is_fence) return "";
  auto complete = completed_.find(commit.epoch);
  if (abandoned_.contains(commit.epoch)) {
    return Broken(Promise::kCommitLog, table, " has epoch ", commit.epoch, ", which was abandoned");
  }
  if (complete == completed_.end()) {
    return Broken(Promise::kCommitLog, table, " has epoch ", commit.epoch, ", which is not complete");
  }
  std::set<std::string> added;
  for (const auto& [path, size] : commit.added) added.insert(path);
  if (added != complete->second[table]) {
    return Broken(Promise::kCommitLog, table, " has ", added.size(), " files of epoch ", commit.epoch, ", its manifest has ",
                  complete->second[table].size());
  }
  return "";
}

void CommitLogWatch::OnRewind(uint64_t to_epoch) {
  for (const auto& [epoch, tables] : completed_) {
    if (epoch > to_epoch) abandoned_.insert(epoch);
  }
}

std::string CommitLogWatch::OnCommitted(uint64_t epoch) const {
  for (const auto& [completed, tables] : completed_) {
    if (completed > epoch) break;
    if (abandoned_.contains(completed)) continue;
    for (const auto& [table, files] : tables) {
      if (!files.empty() && !Has(table, completed)) {
        return Broken(Promise::kCommitLog, "epoch ", completed, " is said to be in all tables, and is not in ", table);
      }
    }
  }
  return "";
}

}  // namespace millrace::sim
