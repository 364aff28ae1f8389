#include "worker/chain_probe.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "tests/worker/step_clock.h"
#include "worker/row_bytes.h"

namespace millrace {
namespace {

BatchPtr Numbers(int64_t num_rows) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < num_rows; ++i) EXPECT_TRUE(builder.Append(i).ok());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int64())}), num_rows, {*builder.Finish()});
}

class ChainProbeTest : public testing::Test {
 protected:
  ChainProbeTest() {
    stage_.add_nodes()->mutable_source();
    stage_.add_nodes()->mutable_window_aggregate();
    stage_.add_nodes()->mutable_sink();
    Histogram* seconds = metrics_.AddHistogram("batch_seconds", "Time.", BatchSecondsBuckets());
    probe_ = std::make_unique<ChainProbe>(stage_, std::vector<Histogram*>(3, seconds), &clock_);
  }
  void Pass(int seconds) { clock_.Pass(absl::Seconds(seconds)); }

  internal::v1::Stage stage_;
  StepClock clock_;
  Metrics metrics_;
  std::unique_ptr<ChainProbe> probe_;
};

TEST_F(ChainProbeTest, ANodesTimeIsItsOwnAndTheThreeKindsAddUpToTheWall) {
  Pass(1);  // waits for its first step
  probe_->StepBegan();
  Pass(2);  // the source reads
  {
    ChainProbe::BatchWork window(probe_.get(), 1, *Numbers(4));
    Pass(3);
    {
      ChainProbe::BatchWork sink(probe_.get(), 2, *Numbers(2));
      Pass(4);
    }
    Pass(5);
  }
  Pass(6);
  probe_->StepEnded(/*backpressured=*/true);
  Pass(7);
  probe_->StepBegan();
  {
    ChainProbe::Work window(probe_.get(), 1);
    Pass(8);
  }
  probe_->StepEnded(/*backpressured=*/false);
  Pass(9);  // still waits

  std::vector<ChainNodeFigures> figures = probe_->figures();
  EXPECT_EQ(figures[0].busy, absl::Seconds(8));
  EXPECT_EQ(figures[1].busy, absl::Seconds(16));
  EXPECT_EQ(figures[2].busy, absl::Seconds(4));
  for (const ChainNodeFigures& node : figures) {
    EXPECT_EQ(node.backpressured, absl::Seconds(7));
    EXPECT_EQ(node.busy + node.idle + node.backpressured, absl::Seconds(45));
  }
  EXPECT_NE(metrics_.Text().find("batch_seconds_count 2"), std::string::npos) << metrics_.Text();
  EXPECT_NE(metrics_.Text().find("batch_seconds_sum 12"), std::string::npos) << "8 of the window, 4 of the sink";
}

TEST_F(ChainProbeTest, OthersSeeBatchesAsOfTheLastStep) {
  probe_->StepBegan();
  Pass(2);
  probe_->Read(10, 1000);
  probe_->Emitted(0, 0, *Numbers(9));
  { ChainProbe::BatchWork work(probe_.get(), 1, *Numbers(9)); }
  probe_->Emitted(1, 1, *Numbers(2));
  probe_->Emitted(1, 0, *Numbers(3));
  probe_->WatermarkSent(1, 77);
  EXPECT_EQ(probe_->figures()[0].records_in, 0u);
  EXPECT_NE(metrics_.Text().find("batch_seconds_sum 2"), std::string::npos) << "reading took 2 s";
  probe_->StepEnded(false);
  std::vector<ChainNodeFigures> figures = probe_->figures();
  EXPECT_EQ(figures[0].records_in, 10u);
  EXPECT_EQ(figures[0].bytes_in, 1000u);
  EXPECT_EQ(figures[0].records_out, 9u);
  EXPECT_EQ(figures[0].late_records, 0u);
  EXPECT_EQ(figures[1].records_in, 9u);
  EXPECT_EQ(figures[1].bytes_in, 72u);
  EXPECT_EQ(figures[1].records_out, 5u);
  EXPECT_EQ(figures[1].late_records, 2u) << "output 1 of a window is its late rows";
  EXPECT_EQ(figures[1].watermark, 77);
}

TEST_F(ChainProbeTest, RowsAreUncommittedUntilTheirEpochIsComplete) {
  auto uncommitted = [&] { return probe_->figures()[2].uncommitted_bytes; };
  probe_->StepBegan();
  probe_->SinkHolds(2, 100);
  probe_->StepEnded(false);
  EXPECT_EQ(uncommitted(), 100u);
  probe_->StepBegan();
  probe_->SinkSeals(2, Epoch(1), 150);
  probe_->SinkSeals(2, Epoch(2), 30);
  probe_->SinkHolds(2, 5);
  probe_->StepEnded(false);
  EXPECT_EQ(uncommitted(), 185u);
  probe_->EpochCompleted(Epoch(1));
  EXPECT_EQ(uncommitted(), 35u);
  probe_->EpochCompleted(Epoch(2));
  EXPECT_EQ(uncommitted(), 5u);
}

TEST_F(ChainProbeTest, OperatorsAreAskedWhenThereIsTimeOrTimeHasPassed) {
  auto step = [&](bool is_waiting) {
    probe_->StepBegan();
    bool due = probe_->FiguresAreDue(is_waiting);
    probe_->StepEnded(false);
    return due;
  };
  EXPECT_TRUE(step(false));
  EXPECT_FALSE(step(false));
  EXPECT_TRUE(step(true));
  clock_.Pass(absl::Milliseconds(99));
  EXPECT_FALSE(step(false));
  clock_.Pass(absl::Milliseconds(1));
  EXPECT_TRUE(step(false));
}

TEST(RowBytes, CountsWhatASliceRefersTo) {
  arrow::StringBuilder strings;
  ASSERT_TRUE(strings.AppendValues({"a", "bcd", "efghij", ""}).ok());
  arrow::BooleanBuilder flags;
  ASSERT_TRUE(flags.AppendValues(std::vector<bool>{true, false, true, true}).ok());
  arrow::Int32Builder numbers;
  ASSERT_TRUE(numbers.AppendValues({1, 2, 3, 4}).ok());
  auto schema = arrow::schema(
      {arrow::field("s", arrow::utf8()), arrow::field("b", arrow::boolean()), arrow::field("i", arrow::int32())});
  auto rows = arrow::RecordBatch::Make(schema, 4, {*strings.Finish(), *flags.Finish(), *numbers.Finish()});
  EXPECT_EQ(RowBytes(*rows), (4u * 4 + 10) + 1 + 16);
  EXPECT_EQ(RowBytes(*rows->Slice(1, 2)), (2u * 4 + 9) + 1 + 8);
  EXPECT_EQ(RowBytes(*rows->Slice(4, 0)), 0u);
}

TEST(RowBytes, NestedColumnsAreShares) {
  auto values = std::make_shared<arrow::Int64Builder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), values);
  for (int length : {1, 3}) {
    ASSERT_TRUE(lists.Append().ok());
    for (int i = 0; i < length; ++i) ASSERT_TRUE(values->Append(i).ok());
  }
  auto rows =
      arrow::RecordBatch::Make(arrow::schema({arrow::field("l", arrow::list(arrow::int64()))}), 2, {*lists.Finish()});
  EXPECT_EQ(RowBytes(*rows), 2u * 4 + 4 * 8);
  EXPECT_EQ(RowBytes(*rows->Slice(1, 1)), 4u + 3 * 8);
}

}  // namespace
}  // namespace millrace
