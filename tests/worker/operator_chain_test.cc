#include "worker/operator_chain.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

BatchPtr Numbers(std::vector<int64_t> values) {
  arrow::Int64Builder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  return arrow::RecordBatch::Make(schema, static_cast<int64_t>(values.size()), {*builder.Finish()});
}

// Notes what it is told, and passes rows on.
class Recorder final : public Operator {
 public:
  explicit Recorder(std::vector<std::string>* log, std::string name) : log_(log), name_(std::move(name)) {}
  absl::Status Open(const OperatorContext&) override { return absl::OkStatus(); }
  absl::Status ProcessBatch(uint32_t, uint32_t, const BatchPtr& rows, Output& out) override {
    log_->push_back(name_ + " rows " + std::to_string(rows->num_rows()));
    out.Emit(0, rows);
    return absl::OkStatus();
  }
  absl::Status OnWatermark(EventTimeMicros watermark, Output&) override {
    log_->push_back(name_ + " watermark " + std::to_string(watermark));
    return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<FrozenEntries>> BeforeBarrier(Epoch epoch, Output& out) override {
    log_->push_back(name_ + " barrier " + std::to_string(epoch.value()));
    out.Emit(0, Numbers({7}));
    return std::unique_ptr<FrozenEntries>();
  }

 private:
  std::vector<std::string>* log_;
  std::string name_;
};

class OperatorChainTest : public testing::Test {
 protected:
  OperatorChainTest() {
    auto* source = stage_.add_nodes();
    source->set_uid("source");
    source->mutable_source();
    for (const char* uid : {"first", "second"}) {
      auto* node = stage_.add_nodes();
      node->set_uid(uid);
      node->mutable_filter();
      node->add_inputs()->set_from_uid(std::string(uid) == "first" ? "source" : "first");
    }
    std::vector<OperatorChain::Node> nodes(3);
    for (int i = 0; i < 3; ++i) nodes[i].plan = &stage_.nodes(i);
    nodes[1].op = std::make_unique<Recorder>(&log_, "first");
    nodes[2].op = std::make_unique<Recorder>(&log_, "second");
    chain_ = *OperatorChain::Make(std::move(nodes), {}, {});
  }
  internal::v1::Stage stage_;
  std::vector<std::string> log_;
  std::unique_ptr<OperatorChain> chain_;
};

TEST_F(OperatorChainTest, RowsAndWatermarksGoDownstreamByCall) {
  ASSERT_TRUE(chain_->EmitFromSource(0, Numbers({1, 2})).ok());
  ASSERT_TRUE(chain_->SourceWatermark(5).ok());
  EXPECT_EQ(log_, (std::vector<std::string>{"first rows 2", "second rows 2", "first watermark 5", "second watermark 5"}));
}

TEST_F(OperatorChainTest, WhatAnOperatorLetsGoAtABarrierReachesTheNextBeforeItsOwn) {
  ASSERT_TRUE(chain_->BeforeBarrier(Epoch(3)).ok());
  EXPECT_EQ(log_, (std::vector<std::string>{"first barrier 3", "second rows 1", "second barrier 3"}));
}

TEST_F(OperatorChainTest, RowsAfterIdlenessCountAgain) {
  ASSERT_TRUE(chain_->SourceWatermark(5).ok());
  ASSERT_TRUE(chain_->SourceIdle().ok());
  log_.clear();
  ASSERT_TRUE(chain_->EmitFromSource(0, Numbers({1})).ok());
  ASSERT_TRUE(chain_->SourceWatermark(6).ok());
  EXPECT_EQ(chain_->WatermarkOf(2), 6);
}

class UnionChainTest : public testing::Test {
 protected:
  // Two exchanges into a union, which is read by another node.
  std::unique_ptr<OperatorChain> Make(EventTimeMicros restored = kNoWatermark) {
    stage_.Clear();
    auto* both = stage_.add_nodes();
    both->set_uid("both");
    both->mutable_union_();
    both->add_inputs()->set_exchange(4);
    both->add_inputs()->set_exchange(7);
    auto* next = stage_.add_nodes();
    next->set_uid("next");
    next->mutable_filter();
    next->add_inputs()->set_from_uid("both");
    std::vector<OperatorChain::Node> nodes(2);
    for (int i = 0; i < 2; ++i) nodes[i].plan = &stage_.nodes(i);
    nodes[0].op = std::make_unique<Recorder>(&log_, "both");
    nodes[0].restored_watermark = restored;
    nodes[1].op = std::make_unique<Recorder>(&log_, "next");
    return *OperatorChain::Make(std::move(nodes), {}, {{4, 2}, {7, 1}});
  }
  internal::v1::Stage stage_;
  std::vector<std::string> log_;
};

TEST_F(UnionChainTest, TimeIsThatOfTheExchangeThatIsFurthestBehind) {
  auto chain = Make();
  const size_t first = chain->SlotOf(0, 4);
  const size_t second = chain->SlotOf(0, 7);
  EXPECT_NE(first, second);
  ASSERT_TRUE(chain->InputWatermark(0, first, 5).ok());
  ASSERT_TRUE(chain->InputWatermark(0, second, 9).ok());
  EXPECT_EQ(chain->WatermarkOf(1), kNoWatermark);
  ASSERT_TRUE(chain->InputWatermark(0, first + 1, 7).ok());
  EXPECT_EQ(chain->WatermarkOf(1), 5);
  ASSERT_TRUE(chain->InputIdle(0, first).ok());
  EXPECT_EQ(chain->WatermarkOf(1), 7);
}

TEST_F(UnionChainTest, ItHasEndedWhenAllItsInputsHaveIdleOnesIncluded) {
  auto chain = Make();
  const size_t first = chain->SlotOf(0, 4);
  ASSERT_TRUE(chain->InputIdle(0, chain->SlotOf(0, 7)).ok());
  ASSERT_TRUE(chain->InputWatermark(0, first, kFinalWatermark).ok());
  ASSERT_TRUE(chain->InputWatermark(0, first + 1, kFinalWatermark).ok());
  EXPECT_FALSE(chain->drained());
  EXPECT_NE(chain->WatermarkOf(1), kFinalWatermark);
  ASSERT_TRUE(chain->InputWatermark(0, chain->SlotOf(0, 7), kFinalWatermark).ok());
  EXPECT_TRUE(chain->drained());
  EXPECT_EQ(chain->WatermarkOf(1), kFinalWatermark);
}

TEST_F(UnionChainTest, WhatWasReachedBeforeARestoreIsSaidAgain) {
  auto chain = Make(5);
  ASSERT_TRUE(chain->ForwardRestoredWatermarks().ok());
  EXPECT_EQ(log_, (std::vector<std::string>{"next watermark 5"}));
}

}  // namespace
}  // namespace millrace
