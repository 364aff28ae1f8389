#include "worker/source_input.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "tests/worker/step_clock.h"

namespace millrace {
namespace {

// Two splits; gives the batches that it is told to.
class ToldSource final : public Source {
 public:
  ToldSource() : progress_(2) {
    for (SplitProgress& split : progress_) split.at_end = true;
  }
  absl::Status Open(std::span<const storage::v1::SplitState>, std::string_view, std::function<void()>) override {
    return absl::OkStatus();
  }
  absl::Status AddSplits(std::span<const storage::v1::SplitState>) override { return absl::OkStatus(); }
  absl::StatusOr<std::optional<SourceBatch>> Poll() override { return std::exchange(next_, std::nullopt); }
  std::span<const SplitProgress> splits() const override { return progress_; }
  void OnCheckpointComplete(std::span<const storage::v1::SplitState>) override {}
  void Close() override {}

  // One row of `split` at this second.
  void Gives(int split, int64_t second) {
    auto type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    arrow::TimestampBuilder times(type, arrow::default_memory_pool());
    EXPECT_TRUE(times.Append(second * 1'000'000).ok());
    SourceBatch batch;
    batch.rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("at", type)}), 1, {*times.Finish()});
    batch.runs = {{split, 1}};
    batch.num_records = 1;
    next_ = std::move(batch);
  }

 private:
  std::vector<SplitProgress> progress_;
  std::optional<SourceBatch> next_;
};

class SourceInputIdleTest : public testing::Test {
 protected:
  SourceInputIdleTest() {
    auto source = std::make_unique<ToldSource>();
    source_ = source.get();
    SourceInput::Options options;
    options.uid = "clicks";
    options.watermark.emplace();
    options.watermark->set_column("at");
    options.watermark->set_idle_timeout_ms(5000);
    options.watermark_interval = absl::Milliseconds(200);
    input_ = std::make_unique<SourceInput>(std::move(source), &clock_, std::move(options));
    input_->Start(std::vector<storage::v1::SplitState>(2));
  }
  void Poll() { ASSERT_TRUE(input_->Poll().ok()); }
  // As a subtask does that waits for rows.
  void Watch(absl::Duration time) {
    for (absl::Duration end = clock_.Monotonic() + time; clock_.Monotonic() < end;) {
      clock_.Pass(absl::Milliseconds(200));
      Poll();
    }
  }
  size_t num_idle() const { return input_->figures().num_idle; }

  StepClock clock_;
  ToldSource* source_;
  std::unique_ptr<SourceInput> input_;
};

TEST_F(SourceInputIdleTest, ASplitAtWhoseEndTheReaderStandsBecomesIdle) {
  source_->Gives(0, 10);
  Poll();
  Watch(absl::Seconds(4));
  EXPECT_EQ(num_idle(), 0u);
  Watch(absl::Seconds(2));
  EXPECT_EQ(num_idle(), 2u);
}

// Rows of the other split may lie there, unseen: were it idle, the watermark would pass them, and they would be late.
TEST_F(SourceInputIdleTest, TimeInWhichNobodyPolledMakesNoSplitIdle) {
  source_->Gives(1, 10);
  Poll();
  Watch(absl::Seconds(1));
  clock_.Pass(absl::Seconds(60));  // held back
  source_->Gives(0, 100);
  Poll();
  EXPECT_EQ(num_idle(), 0u);
  auto time = input_->TakeTimeEvent();
  EXPECT_FALSE(time.has_value() && std::get<Watermark>(*time).time > 10 * 1'000'000) << "it passed rows of split 1";
  Watch(absl::Seconds(4));
  EXPECT_EQ(num_idle(), 1u) << "and then it counts again";
}

// However late every poll is, it ends.
TEST_F(SourceInputIdleTest, ASlowReaderStillFindsItsSplitsIdle) {
  Poll();
  for (int i = 0; i < 30; ++i) {
    clock_.Pass(absl::Seconds(2));
    Poll();
  }
  EXPECT_EQ(num_idle(), 2u);
}

}  // namespace
}  // namespace millrace
