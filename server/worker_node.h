#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/log.h"
#include "base/memory_account.h"
#include "base/memory_limit.h"
#include "base/metrics.h"

namespace millrace {

// Everything a worker needs in one process, built in the order of its members.
//
// Owns:    threads, the shuffle's port, state directories below data_dir, connectors, the Worker.
// Thread:  any; Leave and idle hop to the worker's loop.
// Ends:    with the process. A worker that has left, or is killed, loses nothing that was committed, so nothing is torn
//          down; its directory is removed by the next worker that starts below data_dir.
class WorkerNode {
 public:
  struct Options {
    std::string coordinator_address;
    uint32_t num_slots = 2;
    std::string bind = "127.0.0.1";
    // Port of the shuffle; 0: a free one.
    int internal_port = 0;
    std::string data_dir;
    std::string version;
    MemoryBudget memory;
    MemoryLimit memory_limit;  // for the log
  };
  static absl::StatusOr<std::unique_ptr<WorkerNode>> Start(const Options& options, const Clock* clock, Metrics* metrics, Logger log);
  ~WorkerNode();

  const std::string& worker_id() const;
  int internal_port() const;
  // Registered with the coordinator.
  bool ready() const;
  // Tells the coordinator that this worker goes; idle() once its pipelines are elsewhere.
  void Leave();
  bool idle() const;

 private:
  struct Parts;
  explicit WorkerNode(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace millrace
