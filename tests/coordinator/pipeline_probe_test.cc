#include "coordinator/pipeline_probe.h"

#include <gtest/gtest.h>

#include <memory>

namespace millrace {
namespace {

class StepClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixSeconds(1'000'000) + now_; }
  absl::Duration Monotonic() const override { return now_; }
  void Pass(double seconds) { now_ += absl::Seconds(seconds); }

 private:
  absl::Duration now_;
};

class PipelineProbeTest : public testing::Test {
 protected:
  PipelineProbeTest() {
    v1::Plan plan;
    plan.add_nodes()->set_uid("clicks");
    plan.add_nodes()->set_uid("table");
    plan.mutable_nodes(1)->mutable_sink();
    probe_ =
        std::make_unique<PipelineProbe>(&metrics_, &clock_, "p", plan, v1::PIPELINE_STATE_CREATED, absl::Seconds(10));
  }
  bool Shows(const std::string& line) {
    text_ = metrics_.Text();
    return ("\n" + text_).find("\n" + line + "\n") != std::string::npos;
  }
  StepClock clock_;
  Metrics metrics_;
  std::unique_ptr<PipelineProbe> probe_;
  std::string text_;
};

TEST_F(PipelineProbeTest, OneStateAtATimeAndTheTimeInEach) {
  clock_.Pass(2);
  probe_->StateChanged(v1::PIPELINE_STATE_STARTING);
  clock_.Pass(1);
  probe_->StateChanged(v1::PIPELINE_STATE_RUNNING);
  clock_.Pass(5);
  probe_->Tick(true);
  EXPECT_TRUE(Shows("millrace_pipeline_state{pipeline=\"p\",state=\"RUNNING\"} 1")) << text_;
  EXPECT_TRUE(Shows("millrace_pipeline_state{pipeline=\"p\",state=\"STARTING\"} 0"));
  EXPECT_TRUE(Shows("millrace_pipeline_state_seconds_total{pipeline=\"p\",state=\"CREATED\"} 2"));
  EXPECT_TRUE(Shows("millrace_pipeline_state_seconds_total{pipeline=\"p\",state=\"RUNNING\"} 5"));
  EXPECT_TRUE(Shows("millrace_checkpoints_in_progress{pipeline=\"p\"} 1"));
  EXPECT_TRUE(Shows("millrace_pipeline_recovery_seconds_count{pipeline=\"p\"} 0")) << "a start is no recovery";
}

TEST_F(PipelineProbeTest, RecoveryIsFromTheFirstFailureUntilItRuns) {
  probe_->StateChanged(v1::PIPELINE_STATE_RUNNING);
  probe_->On(observed::Restarting{observed::RestartReason::kWorkerLost});
  probe_->StateChanged(v1::PIPELINE_STATE_RESTARTING);
  clock_.Pass(2);
  probe_->On(observed::Restarting{observed::RestartReason::kSubtask});
  clock_.Pass(1);
  probe_->StateChanged(v1::PIPELINE_STATE_RUNNING);
  EXPECT_TRUE(Shows("millrace_pipeline_recovery_seconds_sum{pipeline=\"p\"} 3")) << text_;
  EXPECT_TRUE(Shows("millrace_pipeline_restarts_total{pipeline=\"p\",reason=\"worker_lost\"} 1"));
  EXPECT_TRUE(Shows("millrace_pipeline_restarts_total{pipeline=\"p\",reason=\"subtask\"} 1"));
}

TEST_F(PipelineProbeTest, FailuresInARowEndWithACompletedCheckpoint) {
  using observed::CheckpointResult;
  EXPECT_EQ(metrics_.Text().find("last_completed"), std::string::npos) << "nothing was completed yet: no 1970";
  probe_->On(observed::CheckpointEnded{.epoch = Epoch(1), .result = CheckpointResult::kFailed});
  probe_->On(observed::CheckpointEnded{.epoch = Epoch(2), .result = CheckpointResult::kExpired});
  probe_->On(observed::CheckpointEnded{.epoch = Epoch(3), .result = CheckpointResult::kAborted});
  EXPECT_TRUE(Shows("millrace_checkpoint_consecutive_failures{pipeline=\"p\"} 2")) << text_;
  probe_->On(observed::CheckpointEnded{.epoch = Epoch(4),
                                       .result = CheckpointResult::kCompleted,
                                       .took = absl::Seconds(3),
                                       .state_bytes = 900,
                                       .uploaded_bytes = 100});
  EXPECT_TRUE(Shows("millrace_checkpoint_consecutive_failures{pipeline=\"p\"} 0"));
  for (const char* result : {"failed", "expired", "aborted", "completed"}) {
    EXPECT_TRUE(Shows(std::string("millrace_checkpoints_total{kind=\"checkpoint\",pipeline=\"p\",result=\"") + result +
                      "\"} 1"));
  }
  EXPECT_TRUE(Shows("millrace_checkpoint_last_size_bytes{pipeline=\"p\",scope=\"full\"} 900"));
  EXPECT_TRUE(Shows("millrace_checkpoint_last_size_bytes{pipeline=\"p\",scope=\"incremental\"} 100"));
  EXPECT_TRUE(Shows("millrace_checkpoint_duration_seconds_sum{kind=\"checkpoint\",pipeline=\"p\"} 3"));
  EXPECT_TRUE(Shows("millrace_checkpoint_last_completed_timestamp_seconds{pipeline=\"p\"} 1000000"));
}

TEST_F(PipelineProbeTest, CommitsAreCountedByWhatCameOfThem) {
  observed::SinkAnswered answered;
  answered.result.set_sink_uid("table");
  answered.result.set_took_micros(500'000);
  answered.result.mutable_error()->set_message("lost");
  probe_->On(answered);
  answered.result.clear_error();
  answered.result.set_num_rows(7);
  answered.result.add_file_bytes(1000);
  answered.result.add_file_bytes(24);
  answered.oldest_row_waited = absl::Seconds(12);
  probe_->On(answered);
  answered.result.set_num_conflicts(1);
  probe_->On(answered);
  answered.result.set_duplicate(true);
  probe_->On(answered);
  for (const char* result : {"failed", "ok", "conflict_retried", "duplicate_skipped"}) {
    EXPECT_TRUE(
        Shows(std::string("millrace_sink_commits_total{pipeline=\"p\",result=\"") + result + "\",sink=\"table\"} 1"))
        << text_;
  }
  EXPECT_TRUE(Shows("millrace_sink_records_total{pipeline=\"p\",sink=\"table\"} 21"));
  EXPECT_TRUE(Shows("millrace_sink_files_total{pipeline=\"p\",sink=\"table\"} 6"));
  EXPECT_TRUE(Shows("millrace_sink_bytes_total{pipeline=\"p\",sink=\"table\"} 3072"));
  EXPECT_TRUE(Shows("millrace_sink_commit_seconds_sum{pipeline=\"p\",sink=\"table\"} 2"));
  EXPECT_TRUE(Shows("millrace_pipeline_end_to_end_latency_seconds_sum{pipeline=\"p\",sink=\"table\"} 36"));
}

TEST_F(PipelineProbeTest, FreshnessGrowsBetweenCommits) {
  probe_->On(observed::EpochCommitted{Epoch(1), absl::Seconds(1), std::nullopt});
  probe_->Tick(false);
  EXPECT_EQ(metrics_.Text().find("freshness"), std::string::npos) << "no event time yet";
  probe_->On(observed::EpochCommitted{Epoch(2), absl::Seconds(1), absl::ToUnixMicros(clock_.Now()) - 4'000'000});
  clock_.Pass(2);
  probe_->Tick(false);
  EXPECT_TRUE(Shows("millrace_pipeline_freshness_seconds{pipeline=\"p\"} 6")) << text_;
}

TEST_F(PipelineProbeTest, ParallelismIsShownWhileItIsDeployed) {
  probe_->Deployed(3);
  EXPECT_TRUE(Shows("millrace_pipeline_parallelism{operator=\"table\",pipeline=\"p\"} 3")) << text_;
  probe_->Undeployed();
  EXPECT_EQ(metrics_.Text().find("parallelism"), std::string::npos);
  probe_ = nullptr;
  EXPECT_EQ(metrics_.Text().find("pipeline=\"p\""), std::string::npos);
}

}  // namespace
}  // namespace millrace
