#include "tests/sim/sim_cluster.h"

#include <optional>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "base/macros.h"
#include "connectors/blackhole/blackhole_connector.h"
#include "connectors/delta/delta_connector.h"
#include "connectors/generator/generator_connector.h"
#include "coordinator/plan/physical_planner.h"
#include "coordinator/plan/plan_validator.h"
#include "tests/sim/sim_network.h"

namespace millrace::sim {
namespace {

constexpr char kCoordinatorAddress[] = "coordinator:1";

// Leads unless another live process does; the term is raised as the real one raises it.
class SimLeadership final : public Leadership {
 public:
  explicit SimLeadership(MetadataStore* store) : store_(store) {}
  absl::StatusOr<Term> Acquire() override {
    uint64_t version = 0;
    uint64_t term = 0;
    auto record = store_->Get("leadership");
    if (record.ok()) {
      version = record->version;
      term = record->version;  // as the real one
    } else if (!absl::IsNotFound(record.status())) {
      return record.status();
    }
    auto raised = store_->CompareAndSet("leadership", version, std::to_string(term + 1));
    if (!raised.ok()) return Unavailable(raised.status().message());
    return Term(term + 1);
  }
  absl::Status Confirm(Term term) override {
    auto record = store_->Get("leadership");
    if (!record.ok()) return record.status();
    return std::stoull(record->bytes) > term.value() ? Aborted("another coordinator leads: term ", record->bytes) : absl::OkStatus();
  }

 private:
  MetadataStore* const store_;
};

FaultPlan::Options WithSeed(FaultPlan::Options options, uint64_t seed) {
  options.seed = seed;
  return options;
}

absl::Duration Millis(uint64_t n) { return absl::Milliseconds(static_cast<int64_t>(n)); }

}  // namespace

// What every process has.
struct Cluster::Node {
  Node(Cluster* cluster, const std::string& name, const std::string& address)
      : process(cluster->world_.MakeProcess(name)),
        blobs(cluster->Outside(), process, &doom),
        io_pool(cluster->world_.MakeIoPool(process)),
        executor(cluster->world_.MakeExecutor(process, "loop")),
        transport(cluster->world_.MakeTransport(process, address)),
        environment{cluster->world_.clock(), nullptr, &blobs, &metrics} {
    process->doom = &doom;
    connectors.AddSource("generator", MakeGeneratorConnector(environment));
    if (cluster->options_.bug == PlantedBug::kSkippedTxnCheck) {
      connectors.AddSink("delta", MakeCarelessDelta(environment));
    } else {
      connectors.AddSink("delta", MakeDeltaConnector(environment));
    }
    connectors.AddSink("blackhole", MakeBlackholeConnector());
  }
  Process* const process;
  Doom doom;
  FaultyBlobStores blobs;
  std::unique_ptr<IoPool> io_pool;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<Transport> transport;
  Metrics metrics;
  ConnectorEnvironment environment;
  ConnectorRegistry connectors;
};

struct Cluster::CoordinatorNode : Node {
  using Node::Node;
  std::shared_ptr<BlobStore> metadata_blobs;
  std::unique_ptr<MetadataStore> metadata;
  std::unique_ptr<SimLeadership> leadership;
  std::unique_ptr<Coordinator> coordinator;
};

struct Cluster::WorkerNode : Node {
  using Node::Node;
  std::unique_ptr<ExecutorFactory> executors;
  MemoryStateBackendFactory state_backends;
  std::unique_ptr<Worker> worker;
};

Cluster::Cluster(Options options)
    : options_(options), world_({.seed = options.seed}), faults_(WithSeed(options.faults, options.seed), [this] { return world_.now(); }) {
  faults_.set_on_taken([this](const Fault& fault) { world_.Trace(fault.id); });
  world_.network().set_faults(&faults_);
  worker_restart_at_.resize(options_.num_workers);
  worker_thaw_at_.resize(options_.num_workers);
  workers_.resize(options_.num_workers);
  StartCoordinator();
  for (size_t i = 0; i < workers_.size(); ++i) StartWorker(i);
}

Cluster::~Cluster() {
  for (auto& worker : workers_) {
    if (worker != nullptr) world_.Kill(worker->process);
  }
  if (coordinator_ != nullptr) world_.Kill(coordinator_->process);
  for (Zombie& zombie : zombies_) world_.Kill(zombie.node->process);
  zombies_.clear();
  workers_.clear();
  coordinator_ = nullptr;
}

void Cluster::StartCoordinator() {
  auto node = std::make_unique<CoordinatorNode>(this, "coordinator", kCoordinatorAddress);
  node->metadata_blobs = *node->blobs.Open("sim://metadata");
  if (options_.bug == PlantedBug::kReusedEpoch) {
    node->metadata = MakeForgetfulStore(node->metadata_blobs.get());
  } else {
    node->metadata = std::make_unique<FileMetadataStore>(node->metadata_blobs.get());
  }
  node->leadership = std::make_unique<SimLeadership>(node->metadata.get());
  Coordinator::Options options;
  options.clock = world_.clock();
  options.executor = node->executor.get();
  options.io_pool = node->io_pool.get();
  options.transport = node->transport.get();
  options.metadata = node->metadata.get();
  options.leadership = node->leadership.get();
  options.blob_stores = &node->blobs;
  options.connectors = &node->connectors;
  options.checkpoint_root = "sim://checkpoints";
  options.seed = world_.random().Next();
  options.validate = [connectors = &node->connectors](const v1::Plan& plan) { return ValidatePlan(plan, *connectors); };
  options.plan_physical = [this](const v1::Plan& plan, uint32_t parallelism) {
    absl::StatusOr<internal::v1::PhysicalPlan> physical = MakePhysicalPlan(plan, parallelism);
    if (physical.ok() && options_.alter_physical) options_.alter_physical(*physical);
    return physical;
  };
  if (options_.bug >= PlantedBug::kUnfencedCollector) {
    options.collect_checkpoints = [bug = options_.bug](BlobStore& blobs, MetadataStore& metadata, const CollectionOrder& order) {
      return CollectBadly(bug, blobs, metadata, order);
    };
  }
  options.on_fenced = [doom = &node->doom](absl::Status) { doom->doomed = true; };
  node->coordinator = std::make_unique<Coordinator>(std::move(options));
  coordinator_ = std::move(node);
  coordinator_->executor->Post([coordinator = coordinator_->coordinator.get()] { coordinator->Run(); });
}

void Cluster::StartWorker(size_t index) {
  std::string name = Cat("worker-", index);
  auto node = std::make_unique<WorkerNode>(this, name, Cat(name, ":1"));
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
  options.worker_id = Cat(name, "-", world_.random().Below(1'000'000));
  options.num_slots = options_.slots_per_worker;
  options.shuffle_address = Cat(name, ":1");
  options.coordinator_address = kCoordinatorAddress;
  options.watermark_interval = absl::Milliseconds(10);
  options.channel_limit_bytes = 4096;
  options.plant_skipped_alignment = options_.bug == PlantedBug::kSkippedAlignment;
  node->worker = std::make_unique<Worker>(options);
  workers_[index] = std::move(node);
  workers_[index]->executor->Post([worker = workers_[index]->worker.get()] { worker->Start(); });
}

void Cluster::Strike() {
  next_slice_ += FaultPlan::kSlice;
  for (size_t i = 0; i < workers_.size(); ++i) {
    const std::string who = Cat("worker-", i);
    Fault* kill = faults_.Take(FaultKind::kKill, who);
    Fault* freeze = faults_.Take(FaultKind::kFreeze, who);
    if (workers_[i] == nullptr || workers_[i]->process->frozen) continue;
    if (kill != nullptr) {
      workers_[i]->doom.Seal(*kill);
    } else if (freeze != nullptr) {
      windows_.OnFreeze(*workers_[i]->process);
      world_.Freeze(workers_[i]->process);
      worker_thaw_at_[i] = freeze->until = world_.now() + Millis(50 + freeze->random.Below(600));
    }
  }
  Fault* kill = faults_.Take(FaultKind::kKill, "coordinator");
  Fault* freeze = faults_.Take(FaultKind::kFreeze, "coordinator");
  if (coordinator_ != nullptr && kill != nullptr) {
    coordinator_->doom.Seal(*kill);
  } else if (coordinator_ != nullptr && freeze != nullptr) {
    freeze_coordinator_ = freeze;
    freeze_coordinator_by_ = world_.now() + absl::Milliseconds(300);
  }
  Fault* stop = faults_.Take(FaultKind::kStop, "user");
  Fault* cancel = faults_.Take(FaultKind::kCancel, "user");
  if (rescale_ == nullptr && (stop != nullptr || cancel != nullptr)) {
    rescale_ = stop != nullptr ? stop : cancel;
    rescale_by_ = world_.now() + absl::Milliseconds(200);
  }
}

void Cluster::FreezeCoordinator() {
  Fault& fault = *std::exchange(freeze_coordinator_, nullptr);
  fault.until = world_.now() + Millis(50 + fault.random.Below(600));
  windows_.OnFreeze(*coordinator_->process);
  world_.Freeze(coordinator_->process);
  zombies_.push_back({std::move(coordinator_), fault.until, fault.random.Chance(0.7)});
  polling_ = false;
  coordinator_restart_at_ = world_.now() + Millis(10 + fault.random.Below(100));
}

void Cluster::TendZombies() {
  absl::Duration now = world_.now();
  // Best when it has just heard that an epoch is in every table: it is about to say so, and to collect.
  bool now_is_best = freeze_coordinator_ != nullptr && windows_.IsCommitLanded() && freeze_coordinator_->random.Chance(0.05);
  if (coordinator_ == nullptr) {
    freeze_coordinator_ = nullptr;
  } else if (freeze_coordinator_ != nullptr && (now_is_best || now >= freeze_coordinator_by_)) {
    FreezeCoordinator();
  }
  for (Zombie& zombie : zombies_) {
    Process* process = zombie.node->process;
    if (process->frozen && (now >= zombie.next || (zombie.wakes_when_fenced && windows_.IsFencedOff(*process)))) {
      world_.Thaw(process);
      zombie.next = now + absl::Seconds(1);
    } else if (zombie.node->doom.doomed || (!process->frozen && now >= zombie.next)) {
      world_.Kill(process);
      zombie.node = nullptr;
    }
  }
  std::erase_if(zombies_, [](const Zombie& zombie) { return zombie.node == nullptr; });
}

void Cluster::Tend() {
  absl::Duration now = world_.now();
  while (now >= next_slice_) Strike();
  if (coordinator_ != nullptr && coordinator_->doom.doomed) {
    KillCoordinator();
  } else if (coordinator_ == nullptr && now >= coordinator_restart_at_) {
    StartCoordinator();
  }
  TendZombies();
  for (size_t i = 0; i < workers_.size(); ++i) {
    if (workers_[i] != nullptr && workers_[i]->process->frozen && now >= worker_thaw_at_[i]) world_.Thaw(workers_[i]->process);
    if (workers_[i] != nullptr && workers_[i]->doom.doomed) {
      ++kills_;
      worker_restart_at_[i] = now + workers_[i]->doom.restart_after;
      windows_.OnDeath(*workers_[i]->process);
      world_.Kill(workers_[i]->process);
      workers_[i] = nullptr;
    } else if (workers_[i] == nullptr && now >= worker_restart_at_[i]) {
      StartWorker(i);
    }
  }
  ActAsUser();
}

void Cluster::KillCoordinator() {
  if (coordinator_ == nullptr) return;
  ++kills_;
  coordinator_restart_at_ = world_.now() + coordinator_->doom.restart_after;
  windows_.OnDeath(*coordinator_->process);
  world_.Kill(coordinator_->process);
  coordinator_ = nullptr;
  polling_ = false;
}

// Answers are not looked at: what does not come about is asked for again.
void Cluster::ActAsUser() {
  absl::Duration now = world_.now();
  if (now < ask_again_at_ || coordinator_ == nullptr || view_.name().empty()) return;
  Coordinator& coordinator = *coordinator_->coordinator;
  bool at_rest = view_.state() == v1::PIPELINE_STATE_STOPPED || view_.state() == v1::PIPELINE_STATE_CANCELLED;
  if (at_rest && starts_again_) {
    // Also long after the wish: it may have been stored late.
    coordinator.Start(view_.name(), 1 + static_cast<uint32_t>(faults_.RandomFor("start", ++num_starts_).Below(4)), [](auto) {});
    ask_again_at_ = now + absl::Milliseconds(100);
  } else if (rescale_ != nullptr && view_.state() == v1::PIPELINE_STATE_RUNNING) {
    // Best while a commit is pending, if there is such a moment soon.
    if (now < rescale_by_ && !windows_.IsCommitPending()) return;
    FaultKind how = std::exchange(rescale_, nullptr)->kind;
    starts_again_ = true;
    ask_again_at_ = now + absl::Milliseconds(50);
    if (how == FaultKind::kCancel) {
      coordinator.Cancel(view_.name(), [](auto) {});
    } else {
      coordinator.Stop(view_.name(), false, [](auto) {});
    }
  }
}

void Cluster::StopFaults() {
  faults_.Stop();
  rivals_.left.clear();
  freeze_coordinator_ = nullptr;
  rescale_ = nullptr;
}

void Cluster::PollView(const std::string& name) {
  if (coordinator_ == nullptr || polling_ || world_.now() < next_poll_) return;
  next_poll_ = world_.now() + absl::Milliseconds(20);
  polling_ = true;
  coordinator_->coordinator->Get(name, [this](absl::StatusOr<v1::Pipeline> view) {
    polling_ = false;
    if (view.ok()) view_ = *std::move(view);
  });
}

void Cluster::Submit(const v1::Plan& plan) {
  // Shared with answers, which may come after this has returned.
  auto started = std::make_shared<bool>(false);
  bool waiting = false;
  CoordinatorNode* asked = nullptr;
  absl::Duration again;
  world_.RunUntil(
      [&] {
        Tend();
        if (*started || coordinator_ == nullptr) return *started;
        if (waiting && asked == coordinator_.get() && world_.now() < again) return false;
        asked = coordinator_.get();
        waiting = true;
        again = world_.now() + absl::Milliseconds(500);
        Coordinator* coordinator = coordinator_->coordinator.get();
        coordinator->Create(plan, "request-1", [started, coordinator, name = plan.name()](absl::StatusOr<v1::Pipeline> created) {
          if (!created.ok()) return;
          coordinator->Start(name, 0, [started](absl::StatusOr<v1::Pipeline> start) {
            // A start that was stored without an answer is refused the second time: it has started.
            *started = start.ok() || start.status().code() == absl::StatusCode::kFailedPrecondition;
          });
        });
        return false;
      },
      absl::Minutes(2));
  Check(*started, "the pipeline was not started within two minutes");
}

absl::StatusOr<v1::Pipeline> Cluster::Call(const Request& request) {
  auto answer = std::make_shared<std::optional<absl::StatusOr<v1::Pipeline>>>();
  CoordinatorNode* asked = nullptr;
  absl::Duration again;
  RunUntil(
      [&] {
        if (answer->has_value() && absl::IsUnavailable((*answer)->status())) answer->reset();
        if (coordinator_ == nullptr || answer->has_value()) return answer->has_value();
        if (asked == coordinator_.get() && world_.now() < again) return false;
        asked = coordinator_.get();
        again = world_.now() + absl::Milliseconds(500);
        request(*coordinator_->coordinator, [answer](absl::StatusOr<v1::Pipeline> result) { *answer = std::move(result); });
        return false;
      },
      absl::Minutes(2));
  if (!answer->has_value()) return absl::DeadlineExceededError("no answer within two minutes");
  return **answer;
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

bool Cluster::RunUntilState(const std::string& name, v1::PipelineState state, absl::Duration limit) {
  return RunUntil(
      [&] {
        PollView(name);
        return view_.state() == state;
      },
      limit);
}

}  // namespace millrace::sim
