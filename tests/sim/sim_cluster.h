#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/registry.h"
#include "coordinator/coordinator.h"
#include "coordinator/file_metadata_store.h"
#include "state/memory_backend.h"
#include "tests/sim/fault_plan.h"
#include "tests/sim/planted_bugs.h"
#include "tests/sim/sim_storage.h"
#include "tests/sim/sim_world.h"
#include "worker/worker.h"

namespace millrace::sim {

// A coordinator and workers, all real code, in a World. A process that dies is started anew after a while; one that is
// frozen is given up by the others, and wakes up later: a coordinator beside its successor.
class Cluster {
 public:
  struct Options {
    uint64_t seed = 1;
    int num_workers = 3;
    uint32_t slots_per_worker = 2;
    // Its seed is the run's.
    FaultPlan::Options faults;
    PlantedBug bug = PlantedBug::kNone;
    // What a coordinator of another release would plan.
    std::function<void(internal::v1::PhysicalPlan&)> alter_physical;
  };
  explicit Cluster(Options options);
  ~Cluster();

  // Stores and starts the pipeline, repeating what a dying coordinator did not answer.
  void Submit(const v1::Plan& plan);
  // Runs until the pipeline is in this state. False: it was not after `limit` of virtual time.
  bool RunUntilState(const std::string& name, v1::PipelineState state, absl::Duration limit);
  // Asks the coordinator, again if it dies meanwhile.
  using Request = std::function<void(Coordinator&, Coordinator::Done)>;
  absl::StatusOr<v1::Pipeline> Call(const Request& request);
  void KillCoordinator();
  void Run(absl::Duration span);
  // False: it did not come true within `limit`.
  bool RunUntil(const std::function<bool()>& done, absl::Duration limit);
  // From now on nothing fails, and users leave the pipeline alone.
  void StopFaults();
  World& world() { return world_; }
  Storage& storage() { return storage_; }
  FailureWindows& windows() { return windows_; }
  const FaultPlan& faults() const { return faults_; }
  int kills() const { return kills_; }
  // As the API showed it last.
  const v1::Pipeline& last_view() const { return view_; }

 private:
  struct Node;
  struct CoordinatorNode;
  struct WorkerNode;
  void Tend();
  // Draws what is drawn once a slice of time.
  void Strike();
  void FreezeCoordinator();
  void TendZombies();
  void ActAsUser();
  FaultyBlobStores::Outside Outside() { return {&world_, &storage_, &windows_, &rivals_, &faults_}; }
  void StartCoordinator();
  void StartWorker(size_t index);
  void PollView(const std::string& name);

  const Options options_;
  Storage storage_;
  FailureWindows windows_{&storage_};
  RivalWriters rivals_;
  World world_;
  FaultPlan faults_;
  std::unique_ptr<CoordinatorNode> coordinator_;
  // A coordinator that is frozen, or awake beside a successor.
  struct Zombie {
    std::unique_ptr<CoordinatorNode> node;
    absl::Duration next;           // when it wakes, or dies
    bool wakes_when_fenced = false;  // at the worst moment
  };
  std::vector<Zombie> zombies_;
  // Its coordinator is to be frozen, at the worst moment before `freeze_coordinator_by_`.
  Fault* freeze_coordinator_ = nullptr;
  absl::Duration freeze_coordinator_by_;
  std::vector<std::unique_ptr<WorkerNode>> workers_;
  absl::Duration coordinator_restart_at_;
  std::vector<absl::Duration> worker_restart_at_;
  std::vector<absl::Duration> worker_thaw_at_;
  Fault* rescale_ = nullptr;  // not carried out yet
  absl::Duration rescale_by_;
  bool starts_again_ = false;  // what rests, for it was stopped by a fault
  uint64_t num_starts_ = 0;
  absl::Duration ask_again_at_;
  absl::Duration next_slice_ = FaultPlan::kSlice;
  absl::Duration next_poll_;
  bool polling_ = false;
  int kills_ = 0;
  v1::Pipeline view_;
};

}  // namespace millrace::sim
