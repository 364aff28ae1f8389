#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/sim_cluster.h"
#include "tests/sim/sim_log.h"

namespace millrace::sim {

// A pipeline that counts a SimLog's records per user and window in a cluster: windows, late rows and dead letters each
// go into a table. At the end the tables are compared with the log's ledger.
class LogRun {
 public:
  struct Options {
    SimLog::Options log;
    std::vector<SimLog::PartitionOptions> partitions;
    Cluster::Options cluster;
    int64_t idle_timeout_ms = 200;
    // JSON; empty: none.
    std::string bad_record_limit = {};
    // A filter drops rows with a smaller amount, most of them before they are rows. 0: there is no filter.
    int64_t least_amount = 0;
  };
  // Of the plan.
  static constexpr int64_t kBoundMicros = 100'000;
  static constexpr int64_t kWindowMicros = 500'000;

  explicit LogRun(Options options);
  SimLog& log() { return log_; }
  Cluster& cluster() { return cluster_; }
  // Adds a partition whose records count from its first one that is there.
  int32_t AddPartition(const SimLog::PartitionOptions& options);
  v1::Plan PlanWith(std::string_view bad_record_limit) const;

  void Start();
  // The coordinator's reason. Empty: it did not fail within `limit`.
  std::string FailsWithin(absl::Duration limit);
  bool StopAtCheckpoint();
  // Windows that are in the table by now.
  int64_t NumFired();
  // From now on nothing fails and no more records come; all that are there are read, and every window fires.
  // False: that did not come about.
  bool Drain();
  // Empty: every record that the filter lets pass counts once, as a window's, a late row or a dead letter, and no row
  // is late that should not be. `always_active`: partitions that were never idle and there from the start, so that
  // their own watermark bounds that of the operator.
  std::string Problem(const std::set<int32_t>& always_active);
  size_t num_late() const { return num_late_; }
  // Where the newest complete checkpoint stands, by partition.
  std::map<std::string, int64_t> Positions();

 private:
  int64_t EndOf(int32_t partition) const;
  bool IsWanted(const SimLog::Record& record) const {
    return static_cast<int64_t>(record.row.amount) >= options_.least_amount;
  }
  std::string CheckLate(const std::map<int64_t, SimLog::Record>& by_id, const std::set<int32_t>& always_active, std::set<int64_t>* late);
  std::string CheckWindows(const std::map<int64_t, SimLog::Record>& by_id, const std::set<int64_t>& late);
  std::string CheckDead(const std::set<std::pair<int32_t, int64_t>>& bad);

  const Options options_;
  SimLog log_;
  // First records that count, by partition.
  std::vector<int64_t> begins_;
  Cluster cluster_;
  size_t num_late_ = 0;
};

}  // namespace millrace::sim
