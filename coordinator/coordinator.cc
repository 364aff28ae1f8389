#include "coordinator/coordinator.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "base/nearest_name.h"
#include "coordinator/connector_tasks.h"
#include "state/checkpoint_manifest.h"
#include "coordinator/pipeline_state.h"
#include "coordinator/pipeline_view.h"
#include "coordinator/record_writer.h"

namespace millrace {
namespace {

constexpr absl::Duration kLookAgainAfterError = absl::Seconds(10);

std::optional<FailpointId> PointOf(const internal::v1::CoordinatorMessage& message) {
  using Kind = internal::v1::CoordinatorMessage;
  switch (message.kind_case()) {
    case Kind::kDeploy:
      return FailpointId("send.deploy");
    case Kind::kUndeploy:
      return FailpointId("send.undeploy");
    case Kind::kTriggerCheckpoint:
      return FailpointId("send.trigger");
    case Kind::kAbortCheckpoint:
      return FailpointId("send.abort");
    case Kind::kCheckpointCompleted:
      return FailpointId("send.completed");
    case Kind::kCommitEpoch:
      return FailpointId("send.commit");
    default:
      return std::nullopt;
  }
}

absl::Status CheckRewind(const v1::StartRequest& request, const std::vector<uint64_t>& retained) {
  if (request.from_epoch() == 0) {
    if (request.sink_ahead() == v1::SINK_AHEAD_UNSPECIFIED) return absl::OkStatus();
    return InvalidArgument("start pipeline ", request.name(), ": sink_ahead is only for a start from an older checkpoint; set from_epoch too");
  }
  if (!v1::SinkAhead_IsValid(request.sink_ahead())) {
    return InvalidArgument("start pipeline ", request.name(), ": sink_ahead ", static_cast<int>(request.sink_ahead()), " is none that this release knows");
  }
  if (std::find(retained.begin(), retained.end(), request.from_epoch()) != retained.end()) return absl::OkStatus();
  std::string there;
  for (uint64_t epoch : retained) there += Cat(there.empty() ? "" : ", ", epoch);
  return InvalidArgument("start pipeline ", request.name(), " from checkpoint ", request.from_epoch(), ": it is not retained; ",
                         there.empty() ? "none is" : Cat("retained: ", there));
}

storage::v1::SinkAheadPolicy PolicyOf(v1::SinkAhead sink_ahead) {
  return sink_ahead == v1::SINK_AHEAD_ACCEPT_DUPLICATES ? storage::v1::SINK_AHEAD_POLICY_ACCEPT_DUPLICATES
                                                        : storage::v1::SINK_AHEAD_POLICY_FAIL;
}

}  // namespace

Coordinator::Coordinator(Options options)
    : options_(std::move(options)),
      probe_(options_.metrics),
      random_(options_.seed),
      not_leading_(Unavailable("this coordinator does not lead yet: ask again")),
      registry_(options_.heartbeat_timeout) {}

Coordinator::~Coordinator() = default;

void Coordinator::WithPipeline(std::string name, Done done, std::function<void(Pipeline&, Done)> request) {
  options_.executor->Post(
      Guard([this, name = std::move(name), done = std::move(done), request = std::move(request)]() mutable {
        if (!not_leading_.ok()) return done(not_leading_);
        auto found = pipelines_.find(name);
        if (being_created_.contains(name)) return done(Unavailable("find pipeline ", name, ": it is being created; ask again"));
        if (auto damaged = damaged_.find(name); damaged != damaged_.end()) return done(damaged->second);
        if (found == pipelines_.end()) return done(NotFound("find pipeline ", name, ": there is none of this name", NameAdvice(name, Names()), "; `millrace get` lists them"));
        request(found->second, std::move(done));
      }));
}

v1::Pipeline Coordinator::DamagedView(const std::string& name, const absl::Status& why) {
  v1::Pipeline view;
  view.set_name(name);
  view.set_state(v1::PIPELINE_STATE_FAILED);
  view.set_reason(std::string(StdView(why.message())));
  return view;
}

void Coordinator::Get(std::string name, Done done) {
  options_.executor->Post(Guard([this, name = std::move(name), done = std::move(done)]() mutable {
    auto damaged = damaged_.find(name);
    if (not_leading_.ok() && damaged != damaged_.end()) return done(DamagedView(name, damaged->second));
    WithPipeline(std::move(name), std::move(done), [this](Pipeline& pipeline, Done done) { done(View(pipeline)); });
  }));
}

void Coordinator::List(ListDone done) {
  options_.executor->Post(Guard([this, done = std::move(done)]() mutable {
    if (!not_leading_.ok()) return done(not_leading_);
    std::vector<v1::Pipeline> views;
    for (const auto& [name, pipeline] : pipelines_) views.push_back(View(pipeline));
    for (const auto& [name, why] : damaged_) views.push_back(DamagedView(name, why));
    std::sort(views.begin(), views.end(), [](const auto& a, const auto& b) { return a.name() < b.name(); });
    done(std::move(views));
  }));
}

void Coordinator::Start(std::string name, uint32_t parallelism, Done done) {
  v1::StartRequest request;
  request.set_name(std::move(name));
  request.set_parallelism(parallelism);
  Start(std::move(request), std::move(done));
}

void Coordinator::Start(v1::StartRequest request, Done done) {
  std::string name = request.name();
  WithPipeline(std::move(name), std::move(done), [this, request = std::move(request)](Pipeline& pipeline, Done done) {
    const uint32_t parallelism = request.parallelism();
    absl::Status allowed = MayStart(pipeline.name, pipeline.machine->state());
    if (allowed.ok()) allowed = CheckRewind(request, pipeline.machine->Retained());
    if (!allowed.ok()) return done(allowed);
    if (parallelism > 0) {
      v1::Plan plan;
      plan.ParseFromString(pipeline.machine->record().plan());
      allowed = options_.plan_physical(plan, parallelism).status();
      if (!allowed.ok()) return done(allowed);
    }
    uint32_t needed = parallelism > 0 ? parallelism : std::max(pipeline.machine->record().parallelism(), 1u);
    allowed = Place(pipeline.name, {}, needed, Slots()).status();
    if (!allowed.ok()) return done(allowed);
    pipeline.waiting_for_record.push_back(std::move(done));
    Feed(pipeline, event::StartRequested{parallelism, request.from_epoch(), PolicyOf(request.sink_ahead())});
  });
}

void Coordinator::Stop(std::string name, bool drain, Done done) {
  WithPipeline(std::move(name), std::move(done), [this, drain](Pipeline& pipeline, Done done) {
    absl::Status allowed = MayStop(pipeline.name, pipeline.machine->state());
    if (!allowed.ok()) return done(allowed);
    pipeline.waiting_for_record.push_back(std::move(done));
    Feed(pipeline, event::StopRequested{drain});
  });
}

void Coordinator::Cancel(std::string name, Done done) {
  WithPipeline(std::move(name), std::move(done), [this](Pipeline& pipeline, Done done) {
    absl::Status allowed = MayCancel(pipeline.name, pipeline.machine->state());
    if (!allowed.ok()) return done(allowed);
    pipeline.waiting_for_record.push_back(std::move(done));
    Feed(pipeline, event::CancelRequested{});
  });
}

void Coordinator::Watch(std::string name, uint64_t resume_version, Done done) {
  WithPipeline(std::move(name), std::move(done), [this, resume_version](Pipeline& pipeline, Done done) {
    pipeline.watchers.push_back({resume_version, Now() + options_.watch_timeout, std::move(done)});
    AnswerWatchers(pipeline);
  });
}

v1::Pipeline Coordinator::View(const Pipeline& pipeline) const {
  v1::Pipeline view = ViewOf(*pipeline.machine);
  view.set_version(pipeline.view_version);
  int64_t millis = absl::ToUnixMillis(pipeline.state_time);
  view.mutable_state_time()->set_seconds(millis / 1000);
  view.mutable_state_time()->set_nanos(static_cast<int32_t>(millis % 1000 * 1'000'000));
  *view.mutable_progress() = pipeline.progress.view();
  view.mutable_progress()->set_records_committed(pipeline.records_committed);
  view.mutable_progress()->set_checkpoint_bytes(pipeline.machine->last_state_bytes());
  view.mutable_progress()->set_checkpoint_seconds(absl::ToDoubleSeconds(pipeline.machine->last_checkpoint_duration()));
  return view;
}

void Coordinator::AnswerWatchers(Pipeline& pipeline) {
  std::vector<Watcher> waiting;
  for (Watcher& watcher : std::exchange(pipeline.watchers, {})) {
    if (watcher.resume_version != pipeline.view_version || Now() >= watcher.deadline) {
      watcher.done(View(pipeline));
    } else {
      waiting.push_back(std::move(watcher));
    }
  }
  for (Watcher& watcher : pipeline.watchers) waiting.push_back(std::move(watcher));
  pipeline.watchers = std::move(waiting);
}

void Coordinator::FeedByName(const std::string& name, PipelineEvent event) {
  if (auto found = pipelines_.find(name); found != pipelines_.end()) Feed(found->second, std::move(event));
}

Coordinator::Asker Coordinator::AskerOf(const Pipeline& pipeline) {
  return {pipeline.name, pipeline.machine->record().lineage()};
}

Coordinator::Pipeline* Coordinator::Find(const Asker& asker) {
  auto found = pipelines_.find(asker.name);
  if (found == pipelines_.end() || found->second.machine->record().lineage() != asker.lineage) return nullptr;
  return &found->second;
}

void Coordinator::Answer(const Asker& asker, PipelineEvent event) {
  if (Pipeline* pipeline = Find(asker)) Feed(*pipeline, std::move(event));
}

void Coordinator::Feed(Pipeline& pipeline, PipelineEvent event) {
  pipeline.inbox.push_back(std::move(event));
  if (pipeline.stepping) return;
  pipeline.stepping = true;
  while (!pipeline.inbox.empty()) {
    PipelineEvent next = std::move(pipeline.inbox.front());
    pipeline.inbox.pop_front();
    for (PipelineAction& todo : pipeline.machine->Step(Now(), next)) {
      std::visit([&](auto& what) { Do(pipeline, std::move(what)); }, todo);
    }
  }
  pipeline.stepping = false;
  if (pipeline.machine->synced()) {
    for (Done& done : std::exchange(pipeline.waiting_for_record, {})) {
      failpoint::Around("api.answer", [&] { done(View(pipeline)); });
    }
  }
}

void Coordinator::Do(Pipeline& pipeline, action::WriteRecord write) {
  // A later leader may have read this pipeline's record at rest, and not have written it since: a user's wish that is
  // stored behind its back is not answered as stored.
  Leadership* asked = pipeline.waiting_for_record.empty() ? nullptr : options_.leadership;
  Io([store = options_.metadata, asked, term = term_, name = Cat("pipelines/", pipeline.name), version = pipeline.stored_version,
      bytes = std::move(write.bytes)]() -> absl::StatusOr<uint64_t> {
       absl::StatusOr<uint64_t> written = WriteRecord(*store, name, version, bytes);
       if (written.ok() && asked != nullptr) RETURN_IF_ERROR(asked->Confirm(term));
       return written;
     },
     [this, asker = AskerOf(pipeline)](absl::StatusOr<uint64_t> written) {
       Pipeline* found = Find(asker);
       if (found == nullptr) return;
       if (written.ok()) found->stored_version = *written;
       Feed(*found, event::RecordWritten{written.status()});
     });
}

void Coordinator::Do(Pipeline& pipeline, action::Prepare prepare) {
  Io([connectors = options_.connectors, physical = *pipeline.machine->physical(), record = pipeline.machine->record(),
      resolved = std::set<std::string>(prepare.resolved.begin(), prepare.resolved.end())] {
        return PrepareConnectors(*connectors, physical, record, resolved);
      },
     [this, asker = AskerOf(pipeline), ticket = prepare.ticket](auto prepared) {
       Answer(asker, event::Prepared{ticket, std::move(prepared)});
     });
}

void Coordinator::Do(Pipeline& pipeline, action::ExamineSinks examine) {
  Io([connectors = options_.connectors, physical = *pipeline.machine->physical(), record = pipeline.machine->record(),
      after = examine.after] { return FindCommitted(*connectors, physical, record, after); },
     [this, asker = AskerOf(pipeline), ticket = examine.ticket](auto ahead) {
       Answer(asker, event::SinksExamined{ticket, std::move(ahead)});
     });
}

void Coordinator::Do(Pipeline& pipeline, action::ReadManifest read) {
  Io([blobs = blobs_, read, pipeline = pipeline.name,
      lineage = pipeline.machine->record().lineage()]() -> absl::StatusOr<storage::v1::Manifest> {
       ASSIGN_OR_RETURN(storage::v1::Manifest manifest, GetManifest(*blobs, read.name, pipeline, lineage));
       if (read.with_state) RETURN_IF_ERROR(CheckSnapshotFiles(*blobs, manifest));
       return manifest;
     },
     [this, asker = AskerOf(pipeline), ticket = read.ticket](auto manifest) {
       Answer(asker, event::ManifestRead{ticket, std::move(manifest)});
     });
}

void Coordinator::Do(Pipeline& pipeline, action::PutManifest put) {
  put.manifest.set_completed_at_ms(absl::ToUnixMillis(options_.clock->Now()));
  Io([blobs = blobs_, manifest = std::move(put.manifest)] { return PutManifest(*blobs, manifest).status(); },
     [this, asker = AskerOf(pipeline), ticket = put.ticket](absl::Status status) {
       Answer(asker, event::ManifestStored{ticket, std::move(status)});
     });
}

void Coordinator::Do(Pipeline& pipeline, action::CollectCheckpoints collect) {
  Io([blobs = blobs_, metadata = options_.metadata, run = options_.collect_checkpoints,
      order = std::move(collect.order)] { return run(*blobs, *metadata, order); },
     [this, asker = AskerOf(pipeline),
      generation = pipeline.machine->record().generation()](absl::StatusOr<CollectionReceipt> receipt) {
       if (!receipt.ok() && !absl::IsAborted(receipt.status())) {
         options_.logger.Warning("checkpoint_collection_failed",
                                 {{"pipeline", asker.name}, {"generation", generation}, {"why", receipt.status()}});
       }
       Answer(asker, event::CheckpointsCollected{receipt.status()});
     });
}

std::vector<std::string> Coordinator::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, pipeline] : pipelines_) names.push_back(name);
  return names;
}

std::vector<WorkerSlots> Coordinator::Slots() const {
  std::vector<WorkerSlots> workers;
  for (const auto& [id, worker] : registry_.workers()) {
    if (worker.leaving) continue;
    WorkerSlots& slots = workers.emplace_back(WorkerSlots{id, worker.shuffle_address, worker.num_slots, {}});
    for (const auto& [name, other] : pipelines_) {
      if (auto used = other.slots.find(id); used != other.slots.end()) slots.used.insert(used->second.begin(), used->second.end());
    }
  }
  return workers;
}

void Coordinator::Do(Pipeline& pipeline, action::PlaceSubtasks place) {
  auto placements = Place(pipeline.name, place.stages, place.parallelism, Slots());
  if (placements.ok()) {
    pipeline.probe->Deployed(place.parallelism);
    for (const auto& placement : *placements) pipeline.slots[placement.worker_id()].insert(placement.slot());
  }
  Feed(pipeline, event::Placed{place.ticket, std::move(placements)});
}

void Coordinator::Do(Pipeline& pipeline, action::ReleaseSlots release) {
  pipeline.slots.clear();
  pipeline.progress.OnEnded(release.generation);
  pipeline.probe->Undeployed();
}

void Coordinator::Do(Pipeline&, action::Send send) {
  auto found = session_of_worker_.find(send.worker_id);
  if (found == session_of_worker_.end()) return;  // its loss is on its way to the machine
  const internal::v1::CoordinatorMessage& message = send.message;
  Stream& stream = *sessions_.at(found->second).stream;
  auto leave = [&] {
    stream.Send(message.SerializeAsString());
    return absl::OkStatus();
  };
  std::optional<FailpointId> point = PointOf(message);
  absl::Status sent = point.has_value() ? failpoint::Around(*point, leave) : leave();
  if (!sent.ok()) stream.Close(sent);
}

void Coordinator::Do(Pipeline& pipeline, action::Changed) {
  ++pipeline.view_version;
  if (pipeline.shown_state != pipeline.machine->state()) {
    options_.logger.Info("pipeline_state", {{"pipeline", pipeline.name},
                                            {"from", StateName(pipeline.shown_state)},
                                            {"to", StateName(pipeline.machine->state())},
                                            {"generation", pipeline.machine->record().generation()},
                                            {"epoch", pipeline.machine->record().completed_epoch()},
                                            {"reason", pipeline.machine->reason()}});
    pipeline.shown_state = pipeline.machine->state();
    pipeline.probe->StateChanged(pipeline.shown_state);
    pipeline.state_time = options_.clock->Now();
    if (pipeline.shown_state != v1::PIPELINE_STATE_RUNNING) pipeline.look_for_splits_at.clear();
  }
  options_.executor->Post(Guard([this, name = pipeline.name] {
    if (auto found = pipelines_.find(name); found != pipelines_.end()) AnswerWatchers(found->second);
  }));
}

void Coordinator::Do(Pipeline& pipeline, action::Observed observed) {
  std::visit([&](const auto& what) { pipeline.probe->On(what); }, observed.what);
  if (const auto* ended = std::get_if<observed::CheckpointEnded>(&observed.what)) {
    Logger log = options_.logger.With({{"pipeline", pipeline.name},
                                       {"generation", pipeline.machine->record().generation()},
                                       {"epoch", ended->epoch.value()}});
    if (ended->result == observed::CheckpointResult::kCompleted) {
      log.Info("checkpoint_completed", {{"seconds", absl::ToDoubleSeconds(ended->took)},
                                        {"state_bytes", ended->state_bytes},
                                        {"uploaded_bytes", ended->uploaded_bytes}});
    } else {
      log.Warning("checkpoint_failed", {{"why", ended->cause}});
    }
  } else if (const auto* answered = std::get_if<observed::SinkAnswered>(&observed.what)) {
    const internal::v1::CommitResult& result = answered->result;
    if (!result.has_error()) {
      pipeline.records_committed += result.num_rows();
      return;
    }
    const absl::Status why(static_cast<absl::StatusCode>(result.error().code()), result.error().message());
    options_.logger.Warning("commit_failed", {{"pipeline", pipeline.name},
                                              {"generation", result.generation()},
                                              {"epoch", result.epoch()},
                                              {"sink", result.sink_uid()},
                                              {"why", why}});
  } else if (const auto* rewound = std::get_if<observed::Rewound>(&observed.what)) {
    options_.logger.Warning("pipeline_rewound", {{"pipeline", pipeline.name},
                                                 {"generation", pipeline.machine->record().generation()},
                                                 {"epoch", rewound->to.value()},
                                                 {"from", rewound->from.value()},
                                                 {"fence", rewound->fence.value()},
                                                 {"ahead", rewound->num_ahead},
                                                 {"cause", rewound->cause}});
  }
}

void Coordinator::Do(Pipeline& pipeline, action::Fenced) { Fence(Aborted(pipeline.machine->reason())); }

void Coordinator::Tick() {
  if (!not_leading_.ok()) return;
  for (const std::string& id : registry_.Hung(Now())) {
    Drop(session_of_worker_.at(id), Unavailable("it was silent for ", absl::FormatDuration(options_.heartbeat_timeout)));
  }
  std::vector<uint64_t> nameless;
  for (const auto& [id, session] : sessions_) {
    if (session.worker_id.empty() && Now() - session.opened > options_.heartbeat_timeout) nameless.push_back(id);
  }
  for (uint64_t id : nameless) Drop(id, FailedPrecondition("a worker says hello first"));
  for (auto& [name, pipeline] : pipelines_) {
    Feed(pipeline, event::Tick{});
    if (pipeline.shown_state == v1::PIPELINE_STATE_RUNNING) LookForSplits(pipeline);
    AnswerWatchers(pipeline);
  }
  ShowFigures();
  options_.executor->PostAfter(options_.tick, Guard([this] { Tick(); }));
}

void Coordinator::LookForSplits(Pipeline& pipeline) {
  for (const internal::v1::Stage& stage : pipeline.machine->physical()->stages()) {
    for (const internal::v1::ChainNode& node : stage.nodes()) {
      if (!node.has_source()) continue;
      auto [due, first] = pipeline.look_for_splits_at.try_emplace(node.uid(), Now());
      if (due->second > Now()) continue;
      due->second = absl::InfiniteDuration();  // until this look has ended
      std::set<std::string> known;
      for (const auto& source : pipeline.machine->record().start_positions()) {
        if (source.uid() != node.uid()) continue;
        for (const auto& split : source.splits()) known.insert(split.id());
      }
      Io([connectors = options_.connectors, node, name = pipeline.name,
          known = std::move(known)] { return FindNewSplits(*connectors, node, name, known); },
         [this, asker = AskerOf(pipeline), uid = node.uid()](absl::StatusOr<FoundSplits> found) {
           Pipeline* at = Find(asker);
           if (at == nullptr || at->shown_state != v1::PIPELINE_STATE_RUNNING) return;
           Logger log = options_.logger.With({{"pipeline", asker.name},
                                              {"generation", at->machine->record().generation()},
                                              {"source", uid}});
           absl::Duration interval = kLookAgainAfterError;
           if (!found.ok()) {
             log.Warning("split_discovery_failed", {{"why", found.status()}});
           } else {
             interval = found->interval > absl::ZeroDuration() ? found->interval : absl::InfiniteDuration();
             if (!found->source.splits().empty()) {
               log.Info("splits_found", {{"splits", found->source.splits_size()}});
               Feed(*at, event::SplitsFound{found->source});
             }
           }
           at->look_for_splits_at[uid] = Now() + interval;
         });
    }
  }
}

}  // namespace millrace
