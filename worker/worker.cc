#include "worker/worker.h"

#include <optional>

#include "base/error.h"
#include "base/failpoint.h"
#include "worker/deploy_check.h"

namespace millrace {
namespace {

// None: nothing that others wait for.
std::optional<FailpointId> PointOf(const internal::v1::WorkerMessage& message) {
  switch (message.kind_case()) {
    case internal::v1::WorkerMessage::kHello:
      return FailpointId("send.hello");
    case internal::v1::WorkerMessage::kSubtaskStatus:
      return FailpointId("send.status");
    case internal::v1::WorkerMessage::kCheckpointAck:
      return FailpointId("send.ack");
    case internal::v1::WorkerMessage::kCommitResult:
      return FailpointId("send.result");
    default:
      return std::nullopt;
  }
}

WorkerOptions WithMemory(WorkerOptions options) {
  if (options.memory == nullptr) options.memory = MemoryAccount::Make();
  return options;
}

}  // namespace

Worker::Worker(WorkerOptions options)
    : options_(WithMemory(std::move(options))),
      probe_(options_.metrics, options_.memory),
      router_(options_.transport, options_.executor, &probe_, options_.memory),
      committer_(options_, [this](internal::v1::CommitResult result) {
        internal::v1::WorkerMessage message;
        *message.mutable_commit_result() = std::move(result);
        Send(message);
      }) {
  for (uint32_t slot = 0; slot < options_.num_slots; ++slot) {
    executors_.push_back(options_.executors->MakeExecutor(Cat("slot-", slot)));
    MemoryBudget share{.state = options_.memory->budget().state / options_.num_slots};
    slots_.push_back({executors_.back().get(), MemoryAccount::Make(share, options_.memory)});
  }
}

Worker::~Worker() {
  *alive_ = false;
  deployments_.clear();
  // Joins the slots: subtasks are gone before the router they speak to.
  executors_.clear();
}

void Worker::Start() {
  Connect();
  Heartbeat();
}

void Worker::Leave() {
  leaving_ = true;
  internal::v1::WorkerMessage message;
  message.mutable_goodbye();
  Send(message);
}

void Worker::Connect() {
  uint64_t connection = ++connection_;
  StreamEvents events;
  // Events of a connection that has been given up are not ours any more.
  events.on_message = [this, alive = alive_, connection](std::string message) {
    if (*alive && connection == connection_) OnMessage(message);
  };
  events.on_closed = [this, alive = alive_, connection](absl::Status why) {
    if (*alive && connection == connection_) OnClosed(why);
  };
  control_ = options_.transport->Connect(options_.coordinator_address, kControlMethod, options_.executor, std::move(events));
  internal::v1::WorkerMessage message;
  auto* hello = message.mutable_hello();
  hello->set_worker_id(options_.worker_id);
  hello->set_num_slots(options_.num_slots);
  hello->set_shuffle_address(options_.shuffle_address);
  hello->set_version(options_.version);
  Send(message);
}

void Worker::OnClosed(const absl::Status& why) {
  options_.log.Warning("coordinator_lost", {{"coordinator", options_.coordinator_address}, {"why", why}});
  welcomed_ = false;
  ++connection_;
  control_ = nullptr;
  deployments_.clear();
  committer_.Clear();
  options_.executor->PostAfter(options_.reconnect_delay, [this, alive = alive_] {
    if (*alive && control_ == nullptr) Connect();
  });
}

void Worker::Send(const internal::v1::WorkerMessage& message) {
  if (control_ == nullptr) return;
  auto leave = [&] {
    control_->Send(message.SerializeAsString());
    return absl::OkStatus();
  };
  std::optional<FailpointId> point = PointOf(message);
  absl::Status sent = point.has_value() ? failpoint::Around(*point, leave) : leave();
  if (!sent.ok()) control_->Close(sent);
}

void Worker::Heartbeat() {
  if (welcomed_) SendHeartbeat("");
  options_.executor->PostAfter(options_.heartbeat_interval, [this, alive = alive_] {
    if (*alive) Heartbeat();
  });
}

void Worker::SendHeartbeat(const std::string& only_pipeline) {
  internal::v1::WorkerMessage message;
  auto* heartbeat = message.mutable_heartbeat();
  heartbeat->set_sequence(++heartbeat_sequence_);
  for (const auto& [pipeline, deployment] : deployments_) {
    if (!only_pipeline.empty() && pipeline != only_pipeline) continue;
    auto* progress = heartbeat->add_progress();
    progress->set_pipeline(pipeline);
    progress->set_generation(deployment->generation());
    *progress->mutable_progress() = deployment->TakeProgress();
  }
  Send(message);
}

Deployment* Worker::Find(const std::string& pipeline, uint64_t generation) {
  auto found = deployments_.find(pipeline);
  return found != deployments_.end() && found->second->generation() == generation ? found->second.get() : nullptr;
}

void Worker::OnDeploy(internal::v1::Deploy deploy) {
  auto existing = deployments_.find(deploy.pipeline());
  if (existing != deployments_.end() && existing->second->generation() >= deploy.generation()) return;
  if (existing != deployments_.end()) deployments_.erase(existing);
  options_.log.Info("deploy", {{"pipeline", deploy.pipeline()}, {"generation", deploy.generation()}});
  std::string pipeline = deploy.pipeline();
  internal::v1::WorkerMessage failure;
  auto* failed = failure.mutable_subtask_status();
  failed->mutable_subtask()->set_pipeline(pipeline);
  failed->mutable_subtask()->set_generation(deploy.generation());
  auto report = [this, pipeline](const internal::v1::WorkerMessage& message) {
    // So that what stands when a deployment ends holds all that its last checkpoint holds.
    if (message.has_checkpoint_ack()) SendHeartbeat(pipeline);
    Send(message);
  };
  absl::Status status = CheckDeploy(deploy);
  if (status.ok()) {
    auto deployment =
        std::make_unique<Deployment>(options_, slots_, &router_, std::move(deploy), &probe_, std::move(report));
    status = failpoint::Around("deployment.start", [&] { return deployment->Start(); });
    deployments_[pipeline] = std::move(deployment);
  }
  if (status.ok()) return;
  options_.log.Error("deploy_failed", {{"pipeline", pipeline}, {"generation", failed->subtask().generation()}, {"why", status}});
  failed->set_phase(internal::v1::SUBTASK_PHASE_FAILED);
  *failed->mutable_error() = ToError(status);
  Send(failure);
}

void Worker::OnMessage(const std::string& bytes) {
  internal::v1::CoordinatorMessage message;
  if (!message.ParseFromString(bytes)) {
    control_->Close(DataLoss("control: a message is not one"));
    return;
  }
  using Kind = internal::v1::CoordinatorMessage;
  switch (message.kind_case()) {
    case Kind::kWelcome:
      welcomed_ = true;
      options_.log.Info("welcome", {{"term", message.welcome().term()}});
      return;
    case Kind::kDeploy:
      OnDeploy(std::move(*message.mutable_deploy()));
      return;
    case Kind::kUndeploy:
      if (auto found = deployments_.find(message.undeploy().pipeline());
          found != deployments_.end() && found->second->generation() <= message.undeploy().generation()) {
        options_.log.Info("undeploy", {{"pipeline", found->first}, {"generation", found->second->generation()}});
        deployments_.erase(found);
      }
      return;
    case Kind::kTriggerCheckpoint: {
      const auto& trigger = message.trigger_checkpoint();
      if (Deployment* deployment = Find(trigger.pipeline(), trigger.generation())) deployment->Trigger(trigger);
      return;
    }
    case Kind::kAbortCheckpoint: {
      const auto& abort = message.abort_checkpoint();
      if (Deployment* deployment = Find(abort.pipeline(), abort.generation())) deployment->Abort(Epoch(abort.epoch()));
      return;
    }
    case Kind::kCheckpointCompleted: {
      const auto& completed = message.checkpoint_completed();
      if (Deployment* deployment = Find(completed.pipeline(), completed.generation())) {
        deployment->OnCheckpointCompleted(Epoch(completed.epoch()));
      }
      return;
    }
    case Kind::kCommitEpoch:
      committer_.Commit(std::move(*message.mutable_commit_epoch()));
      return;
    case Kind::kAddSplits: {
      const auto& add = message.add_splits();
      if (Deployment* deployment = Find(add.pipeline(), add.generation())) deployment->AddSplits(add.assignment());
      return;
    }
    case Kind::kHeartbeatReply:
    case Kind::KIND_NOT_SET:
      return;
  }
}

}  // namespace millrace
