#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "tests/sim/commit_log_watch.h"
#include "tests/sim/cut_oracle.h"
#include "tests/sim/fencing_watch.h"
#include "tests/sim/promises.h"
#include "tests/sim/source_cut_watch.h"
#include "tests/sim/state_watch.h"
#include "tests/sim/watermark_watch.h"

namespace millrace::sim {

class Storage;

// Holds the program to its promises (promises.h) while it runs: told what reaches storage, it looks, without faults and
// without the program's help, whether each completed epoch and each commit is what it ought to be. The first promise
// that was broken stays.
//
// Borrows the storage.
class Invariants {
 public:
  explicit Invariants(Storage* storage) : storage_(storage) {}
  // Also compares every completed epoch with what the workload made.
  void SetCutOracle(std::unique_ptr<CutOracle> oracle) { oracle_ = std::move(oracle); }

  // The record that was written, and the one before it.
  void OnRecord(const storage::v1::PipelineRecord& before, const storage::v1::PipelineRecord& after);
  void OnManifest(const std::string& name, std::string_view bytes);
  // A put to the log of a table, whether or not it made the blob.
  void OnTableLog(const std::string& uri, std::string_view name);
  void OnDelete(std::string_view process, std::string_view name, uint64_t term, bool is_fenced_off);
  // A line of a process's log.
  void OnLogLine(std::string_view line);
  // Nothing more is to come.
  void AtEnd(const storage::v1::PipelineRecord& record);

  const storage::v1::Manifest* FindManifest(const std::string& name) const;
  const CommitLogWatch& commits() const { return commits_; }
  size_t num_completed() const { return commits_.num_completed(); }
  // The first promise that was broken; empty: none.
  const std::string& problem() const { return problem_; }

 private:
  void Keep(std::string broken) {
    if (problem_.empty()) problem_ = std::move(broken);
  }
  void OnCompleted(const storage::v1::PipelineRecord& record);

  Storage* const storage_;
  std::unique_ptr<CutOracle> oracle_;
  std::map<std::string, storage::v1::Manifest> manifests_;  // by name
  SourceCutWatch cuts_;
  CommitLogWatch commits_;
  FencingWatch fencing_;
  WatermarkWatch watermarks_;
  StateWatch states_;
  std::string problem_;
};

}  // namespace millrace::sim
