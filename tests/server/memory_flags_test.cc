#include "server/memory_flags.h"

#include <gmock/gmock.h>

namespace millrace {
namespace {

using testing::HasSubstr;

constexpr uint64_t kMiB = 1 << 20;
const MemoryLimit kGiB = {1024 * kMiB, "the machine"};

TEST(MemoryFlags, SharesOfWhatTheProcessMayUse) {
  auto budget = MakeMemoryBudget({}, kGiB, 4);
  ASSERT_TRUE(budget.ok()) << budget.status();
  EXPECT_EQ(budget->buffers / kMiB, 204u);
  EXPECT_EQ(budget->state / kMiB, 409u);
  EXPECT_EQ(budget->snapshots / kMiB, 204u);
}

TEST(MemoryFlags, WhatIsGivenIsTakenAndTheRestShared) {
  auto budget = MakeMemoryBudget({.state = "824MiB"}, kGiB, 4);
  ASSERT_TRUE(budget.ok()) << budget.status();
  EXPECT_EQ(budget->state, 824 * kMiB);
  EXPECT_EQ(budget->buffers, 100 * kMiB);
  EXPECT_EQ(budget->snapshots, 100 * kMiB);
  budget = MakeMemoryBudget({"64MiB", "128MiB", "256MiB"}, kGiB, 4);
  ASSERT_TRUE(budget.ok()) << budget.status();
  EXPECT_EQ(budget->buffers, 64 * kMiB);
  EXPECT_EQ(budget->state, 128 * kMiB);
  EXPECT_EQ(budget->snapshots, 256 * kMiB);
}

TEST(MemoryFlags, WithoutALimitWhatIsNotGivenHasNone) {
  auto budget = MakeMemoryBudget({.state = "824MiB"}, {}, 4);
  ASSERT_TRUE(budget.ok()) << budget.status();
  EXPECT_EQ(budget->state, 824 * kMiB);
  EXPECT_EQ(budget->buffers, 0u);
}

std::string Refusal(const MemoryFlags& flags, const MemoryLimit& limit, int num_slots = 4) {
  absl::Status status = MakeMemoryBudget(flags, limit, num_slots).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

TEST(MemoryFlags, RefusalsSayWhatAndWhy) {
  EXPECT_EQ(Refusal({.buffers = "many"}, kGiB), "--memory-buffers: 'many' is not a size, such as 512MiB or 2GiB");
  EXPECT_EQ(Refusal({.buffers = "1MiB"}, kGiB), "--memory-buffers 1MiB is too little: it must be at least 16.0MiB");
  EXPECT_EQ(Refusal({.state = "1MiB"}, kGiB, 8),
            "--memory-state 1MiB is too little: it must be at least 8.0MiB, 1MiB for each of 8 slots");
  EXPECT_EQ(Refusal({.buffers = "600MiB", .snapshots = "0.5GiB"}, {1024 * kMiB, "the control group /sys/fs/cgroup"}),
            "budgets of memory: --memory-buffers 600MiB, --memory-snapshots 0.5GiB: together 1.1GiB, but this process may "
            "use 1.0GiB (the control group /sys/fs/cgroup); lower them, or give the process more");
  EXPECT_EQ(Refusal({.state = "1010MiB"}, kGiB),
            "budgets of memory: this process may use 1.0GiB (the machine), and --memory-state 1010MiB, which leaves 7.0MiB "
            "for --memory-buffers; it needs at least 16.0MiB. Give the process more, or lower what was given");
  EXPECT_THAT(Refusal({}, {64 * kMiB, "the machine"}), HasSubstr("which leaves 12.8MiB for --memory-buffers"));
}

}  // namespace
}  // namespace millrace
