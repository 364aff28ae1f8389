#include "base/event_loop.h"

#include <pthread.h>

#include <chrono>
#include <utility>

namespace millrace {
namespace {

absl::Duration Monotonic() { return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); }

void NameThread(const std::string& name) { pthread_setname_np(pthread_self(), name.substr(0, 15).c_str()); }

}  // namespace

EventLoop::EventLoop(std::string name)
    : thread_([this, name = std::move(name)] {
        NameThread(name);
        Run();
      }) {}

EventLoop::~EventLoop() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  wake_.NotifyOne();
  thread_.join();
}

void EventLoop::Post(absl::AnyInvocable<void()> closure) {
  {
    MutexLock lock(&mutex_);
    ready_.push_back(std::move(closure));
    if (ready_.size() > 1) return;  // the loop is awake already, or about to be
  }
  wake_.NotifyOne();
}

void EventLoop::PostAfter(absl::Duration delay, absl::AnyInvocable<void()> closure) {
  {
    MutexLock lock(&mutex_);
    timers_.emplace(Monotonic() + delay, std::move(closure));
  }
  wake_.NotifyOne();
}

void EventLoop::Run() {
  std::deque<absl::AnyInvocable<void()>> batch;
  while (true) {
    {
      MutexLock lock(&mutex_);
      while (true) {
        absl::Duration now = timers_.empty() ? absl::ZeroDuration() : Monotonic();
        while (!timers_.empty() && timers_.begin()->first <= now) {
          ready_.push_back(std::move(timers_.begin()->second));
          timers_.erase(timers_.begin());
        }
        if (!ready_.empty()) break;
        if (stopping_) return;
        if (timers_.empty()) {
          wake_.Wait(&mutex_);
        } else {
          wake_.WaitFor(&mutex_, absl::ToChronoMicroseconds(timers_.begin()->first - now) + std::chrono::microseconds(1));
        }
      }
      batch.swap(ready_);
    }
    for (auto& closure : batch) closure();
    batch.clear();
  }
}

ThreadIoPool::ThreadIoPool(std::string name, int num_threads) {
  for (int i = 0; i < num_threads; ++i) {
    threads_.emplace_back([this, name] {
      NameThread(name);
      Work();
    });
  }
}

ThreadIoPool::~ThreadIoPool() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  for (auto& thread : threads_) thread.join();
}

void ThreadIoPool::Run(absl::AnyInvocable<void()> blocking) {
  {
    MutexLock lock(&mutex_);
    queue_.push_back(std::move(blocking));
  }
  wake_.NotifyOne();
}

void ThreadIoPool::Work() {
  while (true) {
    absl::AnyInvocable<void()> work;
    {
      MutexLock lock(&mutex_);
      while (queue_.empty() && !stopping_) wake_.Wait(&mutex_);
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace millrace
