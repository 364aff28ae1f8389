#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "base/transport.h"
#include "tests/sim/fibers.h"

namespace millrace::sim {

class Network;
struct Doom;

// A process of the simulated cluster. Crashing it drops whatever it had in hand.
struct Process {
  std::string name;
  bool alive = true;
  // It does nothing until it is thawed: its closures and the calls that it has in hand wait.
  bool frozen = false;
  // Ascending in the order in which processes were started.
  size_t number = 0;
  // How to let it die at the next opportunity; null: not at all.
  Doom* doom = nullptr;
};

// One thread, one seed, virtual time: chooses at random which of the executors with work runs next, when a blocking
// call ends, how long a message travels, and which stream breaks. The same seed makes the same choices: `trace_hash`
// proves it. Closures of executors and of IoPools run on fibers, so that they can stand still in the middle: see Sleep.
class World {
 public:
  struct Options {
    uint64_t seed = 1;
    absl::Duration max_message_delay = absl::Milliseconds(5);
    absl::Duration max_io_delay = absl::Milliseconds(20);
  };
  explicit World(Options options);
  ~World();

  // Runs until `done` or until this much virtual time has passed. False: it was not done.
  bool RunUntil(const std::function<bool()>& done, absl::Duration limit);
  absl::Duration now() const { return now_; }
  Random& random() { return random_; }
  uint64_t trace_hash() const { return trace_hash_; }
  void Trace(std::string_view what);
  Network& network() { return *network_; }
  absl::Duration max_message_delay() const { return options_.max_message_delay; }
  // Between a microsecond and this.
  absl::Duration Jitter(absl::Duration most);
  // Runs on no executor, at the time said. Null process: the world's own; else as long as it lives, and not frozen.
  void After(absl::Duration delay, Process* process, absl::AnyInvocable<void()> closure);

  Process* MakeProcess(std::string name);
  // Its closures and blocking calls never run again, its streams close at their peers. Those that are suspended are
  // resumed first, so that what is on their stacks is let go; nothing that they still do leaves the process.
  void Kill(Process* process);
  // Suspends the closure that runs now for so long, by virtual time, and as long as its process is frozen; others run
  // meanwhile, but none of the same executor. InfiniteDuration: until the process dies. False: it is dead, and all that
  // is left is to return. Where no closure of a process runs, nothing happens.
  bool Sleep(absl::Duration duration);
  // The process whose closure runs now; null: none.
  Process* current_process() const { return current_ == nullptr ? nullptr : current_->process; }
  // The process stops, as by SIGSTOP, and its peers lose their streams to it, or hear nothing. It goes on, unaware,
  // when it is thawed.
  void Freeze(Process* process, bool silently = false);
  void Thaw(Process* process);
  // Whose closure or call ran last; null: it was the world's own, or none.
  const Process* last_ran() const { return last_ran_; }
  // The call that runs now had been begun before its process was frozen.
  bool in_hand_when_frozen() const { return in_hand_when_frozen_; }
  std::unique_ptr<Executor> MakeExecutor(Process* process, std::string name);
  std::unique_ptr<IoPool> MakeIoPool(Process* process);
  std::unique_ptr<ExecutorFactory> MakeExecutorFactory(Process* process);
  std::unique_ptr<Transport> MakeTransport(Process* process, std::string address);
  const Clock* clock() const { return clock_.get(); }

 private:
  friend class SimExecutor;
  friend class SimIoPool;
  struct Queue {  // what an executor has in hand
    Process* process = nullptr;
    std::string name;
    std::deque<absl::AnyInvocable<void()>> ready;
    bool open = true;
    bool busy = false;  // the closure that it ran last is suspended
  };
  struct Task {  // a closure on a fiber
    Process* process = nullptr;
    std::shared_ptr<Queue> queue;  // null: of an IoPool
    Fiber* fiber = nullptr;        // while it is suspended
    bool was_frozen = false;
    bool dying = false;
  };
  struct Timer {
    absl::Duration due;
    uint64_t sequence;
    Process* process;  // null: the world's own
    absl::AnyInvocable<void()> closure;
    bool was_frozen = false;
  };

  bool RunOne();
  void RunOnFiber(Process* process, std::shared_ptr<Queue> queue, absl::AnyInvocable<void()> closure);
  void Resume(Task* task);
  void EndTask(Task* task);
  void EndTasksOf(Process* process);

  Options options_;
  Random random_;
  absl::Duration now_;
  uint64_t sequence_ = 0;
  uint64_t trace_hash_ = 14695981039346656037ull;
  std::unique_ptr<Clock> clock_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<std::shared_ptr<Queue>> queues_;
  std::multimap<std::pair<absl::Duration, uint64_t>, Timer> timers_;
  std::unique_ptr<Network> network_;
  std::vector<Timer> frozen_timers_;
  bool in_hand_when_frozen_ = false;
  const Process* last_ran_ = nullptr;
  Task* current_ = nullptr;
  // In the order in which they began.
  std::vector<std::unique_ptr<Task>> tasks_;
  Fibers fibers_;
};

}  // namespace millrace::sim
