#include "tests/sim/sim_world.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "tests/sim/sim_network.h"

namespace millrace::sim {

namespace {

class SimClock final : public Clock {
 public:
  explicit SimClock(const absl::Duration* now) : now_(now) {}
  absl::Time Now() const override { return absl::FromUnixSeconds(1'760'000'000) + *now_; }
  absl::Duration Monotonic() const override { return absl::Seconds(1000) + *now_; }

 private:
  const absl::Duration* now_;
};

}  // namespace

class SimExecutor final : public Executor {
 public:
  SimExecutor(World* world, std::shared_ptr<World::Queue> queue) : world_(world), queue_(std::move(queue)) {}
  ~SimExecutor() override {
    // As the real one: what is posted runs, unless the process has died.
    while (queue_->process->alive && !queue_->ready.empty()) {
      auto closure = std::move(queue_->ready.front());
      queue_->ready.pop_front();
      closure();
    }
    Check(!queue_->busy || !queue_->process->alive, "an executor ends after its closures");
    queue_->open = false;
    auto dropped = std::move(queue_->ready);
  }
  void Post(absl::AnyInvocable<void()> closure) override {
    if (queue_->open && queue_->process->alive) queue_->ready.push_back(std::move(closure));
  }
  void PostAfter(absl::Duration delay, absl::AnyInvocable<void()> closure) override {
    if (!queue_->open || !queue_->process->alive) return;
    world_->After(delay, queue_->process, [queue = queue_, closure = std::move(closure)]() mutable {
      if (queue->open && queue->process->alive) queue->ready.push_back(std::move(closure));
    });
  }

 private:
  World* const world_;
  const std::shared_ptr<World::Queue> queue_;
};

class SimIoPool final : public IoPool {
 public:
  SimIoPool(World* world, Process* process) : world_(world), process_(process) {}
  void Run(absl::AnyInvocable<void()> blocking) override {
    if (!process_->alive) return;
    world_->After(world_->Jitter(world_->options_.max_io_delay), process_,
                  [world = world_, process = process_, blocking = std::move(blocking)]() mutable {
                    world->RunOnFiber(process, nullptr, std::move(blocking));
                  });
  }

 private:
  World* const world_;
  Process* const process_;
};

World::World(Options options)
    : options_(options),
      random_(options.seed),
      clock_(std::make_unique<SimClock>(&now_)),
      network_(std::make_unique<Network>(this)) {}

World::~World() {
  for (auto& process : processes_) {
    process->alive = false;
    EndTasksOf(process.get());
  }
  auto timers = std::move(timers_);
}

void World::Trace(std::string_view what) {
  for (unsigned char c : what) trace_hash_ = (trace_hash_ ^ c) * 1099511628211ull;
  trace_hash_ = (trace_hash_ ^ static_cast<uint64_t>(absl::ToInt64Nanoseconds(now_))) * 1099511628211ull;
}

void World::After(absl::Duration delay, Process* process, absl::AnyInvocable<void()> closure) {
  uint64_t sequence = sequence_++;
  absl::Duration due = now_ + std::max(delay, absl::ZeroDuration());
  timers_.emplace(std::pair(due, sequence), Timer{due, sequence, process, std::move(closure), false});
}

absl::Duration World::Jitter(absl::Duration most) {
  return absl::Microseconds(static_cast<int64_t>(1 + random_.Below(static_cast<uint64_t>(absl::ToInt64Microseconds(most)))));
}

bool World::RunOne() {
  last_ran_ = nullptr;
  std::vector<size_t> ready;
  for (size_t i = 0; i < queues_.size(); ++i) {
    const Queue& queue = *queues_[i];
    if (!queue.ready.empty() && !queue.busy && queue.process->alive && !queue.process->frozen) ready.push_back(i);
  }
  bool timer_due = !timers_.empty() && timers_.begin()->second.due <= now_;
  if (ready.empty() && !timer_due) {
    if (timers_.empty()) return false;
    now_ = timers_.begin()->second.due;
    timer_due = true;
  }
  if (timer_due && (ready.empty() || random_.Below(2) == 0)) {
    Timer timer = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    if (timer.process != nullptr && timer.process->frozen) {
      timer.was_frozen = true;
      frozen_timers_.push_back(std::move(timer));
    } else if (timer.process == nullptr || timer.process->alive) {
      last_ran_ = timer.process;
      in_hand_when_frozen_ = timer.was_frozen;
      timer.closure();
      in_hand_when_frozen_ = false;
    }
    return true;
  }
  std::shared_ptr<Queue> queue = queues_[ready[random_.Below(ready.size())]];
  auto closure = std::move(queue->ready.front());
  queue->ready.pop_front();
  last_ran_ = queue->process;
  Trace(queue->name);
  RunOnFiber(queue->process, queue, std::move(closure));
  now_ += absl::Microseconds(1 + static_cast<int64_t>(random_.Below(50)));
  return true;
}

void World::RunOnFiber(Process* process, std::shared_ptr<Queue> queue, absl::AnyInvocable<void()> closure) {
  tasks_.push_back(std::make_unique<Task>(Task{.process = process, .queue = std::move(queue), .was_frozen = in_hand_when_frozen_}));
  Task* task = current_ = tasks_.back().get();
  task->fiber = fibers_.Run(std::move(closure));
  current_ = nullptr;
  if (task->fiber == nullptr) EndTask(task);
}

void World::Resume(Task* task) {
  Trace(task->process->name);
  if (task->queue != nullptr) task->queue->busy = false;
  task->was_frozen |= in_hand_when_frozen_;
  in_hand_when_frozen_ = task->was_frozen;
  current_ = task;
  bool ended = fibers_.Resume(task->fiber);
  current_ = nullptr;
  if (ended) EndTask(task);
}

void World::EndTask(Task* task) {
  std::erase_if(tasks_, [&](const auto& other) { return other.get() == task; });
}

void World::EndTasksOf(Process* process) {
  std::vector<Task*> suspended;
  for (auto& task : tasks_) {
    if (task->process == process) suspended.push_back(task.get());
  }
  for (Task* task : suspended) {
    task->dying = true;
    Resume(task);
  }
  in_hand_when_frozen_ = false;
}

bool World::Sleep(absl::Duration duration) {
  Task* task = current_;
  if (task == nullptr) return true;
  if (task->dying || !task->process->alive) return false;
  if (duration < absl::InfiniteDuration()) After(duration, task->process, [this, task] { Resume(task); });
  if (task->queue != nullptr) task->queue->busy = true;
  fibers_.Suspend();
  return !task->dying;
}

bool World::RunUntil(const std::function<bool()>& done, absl::Duration limit) {
  absl::Duration deadline = now_ + limit;
  while (!done()) {
    if (now_ > deadline) return false;
    if (!RunOne()) now_ += absl::Milliseconds(1);  // nobody lives: time passes until somebody is started
  }
  return true;
}

Process* World::MakeProcess(std::string name) {
  processes_.push_back(std::make_unique<Process>(Process{.name = std::move(name), .number = processes_.size()}));
  return processes_.back().get();
}

void World::Kill(Process* process) {
  Check(current_ == nullptr, "a process is killed from outside");
  Trace("kill " + process->name);
  process->alive = false;
  network_->StopServing(process);
  EndTasksOf(process);
  // Closures own parts of the process: they are dropped one by one, for dropping may post and close.
  for (auto at = timers_.begin(); at != timers_.end();) {
    if (at->second.process != process) {
      ++at;
      continue;
    }
    Timer dropped = std::move(at->second);
    at = timers_.erase(at);
  }
  for (size_t i = 0; i < queues_.size(); ++i) {
    if (queues_[i]->process == process) auto dropped = std::exchange(queues_[i]->ready, {});
  }
  for (Timer& timer : std::exchange(frozen_timers_, {})) {
    if (timer.process != process) frozen_timers_.push_back(std::move(timer));
  }
  network_->CloseConnectionsOf(process, Unavailable("the peer's process died"));
}

void World::Freeze(Process* process, bool silently) {
  Trace("freeze " + process->name);
  process->frozen = true;
  if (!silently) network_->CloseConnectionsOf(process, Unavailable("the peer does not answer"));
}

void World::Thaw(Process* process) {
  Trace("thaw " + process->name);
  process->frozen = false;
  for (Timer& timer : std::exchange(frozen_timers_, {})) {
    if (timer.process != process) {
      frozen_timers_.push_back(std::move(timer));
      continue;
    }
    timer.due = now_ + Jitter(options_.max_io_delay);
    timer.sequence = sequence_++;
    std::pair key(timer.due, timer.sequence);
    timers_.emplace(key, std::move(timer));
  }
}

std::unique_ptr<Executor> World::MakeExecutor(Process* process, std::string name) {
  std::erase_if(queues_, [](const auto& queue) { return !queue->open; });
  auto queue = std::make_shared<Queue>();
  queue->process = process;
  queue->name = process->name + "/" + name;
  queues_.push_back(queue);
  return std::make_unique<SimExecutor>(this, queue);
}

std::unique_ptr<IoPool> World::MakeIoPool(Process* process) { return std::make_unique<SimIoPool>(this, process); }

std::unique_ptr<ExecutorFactory> World::MakeExecutorFactory(Process* process) {
  class Factory final : public ExecutorFactory {
   public:
    Factory(World* world, Process* owner) : world_(world), owner_(owner) {}
    std::unique_ptr<Executor> MakeExecutor(std::string name) override { return world_->MakeExecutor(owner_, std::move(name)); }

   private:
    World* const world_;
    Process* const owner_;
  };
  return std::make_unique<Factory>(this, process);
}

std::unique_ptr<Transport> World::MakeTransport(Process* process, std::string address) {
  return network_->MakeTransport(process, std::move(address));
}

}  // namespace millrace::sim
