#include "base/event_loop.h"

#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "base/mutex.h"
#include "base/waker.h"

namespace millrace {
namespace {

constexpr int kThreads = 4;
constexpr int kEach = 500;

// For ThreadSanitizer as much as for itself: what runs on an executor needs no lock, whoever posts.
TEST(EventLoop, RunsWhatManyThreadsPostOneByOneAndInTheOrderOfEach) {
  std::vector<std::vector<int>> seen(kThreads);  // touched by the loop only
  {
    EventLoop loop("loop");
    ThreadIoPool posters("posters", kThreads);
    for (int poster = 0; poster < kThreads; ++poster) {
      posters.Run([&, poster] {
        for (int i = 0; i < kEach; ++i) loop.Post([&seen, poster, i] { seen[poster].push_back(i); });
      });
    }
  }
  for (const std::vector<int>& of_one : seen) {
    ASSERT_EQ(of_one.size(), size_t{kEach});
    for (int i = 0; i < kEach; ++i) EXPECT_EQ(of_one[i], i);
  }
}

TEST(EventLoop, EndsOnlyWhenWhatIsPostedHasRun) {
  int ran = 0;
  {
    EventLoop loop("loop");
    loop.Post([&] {
      ++ran;
      loop.Post([&] { ++ran; });
    });
  }
  EXPECT_EQ(ran, 2);
}

TEST(EventLoop, RunsTimersInTheOrderInWhichTheyAreDue) {
  std::vector<int> seen;
  std::promise<void> done;
  EventLoop loop("loop");
  loop.PostAfter(absl::Milliseconds(3), [&] {
    seen.push_back(2);
    done.set_value();
  });
  loop.PostAfter(absl::Milliseconds(1), [&] { seen.push_back(1); });
  done.get_future().wait();
  EXPECT_EQ(seen, (std::vector<int>{1, 2}));
}

TEST(ThreadIoPool, EndsOnlyWhenWhatIsQueuedHasRun) {
  Mutex mutex;
  int ran = 0;
  {
    ThreadIoPool pool("pool", kThreads);
    for (int i = 0; i < kEach; ++i) {
      pool.Run([&] {
        MutexLock lock(&mutex);
        ++ran;
      });
    }
  }
  EXPECT_EQ(ran, kEach);
}

TEST(Waker, WakesFromAnyThreadRunAtLeastOnceAfterTheLastOfThem) {
  int64_t steps = 0;  // touched by the loop only
  Mutex mutex;
  int64_t wakes = 0;
  int64_t seen_by_the_last_step = 0;
  {
    EventLoop loop("loop");
    auto waker = Waker::Make(&loop, [&] {
      ++steps;
      MutexLock lock(&mutex);
      seen_by_the_last_step = wakes;
    });
    ThreadIoPool pool("pool", kThreads);
    for (int i = 0; i < kEach; ++i) {
      pool.Run([&, waker] {
        {
          MutexLock lock(&mutex);
          ++wakes;
        }
        waker->Wake();
      });
    }
  }
  EXPECT_GE(steps, 1);
  EXPECT_LE(steps, kEach);
  EXPECT_EQ(seen_by_the_last_step, kEach);
}

}  // namespace
}  // namespace millrace
