#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/memory_blob_store.h"
#include "millrace/storage/v1/manifest.pb.h"
#include "tests/sim/invariants.h"
#include "tests/sim/sim_world.h"

namespace millrace::sim {

class Storage;

// Watches what reaches the simulated storage and who dies when: tells which windows of the commit protocol a run went
// through, and tells the invariants, which see whether the program's promises were kept. Shares no state with the
// program, and reads storage without faults.
//
//   W1   a worker died while it was putting a staged file, before the file was there
//   W2   a process died when output was staged for an epoch that was not complete
//   W3   a process died when an epoch was complete and one of its tables lacked it
//   W4   a put to a table's log was done and its answer lost, or it landed after its sender had been told that it
//        failed
//   W5   a process died when a complete epoch was in a table and the record did not say so yet
//   W6   a process that had been frozen went on with a commit when another had written the table's log, or a dead
//        process's put landed
//   W7   a coordinator whose successor leads stored a manifest, or a dead one's write of the record reached storage
//   W8   a table was fenced, to go back to an older checkpoint
//   W9   an epoch was complete that had nothing for one of the tables
//   W10  a deployment of another parallelism took over an epoch that was complete and not committed
//   W11  staged files were vacuumed away, W12 the table was replaced: both must end in a refusal, see refusals_test.cc
//   W13  other writers won more versions in a row than a commit tries
class FailureWindows {
 public:
  static constexpr int kNumWindows = 13;
  // Marks in hits(): window w is at [w].
  using Hits = std::array<uint64_t, kNumWindows + 1>;

  explicit FailureWindows(Storage* storage) : storage_(storage), invariants_(storage) {}
  // Called by the storage.
  void OnPutDone(const Process& process, const std::string& uri, std::string_view name, std::string_view bytes, bool created);
  void OnCrashBeforePut(const std::string& uri, std::string_view name);
  void OnLostAnswer(const std::string& uri, std::string_view name);
  void OnLatePut(const Process& process, const std::string& uri, std::string_view name, bool created);
  void OnTouch(const Process& process, const std::string& uri, std::string_view name, bool in_hand_when_frozen);
  void OnDelete(const Process& process, const std::string& uri, std::string_view name);
  void OnRivals(const std::string& uri, int num_in_a_row);
  // Called by the cluster's coordinators, each of which collects for one order at a time.
  void OnCollection(const Process& process);
  // The record as its collector has just read it.
  void OnQuestion(const Process& process, const storage::v1::PipelineRecord& answer);
  // Called by the cluster.
  void OnDeath(const Process& process);
  void OnFreeze(const Process& process);
  void OnFault() { ++num_faults_; }

  const Hits& hits() const { return hits_; }
  // "W1 W3".
  std::string Names() const;
  size_t num_completed() const { return invariants_.num_completed(); }
  uint64_t num_faults() const { return num_faults_; }
  const storage::v1::PipelineRecord& record() const { return record_; }
  // An epoch is complete and not in every table.
  bool IsCommitPending() const;
  // It is in every table, and the record does not say so yet.
  bool IsCommitLanded() const;
  // Another coordinator has written the record since this one led.
  bool IsFencedOff(const Process& process) const;
  // Blobs of checkpoints that no retained one names; empty: all is collected.
  std::vector<std::string> Leftovers();
  Invariants& invariants() { return invariants_; }
  // The first promise that was broken; empty: none.
  const std::string& problem() const { return invariants_.problem(); }

 private:
  void Hit(int window) { ++hits_[static_cast<size_t>(window)]; }
  void OnRecord(storage::v1::PipelineRecord record);
  bool Has(const std::string& table, uint64_t epoch) const;
  // Tables by uri that the newest complete epoch has output for.
  std::set<std::string> TablesOfCompleted() const;

  Storage* const storage_;
  Invariants invariants_;
  Hits hits_{};
  uint64_t num_faults_ = 0;
  storage::v1::PipelineRecord record_;
  uint64_t staged_epoch_ = 0;        // the highest
  uint64_t staged_epoch_counted_ = 0;
  std::map<std::string, uint64_t> log_puts_;                // by table
  std::map<const Process*, std::map<std::string, uint64_t>> log_puts_at_freeze_;
  const Process* leader_ = nullptr;
  std::map<const Process*, uint64_t> terms_;
  // What a process's collector may still delete by its last question, which allows nothing if another leads by then.
  std::map<const Process*, int> deletions_allowed_;
};

}  // namespace millrace::sim
