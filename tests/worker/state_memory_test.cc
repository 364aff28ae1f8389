#include "worker/state_memory.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace millrace {
namespace {

class Hoarder final : public Operator {
 public:
  absl::Status Open(const OperatorContext&) override { return absl::OkStatus(); }
  absl::Status ProcessBatch(uint32_t, uint32_t, const BatchPtr&, Output&) override { return absl::OkStatus(); }
  absl::Status OnWatermark(EventTimeMicros, Output&) override { return absl::OkStatus(); }
  absl::StatusOr<std::unique_ptr<FrozenEntries>> BeforeBarrier(Epoch, Output&) override {
    return std::unique_ptr<FrozenEntries>();
  }
  OperatorFigures figures() const override { return {.num_windows = windows, .num_keys = 70, .num_bytes = bytes}; }
  uint64_t num_bytes() const override { return bytes; }
  uint64_t bytes = 0;
  uint64_t windows = 3;
};

TEST(StateMemory, OverTheSlotsBudgetIsAPermanentFailureWithFiguresAndWaysOut) {
  auto worker = MemoryAccount::Make({.state = 4096});
  auto slot = MemoryAccount::Make({.state = 1024}, worker);
  Hoarder op;
  StateMemory memory(slot, 4);
  op.bytes = 1024;
  EXPECT_TRUE(memory.Update(op).ok());
  op.bytes = 1536;
  absl::Status status = memory.Update(op);
  EXPECT_TRUE(IsPermanent(status)) << status;
  EXPECT_EQ(status.message(),
            "its state is over the memory budget of its slot: 1.5KiB of 1.0KiB, of which it holds 1.5KiB, 70 keys in 3 open "
            "windows. Start workers with a larger --memory-state (it is shared equally by their slots: now 4.0KiB by 4), "
            "start the pipeline with a higher parallelism, or make its windows shorter");
  op.windows = 0;
  op.bytes = 1600;
  EXPECT_EQ(memory.Update(op).message(),
            "its state is over the memory budget of its slot: 1.6KiB of 1.0KiB, of which it holds 1.6KiB, 70 entries until its "
            "input ends. Start workers with a larger --memory-state (it is shared equally by their slots: now 4.0KiB by 4), "
            "start the pipeline with a higher parallelism, or let less reach it: filter in front of it, or limit what it sorts");
}

TEST(StateMemory, OperatorsOfASlotShareItsBudgetAndThoseOfOthersDoNot) {
  auto worker = MemoryAccount::Make({.state = 2000});
  auto slot = MemoryAccount::Make({.state = 1000}, worker);
  auto other_slot = MemoryAccount::Make({.state = 1000}, worker);
  Hoarder large;
  Hoarder small;
  StateMemory of_large(slot, 2);
  StateMemory of_small(slot, 2);
  StateMemory elsewhere(other_slot, 2);
  large.bytes = 900;
  small.bytes = 100;
  EXPECT_TRUE(of_large.Update(large).ok());
  EXPECT_TRUE(of_small.Update(small).ok());
  EXPECT_TRUE(elsewhere.Update(large).ok());
  EXPECT_EQ(worker->used(MemoryKind::kState), 1900u);
  large.bytes = 901;
  EXPECT_FALSE(of_large.Update(large).ok());
  small.bytes = 50;
  EXPECT_TRUE(of_small.Update(small).ok()) << "who shrinks is not to blame";
}

TEST(StateMemory, WithoutABudgetItOnlyCounts) {
  auto slot = MemoryAccount::Make();
  {
    Hoarder op;
    op.bytes = uint64_t{1} << 50;
    StateMemory memory(slot, 1);
    EXPECT_TRUE(memory.Update(op).ok());
    EXPECT_EQ(slot->used(MemoryKind::kState), op.bytes);
  }
  EXPECT_EQ(slot->used(MemoryKind::kState), 0u);
}

}  // namespace
}  // namespace millrace
