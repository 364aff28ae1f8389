#include "tests/fuzz/one_thread.h"

#include <algorithm>
#include <utility>

namespace millrace {

class OneThread::Slot final : public Executor {
 public:
  Slot(OneThread* thread, uint64_t owner) : thread_(thread), owner_(owner) {}
  ~Slot() override { thread_->Join(owner_); }
  void Post(absl::AnyInvocable<void()> closure) override {
    thread_->Add(owner_, absl::ZeroDuration(), std::move(closure));
  }
  void PostAfter(absl::Duration delay, absl::AnyInvocable<void()> closure) override {
    thread_->Add(owner_, delay, std::move(closure));
  }

 private:
  OneThread* const thread_;
  const uint64_t owner_;
};

std::unique_ptr<Executor> OneThread::MakeExecutor(std::string) { return std::make_unique<Slot>(this, next_owner_++); }

void OneThread::Add(uint64_t owner, absl::Duration delay, absl::AnyInvocable<void()> closure) {
  agenda_.emplace(now_ + std::max(delay, absl::ZeroDuration()), Entry{owner, std::move(closure)});
}

bool OneThread::Pass(absl::Duration span, int most) {
  absl::Duration end = now_ + span;
  for (; !agenda_.empty() && agenda_.begin()->first <= end; --most) {
    if (most == 0) return false;
    auto next = agenda_.extract(agenda_.begin());
    now_ = std::max(now_, next.key());
    next.mapped().closure();
  }
  now_ = end;
  return true;
}

void OneThread::Join(uint64_t owner) {
  for (auto next = agenda_.begin(); next != agenda_.end();) {
    if (next->second.owner != owner) {
      ++next;
      continue;
    }
    auto entry = agenda_.extract(next);
    if (entry.key() <= now_) entry.mapped().closure();
    entry.mapped().closure = nullptr;
    next = agenda_.begin();  // it may have posted
  }
}

}  // namespace millrace
