// The coordinator's side of the workers' streams.
#include "base/error.h"
#include "coordinator/coordinator.h"
#include "coordinator/pipeline_state.h"

namespace millrace {

using internal::v1::CoordinatorMessage;
using internal::v1::WorkerMessage;

StreamEvents Coordinator::Accept(std::unique_ptr<Stream> stream) {
  uint64_t id = next_session_++;
  if (!not_leading_.ok()) {
    stream->Close(not_leading_);
    options_.executor->Post([stream = std::move(stream)] {});
    return StreamEvents{[](std::string) {}, [](absl::Status) {}};
  }
  sessions_[id] = Session{std::move(stream), "", Now()};
  return StreamEvents{Guard([this, id](std::string message) { OnMessage(id, message); }),
                      Guard([this, id](absl::Status why) { Drop(id, std::move(why)); })};
}

void Coordinator::OnMessage(uint64_t session, const std::string& bytes) {
  auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  WorkerMessage message;
  if (!message.ParseFromString(bytes)) return Drop(session, InvalidArgument("a worker's message cannot be parsed"));
  const std::string worker = found->second.worker_id;
  if (message.has_hello()) return OnHello(session, message.hello());
  if (worker.empty()) return Drop(session, FailedPrecondition("a worker says hello first"));
  registry_.OnMessage(worker, Now());
  switch (message.kind_case()) {
    case WorkerMessage::kHeartbeat:
      return OnHeartbeat(session, message.heartbeat());
    case WorkerMessage::kSubtaskStatus:
      return FeedByName(message.subtask_status().subtask().pipeline(), event::FromWorker{worker, message.subtask_status()});
    case WorkerMessage::kCheckpointAck:
      return FeedByName(message.checkpoint_ack().subtask().pipeline(), event::FromWorker{worker, message.checkpoint_ack()});
    case WorkerMessage::kCheckpointDecline:
      return FeedByName(message.checkpoint_decline().subtask().pipeline(),
                        event::FromWorker{worker, message.checkpoint_decline()});
    case WorkerMessage::kCommitResult: {
      const internal::v1::CommitResult& result = message.commit_result();
      return FeedByName(result.pipeline(), event::FromWorker{worker, result});
    }
    case WorkerMessage::kGoodbye:
      options_.logger.Info("worker_leaves", {{"worker", worker}});
      registry_.OnGoodbye(worker);
      return FeedWorkers(Cat("worker ", worker, " said goodbye"));
    default:
      return;  // of a newer worker
  }
}

void Coordinator::OnHello(uint64_t session, const internal::v1::WorkerHello& hello) {
  // One stream is one worker: what it is lost with must be known under one name.
  if (!sessions_.at(session).worker_id.empty()) return Drop(session, FailedPrecondition("a worker says hello once"));
  if (auto old = session_of_worker_.find(hello.worker_id()); old != session_of_worker_.end()) {
    Drop(old->second, Unavailable("it has connected anew"));
  }
  absl::Status registered = registry_.OnHello(hello, Now());
  if (!registered.ok()) return Drop(session, registered);
  Session& opened = sessions_.at(session);
  opened.worker_id = hello.worker_id();
  session_of_worker_[hello.worker_id()] = session;
  options_.logger.Info("worker_joined", {{"worker", hello.worker_id()},
                                         {"slots", hello.num_slots()},
                                         {"shuffle", hello.shuffle_address()},
                                         {"version", hello.version()}});
  CoordinatorMessage welcome;
  welcome.mutable_welcome()->set_term(term_.value());
  opened.stream->Send(welcome.SerializeAsString());
  // Nothing that an earlier connection has left there is ours.
  for (const auto& [name, pipeline] : pipelines_) {
    CoordinatorMessage message;
    message.mutable_undeploy()->set_pipeline(name);
    message.mutable_undeploy()->set_generation(pipeline.machine->record().generation());
    if (message.undeploy().generation() > 0) opened.stream->Send(message.SerializeAsString());
  }
  FeedWorkers("");
}

void Coordinator::OnHeartbeat(uint64_t session, const internal::v1::Heartbeat& heartbeat) {
  Session& from = sessions_.at(session);
  for (const internal::v1::PipelineProgress& progress : heartbeat.progress()) {
    auto found = pipelines_.find(progress.pipeline());
    if (found == pipelines_.end()) continue;
    Pipeline& pipeline = found->second;
    if (progress.generation() != pipeline.machine->record().generation()) continue;
    pipeline.progress.OnReport(from.worker_id, progress.generation(), progress.progress());
  }
  CoordinatorMessage reply;
  reply.mutable_heartbeat_reply()->set_sequence(heartbeat.sequence());
  from.stream->Send(reply.SerializeAsString());
}

void Coordinator::Drop(uint64_t session, absl::Status why) {
  auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  std::string worker = found->second.worker_id;
  found->second.stream->Close(why);
  // One of its callbacks may be running: it is destroyed afterwards.
  options_.executor->Post([stream = std::move(found->second.stream)] {});
  sessions_.erase(found);
  if (worker.empty()) return;
  session_of_worker_.erase(worker);
  registry_.OnClosed(worker);
  options_.logger.Warning("worker_lost", {{"worker", worker}, {"why", why}});
  probe_.WorkerLost();
  FeedWorkers(std::string(StdView(why.message())));
}

void Coordinator::FeedWorkers(const std::string& cause) {
  event::WorkersChanged changed;
  changed.cause = cause;
  for (const auto& [id, worker] : registry_.workers()) changed.workers.push_back({id, worker.leaving});
  for (auto& [name, pipeline] : pipelines_) {
    if (pipeline.machine) Feed(pipeline, changed);
  }
}

void Coordinator::ShowFigures() {
  CoordinatorProbe::Figures figures;
  figures.leads = not_leading_.ok();
  for (const auto& [id, worker] : registry_.workers()) {
    ++(worker.leaving ? figures.workers_draining : figures.workers_alive);
    figures.slots += worker.num_slots;
  }
  for (auto& [name, pipeline] : pipelines_) {
    for (const auto& [worker, slots] : pipeline.slots) figures.slots_used += static_cast<double>(slots.size());
    pipeline.probe->Tick(pipeline.machine->checkpoint_in_progress());
  }
  probe_.Show(figures);
}

}  // namespace millrace
