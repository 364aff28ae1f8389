#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/storage/v1/manifest.pb.h"
#include "tests/sim/table_paths.h"

namespace millrace::sim {

// What one version of a Delta table's log says, read without the program's code.
struct LoggedCommit {
  std::string app_id;      // of the marker; empty: there is none
  uint64_t epoch = 0;      // of the marker
  std::map<std::string, int64_t> added;  // bytes by path
  bool is_fence = false;
  bool removes = false;
};
LoggedCommit ReadLoggedCommit(std::string_view json_lines);

// I3. Pure.
class CommitLogWatch {
 public:
  // Each answers: empty, or the promise that was broken.
  std::string OnRecord(const storage::v1::PipelineRecord& before, const storage::v1::PipelineRecord& after) const;
  std::string OnManifest(const std::string& name, const storage::v1::Manifest& manifest);
  std::string OnCompleted(const storage::v1::Manifest& manifest, const TablePaths& tables);
  // What is stored under this version's name now.
  std::string OnTableLog(const std::string& table, const std::string& version, std::string_view bytes);
  // The record says that every epoch up to this one is in all tables; at the end: all that are complete.
  std::string OnCommitted(uint64_t epoch) const;

  size_t num_completed() const { return completed_.size(); }
  bool Has(const std::string& table, uint64_t epoch) const;
  // The pipeline has gone back: completed epochs after this one are abandoned. None of them follows any more.
  void OnRewind(uint64_t to_epoch);

 private:
  std::map<uint64_t, std::string> manifest_names_;  // by epoch
  // By complete epoch and table: the files that it is to have.
  std::map<uint64_t, std::map<std::string, std::set<std::string>>> completed_;
  std::map<std::string, std::string> versions_;  // content by table and version
  std::map<std::string, std::map<std::string, std::vector<uint64_t>>> committed_;  // by table and appId, in the log's order
  std::set<uint64_t> abandoned_;
};

}  // namespace millrace::sim
