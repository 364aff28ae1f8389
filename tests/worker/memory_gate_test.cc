#include "worker/memory_gate.h"

#include <gmock/gmock.h>

#include "tests/worker/step_clock.h"

namespace millrace {
namespace {

using testing::HasSubstr;

class MemoryGateTest : public testing::Test {
 protected:
  MemoryGateTest() {
    auto* source = stage_.add_nodes();
    source->set_uid("clicks");
    source->mutable_source();
    probe_ = std::make_shared<SubtaskProbe>(&metrics_, "p", stage_, &clock_);
    gate_ = std::make_unique<MemoryGate>(memory_, &clock_, probe_, Logger(&clock_, [this](const std::string& line) {
      log_.push_back(line);
    }));
  }
  std::string SecondsHeld(const std::string& pool) {
    const std::string text = metrics_.Text();
    const std::string name =
        "millrace_source_held_back_seconds_total{pipeline=\"p\",pool=\"" + pool + "\",source=\"clicks\"} ";
    size_t at = text.find(name);
    return at == std::string::npos ? "" : text.substr(at + name.size(), text.find('\n', at) - at - name.size());
  }

  StepClock clock_;
  Metrics metrics_;
  internal::v1::Stage stage_;
  std::shared_ptr<MemoryAccount> memory_ = MemoryAccount::Make({.buffers = 100, .snapshots = 50});
  std::shared_ptr<SubtaskProbe> probe_;
  std::vector<std::string> log_;
  std::unique_ptr<MemoryGate> gate_;
};

TEST_F(MemoryGateTest, HoldsWhileABudgetIsExceededAndShowsForHowLongByWhich) {
  EXPECT_FALSE(gate_->HoldsBack());
  MemoryHold buffers(memory_, MemoryKind::kBuffers, 101);
  EXPECT_TRUE(gate_->HoldsBack());
  clock_.Pass(absl::Seconds(2));
  EXPECT_TRUE(gate_->HoldsBack());
  clock_.Pass(absl::Seconds(1));
  MemoryHold snapshots(memory_, MemoryKind::kSnapshots, 51);
  buffers.Resize(100);
  EXPECT_TRUE(gate_->HoldsBack());
  clock_.Pass(absl::Seconds(4));
  snapshots.Resize(50);
  EXPECT_FALSE(gate_->HoldsBack());
  clock_.Pass(absl::Seconds(10));
  EXPECT_FALSE(gate_->HoldsBack());
  EXPECT_EQ(SecondsHeld("buffers"), "3");
  EXPECT_EQ(SecondsHeld("snapshots"), "4");
  EXPECT_TRUE(log_.empty());
}

TEST_F(MemoryGateTest, ALongHoldIsLoggedOnceWithItsFigures) {
  MemoryHold fetched(memory_, MemoryKind::kFetched, 60);
  MemoryHold buffers(memory_, MemoryKind::kBuffers, 70);
  for (int i = 0; i < 30; ++i) {
    EXPECT_TRUE(gate_->HoldsBack());
    clock_.Pass(absl::Seconds(1));
  }
  ASSERT_EQ(log_.size(), 1u);
  EXPECT_THAT(log_[0], HasSubstr("warning event=source_held_back pool=buffers used_bytes=130 budget_bytes=100"));
}

TEST(MemoryGate, WithoutAnAccountNothingIsHeldBack) {
  StepClock clock;
  EXPECT_FALSE(MemoryGate(nullptr, &clock, nullptr, Logger::Discard()).HoldsBack());
}

}  // namespace
}  // namespace millrace
