#include "worker/barrier_aligner.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace millrace {
namespace {

using Step = BarrierAligner::Step;

Barrier At(uint64_t epoch) { return Barrier{.epoch = Epoch(epoch)}; }

TEST(BarrierAligner, TheLastChannelAligns) {
  BarrierAligner aligner(2);
  EXPECT_EQ(aligner.OnBarrier(0, At(1)).step, Step::kBlock);
  EXPECT_EQ(aligner.OnBarrier(1, At(1)).step, Step::kAligned);
}

TEST(BarrierAligner, AnEndedInputNeverBlocksAnEpoch) {
  BarrierAligner aligner(2);
  aligner.OnEndOfInput(0);
  EXPECT_EQ(aligner.OnBarrier(1, At(1)).step, Step::kAligned);
  BarrierAligner other(2);
  other.OnBarrier(1, At(1));
  EXPECT_EQ(other.OnEndOfInput(0).step, Step::kAligned);
}

TEST(BarrierAligner, ANewerBarrierGivesTheOlderUp) {
  BarrierAligner aligner(2);
  aligner.OnBarrier(0, At(1));
  auto decision = aligner.OnBarrier(1, At(2));
  EXPECT_EQ(decision.step, Step::kBlock);
  EXPECT_EQ(decision.gave_up, Epoch(1));
  EXPECT_EQ(aligner.OnBarrier(0, At(2)).step, Step::kAligned);
}

TEST(BarrierAligner, BarriersOfAnAbortedEpochAreIgnored) {
  BarrierAligner aligner(2);
  aligner.OnBarrier(0, At(1));
  EXPECT_TRUE(aligner.OnAbort(Epoch(1)));
  EXPECT_EQ(aligner.OnBarrier(1, At(1)).step, Step::kIgnore);
  EXPECT_EQ(aligner.OnBarrier(1, At(2)).step, Step::kBlock);
}

// Random interleavings: every epoch that no newer one overtakes is aligned once every channel has delivered it or
// ended.
TEST(BarrierAligner, NeverSticksAndNeverAlignsTwice) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    Random random(seed);
    size_t channels = 1 + random.Below(4);
    BarrierAligner aligner(channels);
    constexpr uint64_t kEpochs = 5;
    std::vector<uint64_t> next(channels, 1);
    std::vector<uint64_t> ends_after(channels, kEpochs);
    for (auto& end : ends_after) end = random.Chance(0.3) ? random.Below(kEpochs) : kEpochs;
    ends_after[0] = kEpochs;
    std::vector<bool> blocked(channels, false);
    std::vector<bool> ended(channels, false);
    uint64_t aligned = 0;
    for (int step = 0; step < 200; ++step) {
      size_t channel = random.Below(channels);
      if (blocked[channel] || ended[channel] || next[channel] > kEpochs) continue;
      BarrierAligner::Decision decision;
      if (next[channel] > ends_after[channel]) {
        ended[channel] = true;
        decision = aligner.OnEndOfInput(channel);
      } else {
        decision = aligner.OnBarrier(channel, At(next[channel]++));
        if (decision.step == Step::kBlock) blocked[channel] = true;
      }
      ASSERT_FALSE(decision.gave_up.has_value()) << "seed " << seed;
      if (decision.step == Step::kAligned) {
        ASSERT_EQ(aligner.barrier().epoch.value(), aligned + 1) << "seed " << seed;
        ++aligned;
        blocked.assign(channels, false);
      }
    }
    ASSERT_EQ(aligned, kEpochs) << "seed " << seed;
  }
}

}  // namespace
}  // namespace millrace
