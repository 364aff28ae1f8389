#pragma once

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"

namespace millrace {

// Runs closures one at a time, in the order of posting. One executor is one confinement: what it runs needs no lock.
// Tasks, the worker's and the coordinator's loops are executors; the simulator runs all of them on one thread.
//
// Thread:  Post and PostAfter from any; closures run on the executor's own.
// Blocks:  never, and neither may a closure. Blocking work goes to the IoPool.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Post(absl::AnyInvocable<void()> closure) = 0;
  // Not before `delay` has passed.
  virtual void PostAfter(absl::Duration delay, absl::AnyInvocable<void()> closure) = 0;
};

// Makes executors. The owner of the factory outlives what it makes.
class ExecutorFactory {
 public:
  virtual ~ExecutorFactory() = default;
  // `name` is the thread's, at most 15 characters. Destruction runs what is posted and due, then joins.
  virtual std::unique_ptr<Executor> MakeExecutor(std::string name) = 0;
};

// The only place that may block: uploads, commits, files.
//
// Thread:  Run from any; closures run on the pool's threads, in any order.
class IoPool {
 public:
  virtual ~IoPool() = default;
  virtual void Run(absl::AnyInvocable<void()> blocking) = 0;
};

}  // namespace millrace
