#include "tests/sim/sim_world.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace millrace::sim {
namespace {

// So that time passes step by step, and not at once until the next event.
void Tick(World& world) {
  world.After(absl::Milliseconds(10), nullptr, [&world] { Tick(world); });
}

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

TEST(World, AClosureThatSleepsLetsOthersRunButNoneOfItsExecutor) {
  World world({});
  Process* process = world.MakeProcess("p");
  auto one = world.MakeExecutor(process, "one");
  auto other = world.MakeExecutor(process, "other");
  std::string order;
  one->Post([&] {
    order += "a";
    EXPECT_TRUE(world.Sleep(absl::Seconds(1)));
    order += "b";
  });
  one->Post([&] { order += "c"; });
  other->PostAfter(absl::Milliseconds(500), [&] { order += "x"; });
  EXPECT_TRUE(world.RunUntil([&] { return order.size() == 4; }, absl::Seconds(2)));
  EXPECT_EQ(order, "axbc");
  EXPECT_GE(world.now(), absl::Seconds(1));
}

TEST(World, WhatADeadProcessHadOnItsStacksIsLetGo) {
  World world({});
  Tick(world);
  Process* process = world.MakeProcess("p");
  auto executor = world.MakeExecutor(process, "loop");
  auto io_pool = world.MakeIoPool(process);
  auto held = std::make_shared<int>(0);
  int told_dead = 0;
  std::function<void(absl::Duration)> stand_still = [&, mine = held](absl::Duration duration) {
    auto on_stack = mine;
    if (!world.Sleep(duration)) ++told_dead;
    EXPECT_FALSE(world.Sleep(absl::Seconds(1)));  // at once: it is dead
    executor->Post([&] { ADD_FAILURE() << "a dead process runs nothing"; });
  };
  executor->Post([stand_still] { stand_still(absl::InfiniteDuration()); });
  io_pool->Run([stand_still] { stand_still(absl::Minutes(1)); });
  stand_still = nullptr;
  EXPECT_FALSE(world.RunUntil([] { return false; }, absl::Seconds(1)));
  EXPECT_EQ(told_dead, 0);
  world.Kill(process);
  EXPECT_EQ(told_dead, 2);
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(world.RunUntil([] { return false; }, absl::Minutes(2)));
}

TEST(World, AFrozenProcessSleepsOnUntilItIsThawed) {
  World world({});
  Tick(world);
  Process* process = world.MakeProcess("p");
  auto io_pool = world.MakeIoPool(process);
  bool awake = false;
  bool in_hand = false;
  io_pool->Run([&] {
    world.Sleep(absl::Milliseconds(100));
    awake = true;
    in_hand = world.in_hand_when_frozen();
  });
  EXPECT_FALSE(world.RunUntil([] { return false; }, absl::Milliseconds(50)));
  world.Freeze(process);
  EXPECT_FALSE(world.RunUntil([&] { return awake; }, absl::Seconds(1)));
  world.Thaw(process);
  EXPECT_TRUE(world.RunUntil([&] { return awake; }, absl::Seconds(1)));
  EXPECT_TRUE(in_hand);
}

}  // namespace
}  // namespace millrace::sim
