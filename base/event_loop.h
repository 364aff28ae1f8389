#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"

namespace millrace {

// An Executor on a thread of its own.
//
// Owns:    its thread, which the destructor joins after running what is already posted and due.
class EventLoop final : public Executor {
 public:
  explicit EventLoop(std::string name);
  ~EventLoop() override;
  void Post(absl::AnyInvocable<void()> closure) override;
  void PostAfter(absl::Duration delay, absl::AnyInvocable<void()> closure) override;

 private:
  void Run();

  Mutex mutex_;
  CondVar wake_;
  std::deque<absl::AnyInvocable<void()>> ready_ ABSL_GUARDED_BY(mutex_);
  std::multimap<absl::Duration, absl::AnyInvocable<void()>> timers_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

class EventLoopFactory final : public ExecutorFactory {
 public:
  std::unique_ptr<Executor> MakeExecutor(std::string name) override { return std::make_unique<EventLoop>(std::move(name)); }
};

// An IoPool of a fixed number of threads. The destructor runs what is queued, then joins.
class ThreadIoPool final : public IoPool {
 public:
  ThreadIoPool(std::string name, int num_threads);
  ~ThreadIoPool() override;
  void Run(absl::AnyInvocable<void()> blocking) override;

 private:
  void Work();

  Mutex mutex_;
  CondVar wake_;
  std::deque<absl::AnyInvocable<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace millrace
