#include "connectors/kafka/fetch_waker.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace millrace {
namespace {

class HeldIoPool final : public IoPool {
 public:
  void Run(absl::AnyInvocable<void()> blocking) override { held.push_back(std::move(blocking)); }
  void RunHeld() {
    for (auto& closure : std::exchange(held, {})) closure();
  }
  std::vector<absl::AnyInvocable<void()>> held;
};

TEST(FetchWaker, AsksOnceHalfOfAFullQueueIsGone) {
  HeldIoPool io_pool;
  int num_asked = 0;
  FetchWaker waker(&io_pool, [&] { ++num_asked; });
  waker.OnQueueLength(100'000);
  waker.OnQueueLength(50'001);
  io_pool.RunHeld();
  EXPECT_EQ(num_asked, 0);
  waker.OnQueueLength(50'000);
  io_pool.RunHeld();
  EXPECT_EQ(num_asked, 1);
}

TEST(FetchWaker, AsksAgainWhenTheQueueShrinksFurther) {
  HeldIoPool io_pool;
  int num_asked = 0;
  FetchWaker waker(&io_pool, [&] { ++num_asked; });
  for (size_t length : {8192, 4096, 2048, 1024, 512}) {
    waker.OnQueueLength(length);
    io_pool.RunHeld();
  }
  EXPECT_EQ(num_asked, 4);
}

TEST(FetchWaker, HasOneRequestUnderWayAtATime) {
  HeldIoPool io_pool;
  FetchWaker waker(&io_pool, [] {});
  waker.OnQueueLength(8192);
  waker.OnQueueLength(4096);
  waker.OnQueueLength(2048);
  EXPECT_EQ(io_pool.held.size(), 1u);
}

TEST(FetchWaker, LeavesTheTrickleOfAnIdleTopicAlone) {
  HeldIoPool io_pool;
  FetchWaker waker(&io_pool, [] {});
  for (int i = 0; i < 100; ++i) {
    waker.OnQueueLength(FetchWaker::kLeastPeak - 1);
    waker.OnQueueLength(0);
  }
  EXPECT_TRUE(io_pool.held.empty());
}

TEST(FetchWaker, LetsARequestOutliveIt) {
  HeldIoPool io_pool;
  int num_asked = 0;
  {
    FetchWaker waker(&io_pool, [&] { ++num_asked; });
    waker.OnQueueLength(8192);
    waker.OnQueueLength(0);
  }
  io_pool.RunHeld();
  EXPECT_EQ(num_asked, 1);
}

}  // namespace
}  // namespace millrace
