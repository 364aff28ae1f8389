#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/executor.h"

namespace millrace {

// Runs one closure on an executor, at least once after every Wake; wakes that arrive before it has begun are one.
//
// Thread:  Wake from any. The closure runs on the executor until Stop, which is called there.
class Waker : public std::enable_shared_from_this<Waker> {
 public:
  static std::shared_ptr<Waker> Make(Executor* executor, std::function<void()> step) {
    return std::shared_ptr<Waker>(new Waker(executor, std::move(step)));
  }
  void Wake() {
    if (pending_.exchange(true)) return;
    executor_->Post([self = shared_from_this()] { self->Run(); });
  }
  void WakeAfter(absl::Duration delay) {
    executor_->PostAfter(delay, [self = shared_from_this()] { self->Wake(); });
  }
  void Stop() { step_ = nullptr; }

 private:
  Waker(Executor* executor, std::function<void()> step) : executor_(executor), step_(std::move(step)) {}
  void Run() {
    pending_.store(false);
    if (step_) {
      auto step = step_;  // the step may stop the waker
      step();
    }
  }

  Executor* const executor_;
  std::function<void()> step_;
  std::atomic<bool> pending_{false};
};

}  // namespace millrace
