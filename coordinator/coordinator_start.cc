// How a coordinator comes to lead, and to its pipelines.
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "coordinator/coordinator.h"
#include "coordinator/pipeline_state.h"
#include "coordinator/record_codec.h"
#include "coordinator/record_writer.h"

namespace millrace {
namespace {

constexpr char kPrefix[] = "pipelines/";
constexpr absl::Duration kAskAgain = absl::Milliseconds(500);

using Records = std::vector<std::pair<storage::v1::PipelineRecord, uint64_t>>;
// Why a pipeline's record cannot be used, by the pipeline's name.
using Damaged = std::map<std::string, absl::Status>;

// A record that cannot be used holds up no other pipeline.
absl::Status ReadRecords(MetadataStore& store, Records& records, Damaged& damaged) {
  ASSIGN_OR_RETURN(std::vector<std::string> names, store.List(kPrefix));
  for (const std::string& name : names) {
    const std::string pipeline = name.substr(sizeof(kPrefix) - 1);
    ASSIGN_OR_RETURN(VersionedRecord stored, store.Get(name));
    absl::StatusOr<storage::v1::PipelineRecord> record = DecodeRecord(stored.bytes, Cat(name, " version ", stored.version));
    v1::Plan plan;
    if (!record.ok()) {
      damaged.emplace(pipeline, record.status());
    } else if (record->name() != pipeline) {
      damaged.emplace(pipeline, DataLoss("read record ", name, " version ", stored.version, ": it is that of pipeline ", record->name()));
    } else if (!plan.ParseFromString(record->plan())) {
      damaged.emplace(pipeline, DataLoss("read record ", name, " version ", stored.version, ": its plan is unreadable"));
    } else {
      records.emplace_back(*std::move(record), stored.version);
    }
  }
  return absl::OkStatus();
}

struct Loaded {
  absl::Status status;
  Records records;
  Damaged damaged;
  Term newest;             // of all records
  absl::Status confirmed;  // if that is not older than ours: see Leadership::Confirm
  std::shared_ptr<BlobStore> blobs;
};

Loaded ReadEverything(MetadataStore& store, BlobStoreFactory& factory, const std::string& root) {
  Loaded loaded;
  absl::StatusOr<std::shared_ptr<BlobStore>> blobs = factory.Open(root);
  loaded.status = blobs.ok() ? failpoint::Around("leader.load", [&] { return ReadRecords(store, loaded.records, loaded.damaged); })
                             : blobs.status();
  if (!loaded.status.ok()) return loaded;
  loaded.blobs = *std::move(blobs);
  for (const auto& [record, version] : loaded.records) loaded.newest = std::max(loaded.newest, Term(record.term()));
  return loaded;
}

// Such a plan reads, computes and writes the same, and its state is the same.
bool DifferOnlyInLimits(v1::Plan a, v1::Plan b) {
  for (v1::Plan* plan : {&a, &b}) {
    for (v1::Node& node : *plan->mutable_nodes()) {
      if (node.has_source()) node.mutable_source()->clear_bad_record_limit();
    }
  }
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

}  // namespace

void Coordinator::Run() {
  options_.executor->Post(Guard([this] { Lead(); }));
}

void Coordinator::Lead() {
  Io([leadership = options_.leadership] { return failpoint::Around("leader.acquire", [&] { return leadership->Acquire(); }); },
     [this](absl::StatusOr<Term> term) {
       if (term.ok()) return Load(*term);
       not_leading_ = Unavailable("this coordinator does not lead: ", term.status().message());
       options_.executor->PostAfter(kAskAgain, Guard([this] { Lead(); }));
     });
}

void Coordinator::Load(Term term) {
  Io(
      [store = options_.metadata, leadership = options_.leadership, factory = options_.blob_stores, root = options_.checkpoint_root,
       term] {
        Loaded loaded = ReadEverything(*store, *factory, root);
        if (loaded.status.ok() && loaded.newest >= term) loaded.confirmed = leadership->Confirm(term);
        return loaded;
      },
     [this, term](Loaded loaded) {
       if (!loaded.status.ok()) {
         options_.logger.Error("coordinator_load_failed", {{"why", loaded.status}});
         not_leading_ = Unavailable("this coordinator cannot read its records: ", loaded.status.message());
         options_.executor->PostAfter(kAskAgain, Guard([this, term] { Load(term); }));
         return;
       }
       if (loaded.newest >= term) {
         if (!loaded.confirmed.ok() && !absl::IsAborted(loaded.confirmed)) {
           options_.executor->PostAfter(kAskAgain, Guard([this, term] { Load(term); }));
           return;
         }
         if (absl::IsAborted(loaded.confirmed)) {
           // Else who slept since it took its term would take the pipelines from its successor.
           not_leading_ = absl::OkStatus();
           return Fence(Aborted("take up the pipelines: another coordinator leads: its term is ", loaded.newest.value(), ", ours is ",
                                term.value()));
         }
         // Terms only go up: the record of leadership was lost, and counts from an older one. It is raised until it is
         // above every term that a pipeline has seen.
         options_.logger.Error("leadership_record_lost", {{"term", term.value()}, {"newest", loaded.newest.value()}});
         return Lead();
       }
       blobs_ = std::move(loaded.blobs);
       damaged_ = std::move(loaded.damaged);
       TakeUp(term, std::move(loaded.records));
     });
}

void Coordinator::TakeUp(Term term, Records records) {
  term_ = term;
  not_leading_ = absl::OkStatus();
  options_.logger.Info("coordinator_leads", {{"term", term.value()}, {"pipelines", records.size()}});
  for (const auto& [name, why] : damaged_) {
    options_.logger.Error("record_unreadable", {{"pipeline", name}, {"generation", 0}, {"why", why}});
  }
  for (auto& [record, version] : records) {
    v1::Plan plan;
    plan.ParseFromString(record.plan());
    Pipeline& pipeline = AddPipeline(std::move(record), std::move(plan), version);
    Feed(pipeline, event::TakeUp{});
  }
  options_.transport->Serve(kControlMethod, options_.executor, [this, alive = std::weak_ptr<bool>(alive_)](auto stream) {
    if (alive.lock()) return Accept(std::move(stream));
    stream->Close(Unavailable("this coordinator is gone"));
    return StreamEvents{[](std::string) {}, [](absl::Status) {}};
  });
  Tick();
  ConfirmLeadership();
}

void Coordinator::ConfirmLeadership() {
  options_.executor->PostAfter(options_.confirm_interval, Guard([this] {
    if (!not_leading_.ok()) return;
    Io([leadership = options_.leadership, term = term_] { return leadership->Confirm(term); },
       [this](absl::Status confirmed) {
         if (absl::IsAborted(confirmed)) return Fence(std::move(confirmed));
         ConfirmLeadership();
       });
  }));
}

Coordinator::Pipeline& Coordinator::AddPipeline(storage::v1::PipelineRecord record, v1::Plan plan, uint64_t version) {
  Pipeline& pipeline = pipelines_[record.name()];
  pipeline.name = record.name();
  pipeline.stored_version = version;
  // Versions shown to users differ from all that an earlier leader has shown.
  pipeline.view_version = std::max(pipeline.view_version, term_.value() << 32) + 1;
  pipeline.state_time = options_.clock->Now();
  PipelineMachine::Options options;
  options.record = std::move(record);
  options.plan = plan;
  options.term = term_;
  options.plan_physical = options_.plan_physical;
  options.checkpoint_root = options_.checkpoint_root;
  pipeline.machine = std::make_unique<PipelineMachine>(std::move(options));
  pipeline.shown_state = pipeline.machine->state();
  pipeline.probe = std::make_unique<PipelineProbe>(options_.metrics, options_.clock, pipeline.name, plan, pipeline.shown_state,
                                                   pipeline.machine->checkpoint_interval());
  FeedWorkers("");
  return pipeline;
}

void Coordinator::Create(v1::Plan plan, std::string request_id, Done done) {
  options_.executor->Post(
      Guard([this, plan = std::move(plan), request_id = std::move(request_id), done = std::move(done)]() mutable {
        if (!not_leading_.ok()) return done(not_leading_);
        std::string problems;
        for (const v1::Diagnostic& diagnostic : options_.validate(plan)) {
          problems = Cat(problems, problems.empty() ? "" : "\n", diagnostic.field(), ": ", diagnostic.message());
        }
        if (!problems.empty()) return done(InvalidArgument(problems));
        if (absl::Status physical = options_.plan_physical(plan, std::max(plan.parallelism(), 1u)).status(); !physical.ok()) {
          return done(physical);
        }
        if (AnswerFromStored(plan, request_id, done)) return;
        if (!being_created_.insert(plan.name()).second) {
          return done(Unavailable("create pipeline ", plan.name(), ": it is being created; ask again"));
        }
        StoreNew(std::move(plan), std::move(request_id), std::move(done));
      }));
}

bool Coordinator::AnswerFromStored(const v1::Plan& plan, const std::string& request_id, Done& done) {
  using google::protobuf::util::MessageDifferencer;
  for (const auto& [name, pipeline] : pipelines_) {
    if (request_id.empty() || pipeline.machine->record().request_id() != request_id) continue;
    if (MessageDifferencer::Equals(pipeline.machine->plan(), plan)) {
      done(View(pipeline));
    } else {
      done(InvalidArgument("create pipeline ", plan.name(), ": request_id ", request_id, " has created pipeline ", name,
                           " from another plan; make a new request_id for every plan"));
    }
    return true;
  }
  if (auto damaged = damaged_.find(plan.name()); damaged != damaged_.end()) {
    done(Annotate(damaged->second, "create pipeline ", plan.name(), ": there is one of this name"));
    return true;
  }
  auto found = pipelines_.find(plan.name());
  if (found == pipelines_.end()) return false;
  const PipelineMachine& machine = *found->second.machine;
  if (MessageDifferencer::Equals(machine.plan(), plan)) {
    done(AlreadyExists("create pipeline ", plan.name(), ": it exists with this plan; `millrace start ", plan.name(), "` starts it"));
    return true;
  }
  bool untouched = machine.at_rest() && machine.record().completed_epoch() == 0;
  if (untouched || (machine.at_rest() && DifferOnlyInLimits(machine.plan(), plan))) return false;
  done(AlreadyExists("create pipeline ", plan.name(), ": there is one of this name with another plan, ",
                     StateName(machine.state()), " at epoch ", machine.record().completed_epoch(), "; give yours another name"));
  return true;
}

void Coordinator::StoreNew(v1::Plan plan, std::string request_id, Done done) {
  storage::v1::PipelineRecord record;
  record.set_format_version(1);
  record.set_name(plan.name());
  record.set_lineage(random_.Uuid());
  record.set_plan(plan.SerializeAsString());
  record.set_desired(storage::v1::DESIRED_STATE_CREATED);
  record.set_parallelism(std::max(plan.parallelism(), 1u));
  record.set_create_time_ms(absl::ToUnixMillis(options_.clock->Now()));
  record.set_request_id(request_id);
  record.set_term(term_.value());
  uint64_t expected = 0;
  if (auto replaced = pipelines_.find(plan.name()); replaced != pipelines_.end()) {
    const storage::v1::PipelineRecord& old = replaced->second.machine->record();
    expected = replaced->second.stored_version;
    if (old.completed_epoch() > 0) {
      // Only limits differ: everything that it has done stands.
      record = old;
      record.set_plan(plan.SerializeAsString());
      record.set_request_id(request_id);
      record.set_term(term_.value());
    } else {
      // Workers that still hold a deployment of the old plan stay fenced.
      record.set_generation(old.generation());
      record.set_highest_epoch(old.highest_epoch());
    }
  }
  WriteNew(expected, std::move(record), std::move(plan), std::move(done));
}

void Coordinator::WriteNew(uint64_t expected, storage::v1::PipelineRecord record, v1::Plan plan, Done done) {
  struct Outcome {
    absl::StatusOr<uint64_t> written;
    absl::StatusOr<VersionedRecord> found;  // if the write was lost to another
    absl::Status confirmed;                 // if it was not: see Leadership::Confirm
  };
  std::string name = Cat(kPrefix, record.name());
  std::string bytes = EncodeRecord(record);
  Io(
      [store = options_.metadata, leadership = options_.leadership, term = term_, name, bytes, expected]() -> Outcome {
        absl::StatusOr<uint64_t> written = WriteRecord(*store, name, expected, bytes);
        if (absl::IsAborted(written.status())) return {written, store->Get(name), absl::OkStatus()};
        // A later leader that had read the records before this one was there knows nothing of it.
        return {written, absl::UnknownError(""), written.ok() ? leadership->Confirm(term) : absl::OkStatus()};
      },
      [this, name, expected, record = std::move(record), plan = std::move(plan), done = std::move(done)](Outcome outcome) mutable {
        auto& [written, found, confirmed] = outcome;
        if (!not_leading_.ok()) return done(not_leading_);
        if (absl::IsAborted(confirmed)) {
          Fence(confirmed);
          return done(not_leading_);
        }
        if ((!written.ok() && !found.ok()) || !confirmed.ok()) {
          // Unknown: the same write again tells.
          options_.executor->PostAfter(
              kAskAgain, Guard([this, expected, record = std::move(record), plan = std::move(plan), done = std::move(done)]() mutable {
                WriteNew(expected, std::move(record), std::move(plan), std::move(done));
              }));
          return;
        }
        being_created_.erase(record.name());
        if (written.ok()) {
          options_.logger.Info("pipeline_created", {{"pipeline", record.name()},
                                                    {"generation", record.generation()},
                                                    {"lineage", record.lineage()}});
          return done(View(AddPipeline(std::move(record), std::move(plan), *written)));
        }
        // A write of an earlier leader came after we had read the records; one of a later leader fences us.
        absl::StatusOr<storage::v1::PipelineRecord> other = DecodeRecord(found->bytes, name);
        v1::Plan other_plan;
        bool readable = other.ok() && other_plan.ParseFromString(other->plan());
        if (!readable || other->term() > term_.value()) {
          Fence(written.status());
          return done(not_leading_);
        }
        bool repeated = !record.request_id().empty() && other->request_id() == record.request_id();
        Pipeline& pipeline = AddPipeline(*std::move(other), std::move(other_plan), found->version);
        if (repeated) return done(View(pipeline));
        done(AlreadyExists("create pipeline ", record.name(), ": there is one of this name: choose another name"));
      });
}

void Coordinator::Fence(absl::Status why) {
  if (!not_leading_.ok()) return;
  not_leading_ = Unavailable("this coordinator no longer leads: ", why.message());
  options_.logger.Error("coordinator_fenced", {{"why", why}});
  // Machines may be on the stack: they are let go when it is empty.
  options_.executor->Post(Guard([this] {
    while (!sessions_.empty()) Drop(sessions_.begin()->first, not_leading_);
    for (auto& [name, pipeline] : pipelines_) {
      for (Done& done : std::exchange(pipeline.waiting_for_record, {})) done(not_leading_);
      for (Watcher& watcher : std::exchange(pipeline.watchers, {})) watcher.done(not_leading_);
    }
    pipelines_.clear();
    if (options_.on_fenced) options_.on_fenced(not_leading_);
  }));
}

}  // namespace millrace
