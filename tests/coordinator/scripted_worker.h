#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/transport.h"
#include "millrace/internal/v1/control.pb.h"

namespace millrace {

// A worker that answers as told: subtasks run at once, every barrier is acknowledged with one committable, every commit
// succeeds.
class ScriptedWorker {
 public:
  ScriptedWorker(std::string id, Transport* transport, Executor* executor) : id_(std::move(id)), executor_(executor) {
    stream_ = transport->Connect("coordinator:1", kControlMethod, executor,
                                 {[this](std::string bytes) { OnMessage(bytes); }, [this](absl::Status why) { closed = why; }});
    internal::v1::WorkerMessage hello;
    hello.mutable_hello()->set_worker_id(id_);
    hello.mutable_hello()->set_num_slots(2);
    hello.mutable_hello()->set_shuffle_address(Cat(id_, ":2"));
    Send(hello);
    Beat(alive_);
  }
  void Send(const internal::v1::WorkerMessage& message) { stream_->Send(message.SerializeAsString()); }
  void Fail(std::string why, bool permanent) {
    internal::v1::WorkerMessage message;
    auto* status = message.mutable_subtask_status();
    status->mutable_subtask()->set_pipeline(deploys.back().pipeline());
    status->mutable_subtask()->set_generation(deploys.back().generation());
    status->set_phase(internal::v1::SUBTASK_PHASE_FAILED);
    status->mutable_error()->set_message(why);
    status->mutable_error()->set_permanent(permanent);
    Send(message);
  }

  bool beats = true;
  bool acknowledges = true;
  absl::Status closed;
  uint64_t term = 0;
  std::vector<internal::v1::Deploy> deploys;
  std::vector<internal::v1::Undeploy> undeploys;
  std::vector<internal::v1::TriggerCheckpoint> triggers;
  std::vector<internal::v1::CommitEpoch> commits;
  std::vector<internal::v1::AddSplits> added;

 private:
  void Beat(std::shared_ptr<bool> alive) {
    if (!*alive) return;
    internal::v1::WorkerMessage message;
    message.mutable_heartbeat()->set_sequence(1);
    if (beats) Send(message);
    executor_->PostAfter(absl::Seconds(1), [this, alive] {
      if (*alive) Beat(alive);
    });
  }
  template <typename Visit>
  void ForEachSubtask(Visit visit) {
    for (const auto& placement : deploys.back().placements()) {
      if (placement.worker_id() != id_) continue;
      internal::v1::SubtaskRef ref;
      ref.set_pipeline(deploys.back().pipeline());
      ref.set_generation(deploys.back().generation());
      ref.set_stage(placement.stage());
      ref.set_index(placement.index());
      visit(ref);
    }
  }
  void OnMessage(const std::string& bytes) {
    internal::v1::CoordinatorMessage message;
    message.ParseFromString(bytes);
    if (message.has_welcome()) term = message.welcome().term();
    if (message.has_undeploy()) undeploys.push_back(message.undeploy());
    if (message.has_add_splits()) {
      added.push_back(message.add_splits());
      const auto& assignment = message.add_splits().assignment();
      for (const auto& split : assignment.splits()) splits_[assignment.index()].push_back(split);
    }
    if (message.has_deploy()) {
      deploys.push_back(message.deploy());
      splits_.clear();
      for (const auto& assignment : message.deploy().splits()) {
        for (const auto& split : assignment.splits()) splits_[assignment.index()].push_back(split);
      }
      ForEachSubtask([&](const internal::v1::SubtaskRef& ref) {
        internal::v1::WorkerMessage running;
        *running.mutable_subtask_status()->mutable_subtask() = ref;
        running.mutable_subtask_status()->set_phase(internal::v1::SUBTASK_PHASE_RUNNING);
        Send(running);
      });
    }
    if (message.has_trigger_checkpoint()) {
      triggers.push_back(message.trigger_checkpoint());
      if (acknowledges) ForEachSubtask([&](const auto& ref) { Acknowledge(ref, message.trigger_checkpoint().epoch()); });
    }
    if (message.has_commit_epoch()) {
      commits.push_back(message.commit_epoch());
      internal::v1::WorkerMessage answer;
      internal::v1::CommitResult& result = *answer.mutable_commit_result();
      result.set_pipeline(commits.back().pipeline());
      result.set_generation(commits.back().generation());
      result.set_epoch(commits.back().epoch());
      result.set_sink_uid(commits.back().sink_uid());
      result.set_num_rows(10);
      Send(answer);
    }
  }
  void Acknowledge(const internal::v1::SubtaskRef& ref, uint64_t epoch) {
    internal::v1::WorkerMessage message;
    internal::v1::CheckpointAck& ack = *message.mutable_checkpoint_ack();
    *ack.mutable_subtask() = ref;
    ack.set_epoch(epoch);
    auto* source = ack.add_sources();
    source->set_uid("in");
    for (auto& split : splits_[ref.index()]) {
      split.set_position(split.position() + 5);
      *source->add_splits() = split;
    }
    auto* sink = ack.add_sinks();
    sink->set_uid("out");
    sink->add_committables()->set_sealed_epoch(epoch);
    sink->mutable_committables(0)->set_bytes("rows");
    Send(message);
  }

  const std::string id_;
  Executor* const executor_;
  std::unique_ptr<Stream> stream_;
  std::map<uint32_t, std::vector<storage::v1::SplitState>> splits_;
  struct Alive {
    std::shared_ptr<bool> flag = std::make_shared<bool>(true);
    ~Alive() { *flag = false; }
    operator std::shared_ptr<bool>() const { return flag; }
  } alive_;
};

}  // namespace millrace
