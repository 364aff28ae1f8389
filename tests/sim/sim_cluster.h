#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/registry.h"
#include "coordinator/coordinator.h"
#include "coordinator/file_metadata_store.h"
#include "state/memory_backend.h"
#include "tests/sim/sim_storage.h"
#include "tests/sim/sim_world.h"
#include "worker/worker.h"

namespace millrace::sim {

// Bugs that the harness must be able to find.
enum class PlantedBug { kNone, kSkippedTxnCheck, kSkippedAlignment, kReusedEpoch };

// A coordinator and workers, all real code, in a World. A process that dies is started anew after a while.
class Cluster {
 public:
  struct Options {
    uint64_t seed = 1;
    int num_workers = 3;
    uint32_t slots_per_worker = 2;
    StorageFaults faults;
    double break_chance = 0;
    PlantedBug bug = PlantedBug::kNone;
    // Mean virtual time between kills of a random process; zero: none.
    absl::Duration kill_every;
  };
  explicit Cluster(Options options);
  ~Cluster();

  // Stores and starts the pipeline, repeating what a dying coordinator did not answer.
  void Submit(const v1::Plan& plan);
  // Runs until the pipeline is in this state. False: it was not after `limit` of virtual time.
  bool RunUntilState(const std::string& name, v1::PipelineState state, absl::Duration limit);
  // From now on nothing fails.
  void StopFaults();
  World& world() { return world_; }
  Storage& storage() { return storage_; }
  int kills() const { return kills_; }
  // As the API showed it last.
  const v1::Pipeline& last_view() const { return view_; }

 private:
  struct Node;
  struct CoordinatorNode;
  struct WorkerNode;
  void Tend();
  void StartCoordinator();
  void StartWorker(size_t index);
  void PollView(const std::string& name);

  const Options options_;
  StorageFaults faults_;
  Storage storage_;
  World world_;
  std::unique_ptr<CoordinatorNode> coordinator_;
  std::vector<std::unique_ptr<WorkerNode>> workers_;
  absl::Duration coordinator_restart_at_;
  std::vector<absl::Duration> worker_restart_at_;
  absl::Duration next_kill_ = absl::InfiniteDuration();
  absl::Duration next_poll_;
  bool polling_ = false;
  int kills_ = 0;
  v1::Pipeline view_;
};

}  // namespace millrace::sim
