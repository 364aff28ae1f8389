#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "base/clock.h"
#include "base/executor.h"

namespace millrace {

// Clock, Executor and IoPool of a test on one thread: time moves when told.
class VirtualTime final : public Clock, public Executor, public IoPool {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'700'000'000) + now_; }
  absl::Duration Monotonic() const override { return now_; }
  void Post(absl::AnyInvocable<void()> closure) override { agenda_.emplace(now_, std::move(closure)); }
  void PostAfter(absl::Duration delay, absl::AnyInvocable<void()> closure) override {
    agenda_.emplace(now_ + delay, std::move(closure));
  }
  void Run(absl::AnyInvocable<void()> blocking) override {
    absl::Duration takes = absl::Milliseconds(1);
    if (!next_io_takes.empty()) {
      takes = next_io_takes.front();
      next_io_takes.pop_front();
    }
    PostAfter(takes, std::move(blocking));
  }
  // How long the next works given to the IoPool take; those behind them, a millisecond.
  std::deque<absl::Duration> next_io_takes;
  void Pass(absl::Duration span) {
    absl::Duration end = now_ + span;
    while (!agenda_.empty() && agenda_.begin()->first <= end) {
      auto next = agenda_.extract(agenda_.begin());
      now_ = next.key();
      next.mapped()();
    }
    now_ = end;
  }
  // False: it did not come true within `limit`.
  bool PassUntil(const std::function<bool()>& holds, absl::Duration limit = absl::Seconds(60)) {
    for (absl::Duration end = now_ + limit; now_ < end; Pass(absl::Milliseconds(5))) {
      if (holds()) return true;
    }
    return holds();
  }

 private:
  absl::Duration now_ = absl::Seconds(1);
  std::multimap<absl::Duration, absl::AnyInvocable<void()>> agenda_;
};

}  // namespace millrace
