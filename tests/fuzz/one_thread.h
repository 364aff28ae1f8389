#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/executor.h"

namespace millrace {

// Clock, executors and IoPool of a target, on its own thread: whatever bytes made it, work ends, for no more of it is
// done than asked for. The same calls make the same run.
class OneThread final : public Clock, public Executor, public IoPool, public ExecutorFactory {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'700'000'000) + now_; }
  absl::Duration Monotonic() const override { return now_; }
  void Post(absl::AnyInvocable<void()> closure) override { Add(0, absl::ZeroDuration(), std::move(closure)); }
  void PostAfter(absl::Duration delay, absl::AnyInvocable<void()> closure) override {
    Add(0, delay, std::move(closure));
  }
  void Run(absl::AnyInvocable<void()> blocking) override { Post(std::move(blocking)); }
  std::unique_ptr<Executor> MakeExecutor(std::string name) override;

  // Runs at most `most` closures, in the order in which they are due, of those due within `span`. Time passes to the
  // end of `span` if none is left, which is the answer.
  bool Pass(absl::Duration span, int most);

 private:
  class Slot;
  struct Entry {
    uint64_t owner;
    absl::AnyInvocable<void()> closure;
  };
  void Add(uint64_t owner, absl::Duration delay, absl::AnyInvocable<void()> closure);
  // Runs what is due of `owner`, drops the rest.
  void Join(uint64_t owner);

  absl::Duration now_ = absl::Seconds(1);
  uint64_t next_owner_ = 1;
  std::multimap<absl::Duration, Entry> agenda_;
};

}  // namespace millrace
