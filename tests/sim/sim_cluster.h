#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/memory_account.h"
#include "connectors/registry.h"
#include "coordinator/coordinator.h"
#include "coordinator/file_metadata_store.h"
#include "state/memory_backend.h"
#include "tests/sim/fault_plan.h"
#include "tests/sim/sim_leadership.h"
#include "tests/sim/sim_storage.h"
#include "tests/sim/sim_world.h"
#include "worker/worker.h"

namespace millrace::sim {

// Coordinators and workers, all real code, in a World. A process that dies is started anew after a while. A coordinator
// that is frozen is succeeded, and wakes up later: beside its successor.
class Cluster {
 public:
  // Told to whoever reads a trace: when, who, what.
  using OnEvent = std::function<void(absl::Duration at, std::string_view who, std::string_view what)>;
  struct Options {
    uint64_t seed = 1;
    int num_workers = 3;
    uint32_t slots_per_worker = 2;
    // A second coordinator asks for leadership all the time; "coordinator:1" leads to who leads.
    bool standby = false;
    // With a standby: how long a leader that is dead, frozen or cut off still keeps the other from leading.
    absl::Duration lease = absl::Milliseconds(200);
    size_t channel_limit_bytes = 4096;
    absl::Duration watermark_interval = absl::Milliseconds(10);
    absl::Duration heartbeat_interval = absl::Seconds(1);
    absl::Duration heartbeat_timeout = absl::Seconds(5);
    absl::Duration reconnect_delay = absl::Milliseconds(500);
    absl::Duration tick = absl::Milliseconds(20);
    // One of the generator's splits sleeps for a while.
    bool drowsy_source = false;
    // Its seed is the run's.
    FaultPlan::Options faults;
    // Stands between every process and its Delta tables.
    std::function<std::unique_ptr<SinkConnector>(std::unique_ptr<SinkConnector>)> wrap_delta;
    // What a coordinator of another release would plan.
    std::function<void(internal::v1::PhysicalPlan&)> alter_physical;
    // Of every worker.
    MemoryBudget memory;
    // Called for every process that starts: connectors beside the built-in ones.
    std::function<void(ConnectorRegistry&, const ConnectorEnvironment&)> add_connectors;
    OnEvent on_event;  // may be null
  };
  // By kind of fault: the longest virtual time from the end of the last fault, which was of that kind, to the next
  // checkpoint that was completed.
  using Recoveries = std::map<FaultKind, absl::Duration>;

  explicit Cluster(Options options);
  ~Cluster();

  // Stores and starts the pipeline, repeating what a dying coordinator did not answer. False: it was not started after
  // `limit` of virtual time.
  bool TrySubmit(const v1::Plan& plan, absl::Duration limit);
  void Submit(const v1::Plan& plan);
  // Runs until the pipeline is in this state. False: it was not after `limit` of virtual time.
  bool RunUntilState(const std::string& name, v1::PipelineState state, absl::Duration limit);
  // Asks the coordinator that leads, again if it dies meanwhile.
  using Request = std::function<void(Coordinator&, Coordinator::Done)>;
  absl::StatusOr<v1::Pipeline> Call(const Request& request);
  // The one that leads; none leads: all.
  void KillCoordinator();
  void KillWorkers();
  // From now on.
  void SetChance(FaultKind kind, double chance) { faults_.SetChance(kind, chance); }
  void Run(absl::Duration span);
  // False: it did not come true within `limit`.
  bool RunUntil(const std::function<bool()>& done, absl::Duration limit);
  // From now on nothing fails, and users leave the pipeline alone. What had been frozen, cut or slow comes back.
  void StopFaults();
  World& world() { return world_; }
  Storage& storage() { return storage_; }
  FailureWindows& windows() { return windows_; }
  const FaultPlan& faults() const { return faults_; }
  const Recoveries& recoveries() const { return recoveries_; }
  int kills() const { return kills_; }
  // Of worker `index`; null while it is dead.
  std::shared_ptr<MemoryAccount> memory(size_t index) const;
  // As the API showed it last.
  const v1::Pipeline& last_view() const { return view_; }

 private:
  struct Node;
  struct CoordinatorNode;
  struct WorkerNode;
  // Where a process of this role runs, or will run again.
  template <typename NodeType>
  struct Seat {
    std::string role;
    std::unique_ptr<NodeType> node;  // null: it has died
    absl::Duration restart_at;
    absl::Duration thaw_at;
    bool wakes_when_fenced = false;  // at the worst moment
    Fault* freeze = nullptr;         // to be frozen, at the worst moment before `freeze_by`
    absl::Duration freeze_by;
    FaultPlan::Chances* steps = nullptr;
  };
  using CoordinatorSeat = Seat<CoordinatorNode>;
  using WorkerSeat = Seat<WorkerNode>;

  void Tend();
  void StartCoordinator(CoordinatorSeat& seat);
  void StartWorker(WorkerSeat& seat);
  template <typename NodeType>
  void Bury(Seat<NodeType>& seat);
  // Null: none does, or it does not answer.
  CoordinatorNode* Leader();
  Logger LoggerOf(const std::string& role);
  FaultyBlobStores::Outside Outside() { return {&world_, &storage_, &windows_, &rivals_, &troubles_, &faults_}; }
  void Tell(std::string_view who, std::string_view what) const {
    if (options_.on_event) options_.on_event(world_.now(), who, what);
  }
  void NoteRecovery();

  // What goes wrong (sim_strikes.cc).
  // Draws what is drawn once a slice of time.
  void Strike();
  void StrikeWorkers();
  void StrikeCoordinators();
  void StrikeNetwork();
  void StrikeStores();
  void StrikeRestoring();
  void FreezeWorker(WorkerSeat& seat, Fault& fault, bool silently);
  void FreezeCoordinator(CoordinatorSeat& seat, bool silently);
  void Flap(const std::string& a, const std::string& b, absl::Duration until, Random random);
  void TendFrozen();
  void TendZombies();
  std::vector<std::string> Roles() const;

  // Who asks for something (sim_user.cc).
  // Sends a request to who leads when it arrives, perhaps late, perhaps twice.
  void Ask(std::function<void(Coordinator&)> request);
  void ActAsUser();
  void PollView();

  const Options options_;
  Storage storage_;
  FailureWindows windows_{&storage_};
  RivalWriters rivals_;
  StoreTroubles troubles_;
  World world_;
  FaultPlan faults_;
  Lease lease_;
  std::vector<CoordinatorSeat> coordinators_;
  std::vector<WorkerSeat> workers_;
  // A coordinator without a standby that is frozen, or awake beside its successor.
  struct Zombie {
    std::unique_ptr<CoordinatorNode> node;
    absl::Duration next;  // when it wakes, or dies
    bool wakes_when_fenced = false;
  };
  std::vector<Zombie> zombies_;
  std::vector<std::pair<absl::Duration, Fault*>> restoring_kills_;  // when, who
  uint64_t generation_struck_ = 0;
  Fault* rescale_ = nullptr;  // not carried out yet
  absl::Duration rescale_by_;
  bool starts_again_ = false;  // what rests, for it was stopped by a fault
  uint64_t num_starts_ = 0;
  absl::Duration ask_again_at_;
  absl::Duration next_slice_ = FaultPlan::kSlice;
  std::string watched_;  // the pipeline whose view is asked for; empty: none
  absl::Duration next_poll_;
  std::optional<size_t> polled_;  // number of the process that was asked for the view
  int kills_ = 0;
  uint64_t num_processes_ = 0;
  size_t completed_seen_ = 0;
  absl::Duration completed_at_;
  Recoveries recoveries_;
  v1::Pipeline view_;
};

}  // namespace millrace::sim
