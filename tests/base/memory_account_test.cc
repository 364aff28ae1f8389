#include "base/memory_account.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <vector>

#include "base/random.h"

namespace millrace {
namespace {

using Hold = MemoryAccount::Hold;

TEST(MemoryAccount, EveryKindIsCountedForItselfAndComesBackToZero) {
  auto account = MemoryAccount::Make();
  {
    MemoryHold buffers(account, MemoryKind::kBuffers, 10);
    MemoryHold state(account, MemoryKind::kState, 5);
    state.Resize(500);
    state.Resize(50);
    EXPECT_EQ(account->used(MemoryKind::kBuffers), 10u);
    EXPECT_EQ(account->used(MemoryKind::kState), 50u);
    EXPECT_EQ(account->peak(MemoryKind::kState), 500u);
    EXPECT_EQ(account->used(MemoryKind::kSnapshots), 0u);
  }
  EXPECT_EQ(account->used(MemoryKind::kBuffers), 0u);
  EXPECT_EQ(account->used(MemoryKind::kState), 0u);
}

TEST(MemoryAccount, AHoldThatMovesIsChargedOnce) {
  auto account = MemoryAccount::Make();
  MemoryHold first(account, MemoryKind::kBuffers, 10);
  MemoryHold second(std::move(first));
  EXPECT_EQ(account->used(MemoryKind::kBuffers), 10u);
  MemoryHold third(account, MemoryKind::kSnapshots, 7);
  third = std::move(second);
  EXPECT_EQ(account->used(MemoryKind::kSnapshots), 0u);
  EXPECT_EQ(account->used(MemoryKind::kBuffers), 10u);
  third = MemoryHold();
  EXPECT_EQ(account->used(MemoryKind::kBuffers), 0u);
  MemoryHold nobodys;
  nobodys.Resize(12);
  EXPECT_EQ(nobodys.bytes(), 12u);
}

TEST(MemoryAccount, AHoldOutlivesWhoeverMadeTheAccount) {
  auto account = MemoryAccount::Make({.buffers = 5});
  MemoryHold hold(account, MemoryKind::kBuffers, 10);
  account = nullptr;
  hold.Resize(3);
}

TEST(MemoryAccount, ASlotsStateIsTheWorkersToo) {
  auto worker = MemoryAccount::Make({.state = 200});
  auto slot = MemoryAccount::Make({.state = 100}, worker);
  auto other = MemoryAccount::Make({.state = 100}, worker);
  MemoryHold state(slot, MemoryKind::kState, 101);
  EXPECT_TRUE(slot->IsOver(MemoryKind::kState));
  EXPECT_FALSE(other->IsOver(MemoryKind::kState));
  EXPECT_EQ(worker->used(MemoryKind::kState), 101u);
  state.Resize(100);
  EXPECT_FALSE(slot->IsOver(MemoryKind::kState));
}

TEST(MemoryAccount, BuffersOverBudgetHoldSourcesBackButNotBarriers) {
  auto account = MemoryAccount::Make({.buffers = 100});
  MemoryHold queue(account, MemoryKind::kBuffers, 100);
  EXPECT_EQ(account->SourceHold(), Hold::kNone);
  queue.Add(1);
  EXPECT_EQ(account->SourceHold(), Hold::kBuffers);
  EXPECT_FALSE(account->HoldsBarriers());
}

TEST(MemoryAccount, SnapshotsOverBudgetHoldBoth) {
  auto account = MemoryAccount::Make({.snapshots = 100});
  MemoryHold frozen(account, MemoryKind::kSnapshots, 101);
  EXPECT_EQ(account->SourceHold(), Hold::kSnapshots);
  EXPECT_TRUE(account->HoldsBarriers());
}

// Otherwise a fetch queue larger than the budget would wait for itself.
TEST(MemoryAccount, WhatOnlyAPollDrainsNeverHoldsPollsBackAlone) {
  auto account = MemoryAccount::Make({.buffers = 100});
  MemoryHold fetched(account, MemoryKind::kFetched, 1000);
  EXPECT_EQ(account->SourceHold(), Hold::kNone);
  MemoryHold queue(account, MemoryKind::kBuffers, 1);
  EXPECT_EQ(account->SourceHold(), Hold::kBuffers);
  queue.Resize(0);
  EXPECT_EQ(account->SourceHold(), Hold::kNone);
  fetched.Resize(10);
  queue.Resize(90);
  EXPECT_EQ(account->SourceHold(), Hold::kNone);
}

TEST(MemoryAccount, WithoutABudgetNothingIsEverOver) {
  auto account = MemoryAccount::Make();
  MemoryHold buffers(account, MemoryKind::kBuffers, uint64_t{1} << 60);
  MemoryHold state(account, MemoryKind::kState, uint64_t{1} << 60);
  EXPECT_EQ(account->SourceHold(), Hold::kNone);
  EXPECT_FALSE(account->IsOver(MemoryKind::kState));
}

class QueueExecutor final : public Executor {
 public:
  void Post(absl::AnyInvocable<void()> closure) override { queue_.push_back(std::move(closure)); }
  void PostAfter(absl::Duration, absl::AnyInvocable<void()> closure) override { Post(std::move(closure)); }
  void RunAll() {
    while (!queue_.empty()) {
      auto closure = std::move(queue_.front());
      queue_.pop_front();
      closure();
    }
  }

 private:
  std::deque<absl::AnyInvocable<void()>> queue_;
};

TEST(MemoryAccount, WhoWaitsIsWokenWhenAnAnswerChangesAndNotElse) {
  QueueExecutor executor;
  int steps = 0;
  auto waker = Waker::Make(&executor, [&] { ++steps; });
  auto account = MemoryAccount::Make({.buffers = 100, .snapshots = 100});
  account->Watch(waker);
  auto steps_after = [&](MemoryHold& hold, uint64_t bytes) {
    steps = 0;
    hold.Resize(bytes);
    executor.RunAll();
    return steps;
  };
  MemoryHold buffers(account, MemoryKind::kBuffers);
  MemoryHold snapshots(account, MemoryKind::kSnapshots);
  EXPECT_EQ(steps_after(buffers, 100), 0);
  EXPECT_EQ(steps_after(buffers, 101), 1);
  EXPECT_EQ(steps_after(buffers, 150), 0);
  EXPECT_EQ(steps_after(snapshots, 101), 1);  // buffers are over already; snapshots are another answer
  EXPECT_EQ(steps_after(buffers, 50), 1);
  EXPECT_EQ(steps_after(snapshots, 0), 1);
  MemoryHold fetched(account, MemoryKind::kFetched);
  EXPECT_EQ(steps_after(fetched, 60), 1);
  EXPECT_EQ(steps_after(buffers, 0), 1);  // what is left over budget only a poll drains
  waker->Stop();
  std::weak_ptr<Waker> gone = waker;
  waker = nullptr;
  EXPECT_TRUE(gone.expired());
  EXPECT_EQ(steps_after(buffers, 101), 0);
}

TEST(MemoryAccount, AnyOrderOfHoldsAddsUp) {
  Random random(1);
  auto worker = MemoryAccount::Make({.buffers = 1000});
  auto slot = MemoryAccount::Make({.state = 1000}, worker);
  std::vector<std::pair<MemoryHold, MemoryKind>> holds;
  for (int i = 0; i < 5000; ++i) {
    std::array<uint64_t, kNumMemoryKinds> expected{};
    auto kind = static_cast<MemoryKind>(random.Below(kNumMemoryKinds));
    if (random.Chance(0.5) || holds.empty()) {
      holds.emplace_back(MemoryHold(random.Chance(0.5) ? slot : worker, kind, random.Below(100)), kind);
    } else if (random.Chance(0.5)) {
      holds[random.Below(holds.size())].first.Resize(random.Below(100));
    } else {
      size_t gone = random.Below(holds.size());
      std::swap(holds[gone], holds.back());
      holds.pop_back();
    }
    for (const auto& [hold, of] : holds) expected[static_cast<size_t>(of)] += hold.bytes();
    for (int k = 0; k < kNumMemoryKinds; ++k) {
      ASSERT_EQ(worker->used(static_cast<MemoryKind>(k)), expected[static_cast<size_t>(k)]) << "step " << i;
    }
  }
  holds.clear();
  for (int k = 0; k < kNumMemoryKinds; ++k) EXPECT_EQ(worker->used(static_cast<MemoryKind>(k)), 0u);
}

}  // namespace
}  // namespace millrace
