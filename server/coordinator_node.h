#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/log.h"
#include "base/metrics.h"
#include "server/pipeline_control.h"

namespace millrace {

// Everything a coordinator needs in one process, built in the order of its members. Its metadata and checkpoints lie
// below data_dir.
//
// Owns:    threads, the internal port, the Coordinator.
// Thread:  any.
// Ends:    with the process, as WorkerNode does: what was promised is on disk.
class CoordinatorNode {
 public:
  struct Options {
    std::string bind = "127.0.0.1";
    // For workers; 0: a free one.
    int internal_port = 7072;
    std::string data_dir;
  };
  static absl::StatusOr<std::unique_ptr<CoordinatorNode>> Start(const Options& options, const Clock* clock, Metrics* metrics,
                                                                Logger log);
  ~CoordinatorNode();

  // Begins to strive for leadership. Call it once, when all that could keep this process from serving has been tried.
  void Lead();
  PipelineControl* control();
  int internal_port() const;
  // OK on the leader with its records loaded.
  absl::Status ready() const;

 private:
  struct Parts;
  explicit CoordinatorNode(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace millrace
