// The small pure parts that count time and failures.
#include <gtest/gtest.h>

#include "coordinator/checkpoint_schedule.h"
#include "coordinator/commit_progress.h"
#include "coordinator/restart_policy.h"
#include "coordinator/worker_registry.h"

namespace millrace {
namespace {

TEST(RestartPolicy, BacksOffDoublingAndGivesUp) {
  v1::RestartSettings settings;
  settings.set_initial_backoff_ms(100);
  settings.set_max_backoff_ms(300);
  settings.set_max_restarts(4);
  RestartPolicy policy(settings);
  for (int64_t millis : {100, 200, 300, 300}) EXPECT_EQ(policy.OnFailure(absl::Seconds(1)), absl::Milliseconds(millis));
  EXPECT_EQ(policy.OnFailure(absl::Seconds(1)), std::nullopt);
  policy.Reset();
  EXPECT_EQ(policy.OnFailure(absl::Seconds(1)), absl::Milliseconds(100));
}

TEST(RestartPolicy, ALongRunForgivesThePast) {
  RestartPolicy policy(v1::RestartSettings{});
  EXPECT_EQ(policy.OnFailure(absl::Seconds(1)), absl::Milliseconds(200));
  policy.OnRunning(absl::Seconds(2));
  EXPECT_EQ(policy.OnFailure(absl::Seconds(61)), absl::Milliseconds(400)) << "59 s are not enough";
  policy.OnRunning(absl::Seconds(100));
  EXPECT_EQ(policy.OnFailure(absl::Seconds(160)), absl::Milliseconds(200));
}

TEST(CheckpointSchedule, StartsAnIntervalAfterTheLastStart) {
  CheckpointSchedule schedule(v1::CheckpointSettings{});
  schedule.OnRunning(absl::Seconds(5));
  EXPECT_FALSE(schedule.Due(absl::Seconds(14)));
  EXPECT_TRUE(schedule.Due(absl::Seconds(15)));
  schedule.OnStarted(absl::Seconds(15));
  EXPECT_FALSE(schedule.TimedOut(absl::Seconds(135)));
  EXPECT_TRUE(schedule.TimedOut(absl::Seconds(136)));
}

TEST(CheckpointSchedule, TheThirdFailureInARowIsOneTooMany) {
  CheckpointSchedule schedule(v1::CheckpointSettings{});
  EXPECT_FALSE(schedule.OnFailed());
  EXPECT_FALSE(schedule.OnFailed());
  schedule.OnCompleted();
  EXPECT_FALSE(schedule.OnFailed());
  EXPECT_FALSE(schedule.OnFailed());
  EXPECT_TRUE(schedule.OnFailed());
}

TEST(WorkerRegistry, ASilentWorkerHangsAndAClosedOneIsGone) {
  WorkerRegistry registry(absl::Seconds(5));
  internal::v1::WorkerHello hello;
  EXPECT_TRUE(absl::IsInvalidArgument(registry.OnHello(hello, absl::Seconds(0))));
  hello.set_worker_id("w");
  hello.set_num_slots(1);
  hello.set_shuffle_address("w:1");
  ASSERT_TRUE(registry.OnHello(hello, absl::Seconds(0)).ok());
  registry.OnMessage("w", absl::Seconds(3));
  EXPECT_TRUE(registry.Hung(absl::Seconds(8)).empty());
  EXPECT_EQ(registry.Hung(absl::Seconds(9)), std::vector<std::string>{"w"});
  registry.OnGoodbye("w");
  EXPECT_TRUE(registry.workers().at("w").leaving);
  registry.OnClosed("w");
  EXPECT_TRUE(registry.workers().empty());
}

storage::v1::Manifest ManifestOfTest() {
  storage::v1::Manifest manifest;
  for (const char* uid : {"a", "b"}) {
    manifest.add_sinks()->set_uid(uid);
    manifest.mutable_sinks(manifest.sinks_size() - 1)->add_committables();
  }
  manifest.add_sinks()->set_uid("empty");
  return manifest;
}

internal::v1::CommitResult ResultOf(const std::string& uid, int code) {
  internal::v1::CommitResult result;
  result.set_sink_uid(uid);
  if (code != 0) result.mutable_error()->set_code(code);
  return result;
}

TEST(CommitProgress, EverySinkWithRowsIsCommittedByOneWorker) {
  CommitProgress commits(ManifestOfTest());
  EXPECT_TRUE(commits.Appoint(absl::ZeroDuration(), {}).empty()) << "nobody is there";
  auto appointments = commits.Appoint(absl::ZeroDuration(), {"w1", "w2"});
  ASSERT_EQ(appointments.size(), 2u);
  EXPECT_TRUE(commits.Appoint(absl::ZeroDuration(), {"w1", "w2"}).empty()) << "one each";
  EXPECT_EQ(commits.OnResult("w2", ResultOf("a", 0), absl::ZeroDuration()), CommitProgress::Answer::kIgnored);
  EXPECT_EQ(commits.OnResult("w1", ResultOf("a", 0), absl::ZeroDuration()), CommitProgress::Answer::kCommitted);
  commits.OnWorkerLost("w2");
  appointments = commits.Appoint(absl::ZeroDuration(), {"w1"});
  ASSERT_EQ(appointments.size(), 1u);
  EXPECT_EQ(appointments[0].sink_uid, "b");
  EXPECT_FALSE(commits.done());
  EXPECT_EQ(commits.OnResult("w1", ResultOf("b", 0), absl::ZeroDuration()), CommitProgress::Answer::kCommitted);
  EXPECT_TRUE(commits.done());
}

// A call to the storage that never ends holds one thread of one worker, not the table.
TEST(CommitProgress, AWorkerThatDoesNotAnswerIsReplacedAndItsLateAnswerCounts) {
  CommitProgress commits(ManifestOfTest());
  ASSERT_EQ(commits.Appoint(absl::ZeroDuration(), {"w1", "w2"}).size(), 2u);  // w1 has a, w2 has b
  EXPECT_TRUE(commits.Appoint(absl::Seconds(19), {"w1", "w2"}).empty());
  auto again = commits.Appoint(absl::Seconds(20), {"w1", "w2"});
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].worker_id, "w2");
  EXPECT_EQ(again[1].worker_id, "w1");
  EXPECT_TRUE(commits.Appoint(absl::Seconds(39), {"w1", "w2"}).empty());
  EXPECT_TRUE(commits.Appoint(absl::Seconds(60), {"w2"}).size() == 1) << "a stays with w2, whom nobody can replace";
  // Its failure says nothing about the other's attempt, its success all.
  int unavailable = static_cast<int>(absl::StatusCode::kUnavailable);
  EXPECT_EQ(commits.OnResult("w1", ResultOf("a", unavailable), absl::Seconds(61)), CommitProgress::Answer::kIgnored);
  EXPECT_EQ(commits.OnResult("w1", ResultOf("a", 0), absl::Seconds(61)), CommitProgress::Answer::kCommitted);
  EXPECT_EQ(commits.OnResult("w1", ResultOf("b", 0), absl::Seconds(61)), CommitProgress::Answer::kCommitted);
  EXPECT_TRUE(commits.done());
}

TEST(CommitProgress, AFailedCommitIsRepeatedLaterUnlessItsTableIsFenced) {
  CommitProgress commits(ManifestOfTest());
  commits.Appoint(absl::ZeroDuration(), {"w"});
  int unavailable = static_cast<int>(absl::StatusCode::kUnavailable);
  EXPECT_EQ(commits.OnResult("w", ResultOf("a", unavailable), absl::Seconds(1)), CommitProgress::Answer::kRetry);
  EXPECT_TRUE(commits.Appoint(absl::Seconds(1), {"w"}).empty());
  EXPECT_EQ(commits.Appoint(absl::Seconds(2), {"w"}).size(), 1u);
  int aborted = static_cast<int>(absl::StatusCode::kAborted);
  EXPECT_EQ(commits.OnResult("w", ResultOf("b", aborted), absl::Seconds(2)), CommitProgress::Answer::kPermanent);
}

}  // namespace
}  // namespace millrace
