#include "worker/deployment_probe.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "connectors/dead_letter.h"
#include "tests/worker/step_clock.h"
#include "worker/worker_probe.h"

namespace millrace {
namespace {

BatchPtr Numbers(int64_t num_rows) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < num_rows; ++i) EXPECT_TRUE(builder.Append(i).ok());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int64())}), num_rows, {*builder.Finish()});
}

class DeploymentProbeTest : public testing::Test {
 protected:
  DeploymentProbeTest() {
    plan_.set_pipeline("clicks");
    auto* read = plan_.mutable_plan()->add_stages();
    read->set_id(0);
    AddNode(read, "clicks")->mutable_source();
    auto* compute = plan_.mutable_plan()->add_stages();
    compute->set_id(1);
    auto* windows = AddNode(compute, "windows");
    windows->mutable_window_aggregate();
    windows->set_state_fingerprint("1");
    auto* late = AddNode(compute, "late");
    late->mutable_sink();
    late->add_inputs()->set_from_uid("windows");
    late->mutable_inputs(0)->set_output(1);
    probe_ = std::make_unique<DeploymentProbe>(&metrics_, &clock_, plan_);
    worker_ = std::make_unique<WorkerProbe>(&metrics_);
    worker_->Attach(probe_.get());
  }
  ~DeploymentProbeTest() override {
    if (probe_ != nullptr) worker_->Detach(probe_.get());
  }
  static internal::v1::ChainNode* AddNode(internal::v1::Stage* stage, const std::string& uid) {
    auto* node = stage->add_nodes();
    node->set_uid(uid);
    return node;
  }
  const internal::v1::Stage& stage(int index) const { return plan_.plan().stages(index); }
  bool Shows(const std::string& line) {
    text_ = metrics_.Text();
    return ("\n" + text_).find("\n" + line + "\n") != std::string::npos;
  }

  StepClock clock_;
  Metrics metrics_;
  internal::v1::Deploy plan_;
  std::unique_ptr<DeploymentProbe> probe_;
  std::unique_ptr<WorkerProbe> worker_;
  std::string text_;
};

TEST_F(DeploymentProbeTest, SubtasksAreSummedByOperatorAndCountedOnce) {
  for (int i = 0; i < 2; ++i) {
    auto subtask = probe_->AddSubtask(stage(1));
    ChainProbe& chain = subtask->chain();
    chain.StepBegan();
    {
      ChainProbe::BatchWork work(&chain, 0, *Numbers(10));
      clock_.Pass(absl::Seconds(1 + i));
    }
    chain.Emitted(0, 1, *Numbers(3));
    chain.WatermarkSent(0, (5 + i) * 1'000'000);
    chain.InputsDiffer(0, (2 + i) * 1'000'000);
    chain.Holds(0, {.num_windows = 2, .num_keys = 7, .num_bytes = 100});
    chain.SinkHolds(1, 50);
    chain.StepEnded(false);
  }
  for (int scrape = 0; scrape < 2; ++scrape) {
    EXPECT_TRUE(Shows("millrace_operator_records_in_total{operator=\"windows\",pipeline=\"clicks\"} 20")) << text_;
    EXPECT_TRUE(Shows("millrace_operator_bytes_in_total{operator=\"windows\",pipeline=\"clicks\"} 160"));
    EXPECT_TRUE(Shows("millrace_operator_records_out_total{operator=\"windows\",pipeline=\"clicks\"} 6"));
    EXPECT_TRUE(
        Shows("millrace_operator_time_seconds_total{operator=\"windows\",pipeline=\"clicks\",state=\"busy\"} 3"));
    EXPECT_TRUE(Shows(
        "millrace_operator_late_records_total{action=\"dead_letter\",operator=\"windows\",pipeline=\"clicks\"} 6"));
    EXPECT_TRUE(Shows("millrace_dead_letter_records_total{pipeline=\"clicks\",reason=\"late\"} 6"));
    EXPECT_TRUE(Shows("millrace_operator_watermark_timestamp_seconds{operator=\"windows\",pipeline=\"clicks\"} 5"))
        << "the lowest";
    EXPECT_TRUE(Shows("millrace_operator_watermark_skew_seconds{operator=\"windows\",pipeline=\"clicks\"} 3"))
        << "the largest";
    EXPECT_TRUE(Shows("millrace_operator_open_windows{operator=\"windows\",pipeline=\"clicks\"} 4"));
    EXPECT_TRUE(Shows("millrace_state_keys{operator=\"windows\",pipeline=\"clicks\"} 14"));
    EXPECT_TRUE(Shows("millrace_state_size_bytes{operator=\"windows\",pipeline=\"clicks\"} 200"));
    EXPECT_TRUE(Shows("millrace_sink_uncommitted_bytes{pipeline=\"clicks\",sink=\"late\"} 100"));
  }
}

TEST_F(DeploymentProbeTest, TheBusiestSubtaskShowsSkew) {
  auto lazy = probe_->AddSubtask(stage(1));
  auto busy = probe_->AddSubtask(stage(1));
  busy->chain().StepBegan();
  {
    ChainProbe::Work work(&busy->chain(), 0);
    clock_.Pass(absl::Seconds(3));
  }
  busy->chain().StepEnded(false);
  clock_.Pass(absl::Seconds(1));
  EXPECT_TRUE(Shows("millrace_operator_subtask_busy_max_ratio{operator=\"windows\",pipeline=\"clicks\"} 0.75"))
      << text_;
}

TEST_F(DeploymentProbeTest, SourcesShowWhatTheyReadAndHowFarTheyAre) {
  auto first = probe_->AddSubtask(stage(0));
  auto second = probe_->AddSubtask(stage(0));
  DeadLetterBuilder letters("clicks", "clicks");
  letters.Append({.error = "not JSON", .topic = "t"});
  SourceBatch batch{
      .rows = Numbers(9), .runs = {}, .dead_letters = letters.Flush(), .num_records = 10, .num_bytes = 1000};
  first->Read(batch, absl::ToUnixMicros(clock_.Now()) - 3'000'000);
  first->OnClientError("_TRANSPORT");
  const int64_t now_ms = absl::ToUnixMillis(clock_.Now());
  first->SourceHolds({.is_source = true,
                      .num_splits = 2,
                      .num_idle = 1,
                      .topics = {{"t", {.lag = 30, .lag_max = 20, .oldest_record_ms = now_ms - 4000}}}});
  second->SourceHolds({.is_source = true,
                       .num_splits = 1,
                       .num_idle = 0,
                       .topics = {{"t", {.lag = 5, .lag_max = 5, .oldest_record_ms = now_ms - 9000}}}});
  EXPECT_TRUE(Shows("millrace_source_records_total{pipeline=\"clicks\",source=\"clicks\"} 10")) << text_;
  EXPECT_TRUE(Shows("millrace_source_bytes_total{pipeline=\"clicks\",source=\"clicks\"} 1000"));
  EXPECT_TRUE(Shows("millrace_source_decode_errors_total{pipeline=\"clicks\",reason=\"decode\",source=\"clicks\"} 1"));
  EXPECT_TRUE(Shows("millrace_dead_letter_records_total{pipeline=\"clicks\",reason=\"decode\"} 1"));
  EXPECT_TRUE(
      Shows("millrace_source_client_errors_total{code=\"_TRANSPORT\",pipeline=\"clicks\",source=\"clicks\"} 1"));
  EXPECT_TRUE(Shows("millrace_source_event_time_delay_seconds_sum{pipeline=\"clicks\",source=\"clicks\"} 3"));
  EXPECT_TRUE(Shows("millrace_source_lag_records{pipeline=\"clicks\",source=\"clicks\",topic=\"t\"} 35"));
  EXPECT_TRUE(Shows("millrace_source_lag_max_records{pipeline=\"clicks\",source=\"clicks\",topic=\"t\"} 20"));
  EXPECT_TRUE(Shows("millrace_source_lag_seconds{pipeline=\"clicks\",source=\"clicks\",topic=\"t\"} 9"));
  EXPECT_TRUE(Shows("millrace_source_partitions{pipeline=\"clicks\",source=\"clicks\",state=\"assigned\"} 3"));
  EXPECT_TRUE(Shows("millrace_source_partitions{pipeline=\"clicks\",source=\"clicks\",state=\"idle\"} 1"));
}

TEST_F(DeploymentProbeTest, RowsThatExpressionsFailForAreCountedOnceForThePipeline) {
  auto* stage = plan_.mutable_plan()->add_stages();
  stage->set_id(2);
  AddNode(stage, "shape")->mutable_project();
  AddNode(stage, "some")->mutable_filter();
  AddNode(stage, "unread")->mutable_filter();
  for (const char* uid : {"shape", "some"}) {
    auto* dead = AddNode(stage, std::string(uid) + "-dead");
    dead->mutable_sink();
    dead->add_inputs()->set_from_uid(uid);
    dead->mutable_inputs(0)->set_output(1);
  }
  worker_->Detach(probe_.get());
  probe_ = std::make_unique<DeploymentProbe>(&metrics_, &clock_, plan_);
  worker_->Attach(probe_.get());
  auto read = probe_->AddSubtask(this->stage(0));
  auto compute = probe_->AddSubtask(this->stage(2));
  EXPECT_TRUE(Shows("millrace_dead_letter_records_total{pipeline=\"clicks\",reason=\"expression\"} 0")) << text_;
  DeadLetterBuilder letters("clicks", "clicks");
  letters.Append({.reason = "expression", .error = "division by zero", .topic = "t"});
  read->Read({.rows = Numbers(9), .runs = {}, .dead_letters = letters.Flush(), .num_records = 10}, kNoWatermark);
  compute->chain().StepBegan();
  compute->chain().Emitted(0, 1, *Numbers(3));
  compute->chain().Emitted(0, 0, *Numbers(5));
  compute->chain().Emitted(1, 1, *Numbers(4));
  compute->chain().StepEnded(false);
  for (int scrape = 0; scrape < 2; ++scrape) {
    EXPECT_TRUE(Shows("millrace_dead_letter_records_total{pipeline=\"clicks\",reason=\"expression\"} 8")) << text_;
  }
  EXPECT_EQ(text_.find("millrace_source_decode_errors_total{"), text_.npos) << "it was decoded";
}

TEST_F(DeploymentProbeTest, PhasesOfACheckpointAreMeasuredFromItsTrigger) {
  auto subtask = probe_->AddSubtask(stage(1));
  subtask->BarrierTriggered(Epoch(3));
  clock_.Pass(absl::Seconds(2));
  subtask->BarrierArrived(Epoch(3));
  subtask->BarrierArrived(Epoch(3));  // on another channel
  subtask->BarrierPassed(absl::Seconds(1), absl::Milliseconds(500));
  subtask->Persisted(absl::Seconds(4), absl::Seconds(3));
  auto sum = [](const char* phase, const char* value) {
    return std::string("millrace_checkpoint_phase_seconds_sum{phase=\"") + phase + "\",pipeline=\"clicks\"} " + value;
  };
  EXPECT_TRUE(Shows(sum("start_delay", "2"))) << text_;
  EXPECT_TRUE(Shows(sum("alignment", "1")));
  EXPECT_TRUE(Shows(sum("sync", "0.5")));
  EXPECT_TRUE(Shows(sum("async", "4")));
  EXPECT_TRUE(Shows(sum("upload", "3")));
}

TEST_F(DeploymentProbeTest, WhatWaitsInAChannelIsShown) {
  auto subtask = probe_->AddSubtask(stage(1));
  auto channel = std::make_shared<Channel>(
      1000, [] {}, [](const ChannelFeedback&) {});
  probe_->AddChannel("windows", channel);
  channel->Push(Watermark{1});
  EXPECT_TRUE(Shows("millrace_operator_input_queue_bytes{operator=\"windows\",pipeline=\"clicks\"} 64")) << text_;
  EXPECT_TRUE(Shows("millrace_exchange_buffer_bytes{state=\"used\"} 64"));
  EXPECT_TRUE(Shows("millrace_exchange_buffer_bytes{state=\"capacity\"} 1000"));
}

TEST_F(DeploymentProbeTest, SeriesGoWithTheDeployment) {
  auto subtask = probe_->AddSubtask(stage(1));
  EXPECT_NE(metrics_.Text().find("clicks"), std::string::npos);
  worker_->Detach(probe_.get());
  probe_ = nullptr;
  EXPECT_NE(metrics_.Text().find("millrace_operator_batch_seconds_count{"), std::string::npos)
      << "the subtask still runs";
  subtask = nullptr;
  EXPECT_EQ(metrics_.Text().find("clicks"), std::string::npos) << metrics_.Text();
}

}  // namespace
}  // namespace millrace
