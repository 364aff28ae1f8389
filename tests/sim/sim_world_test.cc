#include "tests/sim/sim_world.h"

#include <gtest/gtest.h>

namespace millrace::sim {
namespace {

// Seeds 310 and 317 of exactly_once_test.cc: every process was dead at the same moment, and none was ever started
// again.
TEST(World, TimePassesWhenNobodyLives) {
  World world({});
  EXPECT_TRUE(world.RunUntil([&] { return world.now() >= absl::Seconds(1); }, absl::Seconds(2)));
  EXPECT_FALSE(world.RunUntil([] { return false; }, absl::Seconds(1)));
  EXPECT_GE(world.now(), absl::Seconds(2));
}

TEST(World, AFrozenProcessGoesOnWhereItStoodWhenItIsThawed) {
  World world({});
  Process* process = world.MakeProcess("p");
  auto executor = world.MakeExecutor(process, "loop");
  auto io_pool = world.MakeIoPool(process);
  int posted = 0;
  bool in_hand = false;
  executor->Post([&] { ++posted; });
  io_pool->Run([&] {
    ++posted;
    in_hand = world.in_hand_when_frozen();
  });
  world.Freeze(process);
  EXPECT_FALSE(world.RunUntil([&] { return posted > 0; }, absl::Seconds(1)));
  world.Thaw(process);
  EXPECT_TRUE(world.RunUntil([&] { return posted == 2; }, absl::Seconds(1)));
  EXPECT_TRUE(in_hand);
}

}  // namespace
}  // namespace millrace::sim
