#include "tests/sim/sim_cluster.h"

#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "connectors/blackhole/blackhole_connector.h"
#include "connectors/delta/delta_connector.h"
#include "connectors/generator/generator_connector.h"
#include "coordinator/plan/physical_planner.h"
#include "coordinator/plan/plan_validator.h"
#include "tests/sim/drowsy_generator.h"
#include "tests/sim/planted_bugs.h"
#include "tests/sim/sim_cluster_nodes.h"
#include "tests/sim/sim_network.h"

namespace millrace::sim {
namespace {

constexpr char kCoordinatorAddress[] = "coordinator:1";

FaultPlan::Options WithSeed(FaultPlan::Options options, uint64_t seed) {
  options.seed = seed;
  return options;
}

// Calls that block, some of them for very long.
class SlowIoPool final : public IoPool {
 public:
  SlowIoPool(World* world, Process* process, FaultPlan* faults)
      : world_(world), process_(process), slow_(faults->At(FaultKind::kSlowCall, process->name)), faults_(faults),
        inner_(world->MakeIoPool(process)) {}
  void Run(absl::AnyInvocable<void()> blocking) override {
    Fault* slow = faults_->Take(slow_);
    if (slow == nullptr) return inner_->Run(std::move(blocking));
    absl::Duration takes = absl::Milliseconds(static_cast<int64_t>(100 + slow->random.Below(2000)));
    slow->until = slow->at + takes;
    world_->After(takes, process_,
                  [inner = inner_.get(), blocking = std::move(blocking)]() mutable { inner->Run(std::move(blocking)); });
  }

 private:
  World* const world_;
  Process* const process_;
  FaultPlan::Chances* const slow_;
  FaultPlan* const faults_;
  const std::unique_ptr<IoPool> inner_;
};

// Tells what a collector is answered when it asks whether it may go on.
class QuestionedStore final : public MetadataStore {
 public:
  using OnAnswer = std::function<void(const storage::v1::PipelineRecord&)>;
  QuestionedStore(MetadataStore* inner, OnAnswer on_answer) : inner_(inner), on_answer_(std::move(on_answer)) {}
  absl::StatusOr<VersionedRecord> Get(std::string_view name) override {
    absl::StatusOr<VersionedRecord> found = inner_->Get(name);
    storage::v1::PipelineRecord record;
    if (found.ok() && record.ParseFromString(found->bytes)) on_answer_(record);
    return found;
  }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override { return inner_->List(prefix); }
  absl::StatusOr<uint64_t> CompareAndSet(std::string_view name, uint64_t expected, std::string_view bytes) override {
    return inner_->CompareAndSet(name, expected, bytes);
  }

 private:
  MetadataStore* const inner_;
  const OnAnswer on_answer_;
};

}  // namespace

Cluster::Node::Node(Cluster* cluster, const std::string& name, const std::string& address)
    : process(cluster->world_.MakeProcess(name)),
      blobs(cluster->Outside(), process, &doom),
      io_pool(std::make_unique<SlowIoPool>(&cluster->world_, process, &cluster->faults_)),
      executor(cluster->world_.MakeExecutor(process, "loop")),
      transport(cluster->world_.MakeTransport(process, address)),
      environment{cluster->world_.clock(), nullptr, &blobs, &metrics} {
  process->doom = &doom;
  connectors.AddSource("generator", cluster->options_.drowsy_source ? MakeDrowsyGenerator(environment) : MakeGeneratorConnector(environment));
  auto delta = MakeDeltaConnector(environment);
  if (cluster->options_.wrap_delta) delta = cluster->options_.wrap_delta(std::move(delta));
  connectors.AddSink("delta", std::move(delta));
  connectors.AddSink("blackhole", MakeBlackholeConnector());
  if (cluster->options_.add_connectors) cluster->options_.add_connectors(connectors, environment);
}

Cluster::Cluster(Options options)
    : options_(options), world_({.seed = options.seed}), faults_(WithSeed(options.faults, options.seed), [this] { return world_.now(); }) {
  faults_.set_on_taken([this](const Fault& fault) {
    world_.Trace(fault.id);
    Tell("FAULT", fault.id);
  });
  world_.network().set_faults(&faults_);
  lease_.duration = options_.lease;
  for (int i = 0; i < (options_.standby ? 2 : 1); ++i) {
    coordinators_.emplace_back().role = options_.standby ? Cat("coordinator-", i) : "coordinator";
  }
  for (int i = 0; i < options_.num_workers; ++i) workers_.emplace_back().role = Cat("worker-", i);
  for (CoordinatorSeat& seat : coordinators_) seat.steps = faults_.At(FaultKind::kStep, seat.role);
  for (WorkerSeat& seat : workers_) seat.steps = faults_.At(FaultKind::kStep, seat.role);
  for (CoordinatorSeat& seat : coordinators_) StartCoordinator(seat);
  for (WorkerSeat& seat : workers_) StartWorker(seat);
}

Cluster::~Cluster() {
  for (WorkerSeat& seat : workers_) {
    if (seat.node != nullptr) world_.Kill(seat.node->process);
  }
  for (CoordinatorSeat& seat : coordinators_) {
    if (seat.node != nullptr) world_.Kill(seat.node->process);
  }
  for (Zombie& zombie : zombies_) world_.Kill(zombie.node->process);
  zombies_.clear();
  workers_.clear();
  coordinators_.clear();
  world_.network().set_faults(nullptr);  // the plan ends before the world
}

Logger Cluster::LoggerOf(const std::string& role) {
  return Logger(world_.clock(), [this, role](const std::string& line) {
    windows_.invariants().OnLogLine(line);
    size_t event = line.find("event=");
    Tell(role, std::string_view(line).substr(event == std::string::npos ? 0 : event + 6));
  });
}

void Cluster::StartCoordinator(CoordinatorSeat& seat) {
  Tell(seat.role, "starts");
  auto node = std::make_unique<CoordinatorNode>(this, seat.role, kCoordinatorAddress);
  node->doom.restart_after = absl::Milliseconds(static_cast<int64_t>(10 + faults_.RandomFor("restart", ++num_processes_).Below(300)));
  node->metadata_blobs = *node->blobs.Open("sim://metadata");
  node->metadata = MakeMetadataStore(node->metadata_blobs.get());
  node->leadership = std::make_unique<SimLeadership>(node->metadata.get(), &world_, node->process, options_.standby ? &lease_ : nullptr);
  Coordinator::Options options;
  options.clock = world_.clock();
  options.executor = node->executor.get();
  options.io_pool = node->io_pool.get();
  options.transport = node->transport.get();
  options.metadata = node->metadata.get();
  options.leadership = node->leadership.get();
  options.blob_stores = &node->blobs;
  options.connectors = &node->connectors;
  options.logger = LoggerOf(seat.role);
  options.checkpoint_root = "sim://checkpoints";
  options.seed = faults_.RandomFor("coordinator", num_processes_).Next();
  options.tick = options_.tick;
  options.heartbeat_timeout = options_.heartbeat_timeout;
  options.validate = [connectors = &node->connectors](const v1::Plan& plan) { return ValidatePlan(plan, *connectors); };
  options.plan_physical = [this](const v1::Plan& plan, uint32_t parallelism) {
    absl::StatusOr<internal::v1::PhysicalPlan> physical = MakePhysicalPlan(plan, parallelism);
    if (physical.ok() && options_.alter_physical) options_.alter_physical(*physical);
    return physical;
  };
  options.collect_checkpoints = [this, process = node->process](BlobStore& blobs, MetadataStore& metadata, const CollectionOrder& order) {
    windows_.OnCollection(*process);
    QuestionedStore questioned(&metadata, [this, process](const storage::v1::PipelineRecord& answer) { windows_.OnQuestion(*process, answer); });
    return Collect(blobs, questioned, order);
  };
  options.on_fenced = [doom = &node->doom](absl::Status) { doom->doomed = true; };
  node->coordinator = std::make_unique<Coordinator>(std::move(options));
  seat.freeze = nullptr;
  seat.node = std::move(node);
  seat.node->executor->Post([coordinator = seat.node->coordinator.get()] { coordinator->Run(); });
}

void Cluster::StartWorker(WorkerSeat& seat) {
  Tell(seat.role, "starts");
  const std::string address = Cat(seat.role, ":1");
  auto node = std::make_unique<WorkerNode>(this, seat.role, address);
  ++num_processes_;
  node->executors = world_.MakeExecutorFactory(node->process);
  WorkerOptions options;
  options.clock = world_.clock();
  options.executor = node->executor.get();
  options.executors = node->executors.get();
  options.io_pool = node->io_pool.get();
  options.transport = node->transport.get();
  options.blob_stores = &node->blobs;
  options.state_backends = &node->state_backends;
  options.connectors = &node->connectors;
  options.metrics = &node->metrics;
  options.log = LoggerOf(seat.role);
  options.worker_id = Cat(seat.role, "-", num_processes_);
  options.seed = faults_.RandomFor("worker", num_processes_).Next();
  options.num_slots = options_.slots_per_worker;
  options.shuffle_address = address;
  options.coordinator_address = kCoordinatorAddress;
  options.watermark_interval = options_.watermark_interval;
  options.channel_limit_bytes = options_.channel_limit_bytes;
  options.heartbeat_interval = options_.heartbeat_interval;
  options.reconnect_delay = options_.reconnect_delay;
  options.memory = node->memory = MemoryAccount::Make(options_.memory);
  node->worker = std::make_unique<Worker>(options);
  seat.node = std::move(node);
  seat.node->executor->Post([worker = seat.node->worker.get()] { worker->Start(); });
}

std::shared_ptr<MemoryAccount> Cluster::memory(size_t index) const {
  return workers_[index].node == nullptr ? nullptr : workers_[index].node->memory;
}

Cluster::CoordinatorNode* Cluster::Leader() {
  for (CoordinatorSeat& seat : coordinators_) {
    if (seat.node == nullptr || seat.node->process->frozen) continue;
    if (!options_.standby || lease_.holder == seat.node->process) return seat.node.get();
  }
  return nullptr;
}

template <typename NodeType>
void Cluster::Bury(Seat<NodeType>& seat) {
  ++kills_;
  Tell(seat.role, "dies");
  seat.restart_at = world_.now() + seat.node->doom.restart_after;
  windows_.OnDeath(*seat.node->process);
  world_.Kill(seat.node->process);
  if (polled_ == seat.node->process->number) polled_.reset();
  seat.node = nullptr;
  seat.freeze = nullptr;
}

void Cluster::Tend() {
  absl::Duration now = world_.now();
  while (now >= next_slice_) Strike();
  StrikeRestoring();
  const Process* ran = world_.last_ran();
  auto steps = [&](auto& seat) {
    if (seat.node == nullptr || seat.node->process != ran || seat.node->doom.doomed) return;
    if (Fault* step = faults_.Take(seat.steps)) seat.node->doom.Seal(*step);
  };
  for (CoordinatorSeat& seat : coordinators_) {
    steps(seat);
    if (seat.node != nullptr && seat.node->doom.doomed) {
      Bury(seat);
    } else if (seat.node == nullptr && now >= seat.restart_at) {
      StartCoordinator(seat);
    }
  }
  TendFrozen();
  TendZombies();
  for (WorkerSeat& seat : workers_) {
    steps(seat);
    if (seat.node != nullptr && seat.node->doom.doomed) {
      Bury(seat);
    } else if (seat.node == nullptr && now >= seat.restart_at) {
      StartWorker(seat);
    }
  }
  NoteRecovery();
  PollView();
  ActAsUser();
}

void Cluster::NoteRecovery() {
  if (windows_.num_completed() == completed_seen_) return;
  completed_seen_ = windows_.num_completed();
  absl::Duration now = world_.now();
  Tell("STORE", Cat("epoch ", windows_.record().completed_epoch(), " is complete"));
  const Fault* last = nullptr;
  for (auto fault = faults_.taken().rbegin(); fault != faults_.taken().rend() && fault->at > completed_at_ - absl::Seconds(10); ++fault) {
    if (last == nullptr || fault->until > last->until) last = &*fault;
  }
  if (last != nullptr && last->until <= now && last->until > completed_at_) {
    absl::Duration& slowest = recoveries_[last->kind];
    slowest = std::max(slowest, now - last->until);
  }
  completed_at_ = now;
}

void Cluster::KillCoordinator() {
  CoordinatorNode* leader = Leader();
  for (CoordinatorSeat& seat : coordinators_) {
    if (seat.node != nullptr && (leader == nullptr || seat.node.get() == leader)) Bury(seat);
  }
}

void Cluster::KillWorkers() {
  for (WorkerSeat& seat : workers_) {
    if (seat.node != nullptr) seat.node->doom.doomed = true;
  }
}

bool Cluster::RunUntil(const std::function<bool()>& done, absl::Duration limit) {
  return world_.RunUntil(
      [&] {
        Tend();
        return done();
      },
      limit);
}

void Cluster::Run(absl::Duration span) {
  absl::Duration end = world_.now() + span;
  RunUntil([&] { return world_.now() >= end; }, span + absl::Seconds(1));
}

}  // namespace millrace::sim
