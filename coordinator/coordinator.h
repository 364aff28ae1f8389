#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "base/blob_store.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/transport.h"
#include "connectors/registry.h"
#include "coordinator/coordinator_probe.h"
#include "coordinator/leadership.h"
#include "coordinator/metadata_store.h"
#include "coordinator/pipeline_machine.h"
#include "coordinator/pipeline_probe.h"
#include "coordinator/placement.h"
#include "coordinator/progress_totals.h"
#include "coordinator/worker_registry.h"
#include "millrace/v1/pipeline_service.pb.h"

namespace millrace {

// The control plane: an event loop around one PipelineMachine per pipeline. It carries out what they ask for, on the
// IoPool and over the workers' streams, and posts the answers back.
//
// Owns:    machines, streams. Everything in Options is borrowed and outlives the IoPool's last closure.
// Thread:  public methods from any; all else on the executor. Destroy it on the executor, or when the executor no
//          longer runs.
// Blocks:  never.
// Fails:   Unavailable: not the leader (yet, or any more). When fenced it forgets everything and calls on_fenced: the
//          process should end and be started anew.
class Coordinator {
 public:
  struct Options {
    const Clock* clock = nullptr;
    Executor* executor = nullptr;
    IoPool* io_pool = nullptr;
    Transport* transport = nullptr;
    MetadataStore* metadata = nullptr;
    Leadership* leadership = nullptr;
    BlobStoreFactory* blob_stores = nullptr;
    const ConnectorRegistry* connectors = nullptr;
    Metrics* metrics = nullptr;  // may be null
    Logger logger = Logger::Discard();
    // URI of the store of manifests and snapshots.
    std::string checkpoint_root;
    uint64_t seed = 0;
    // How often time-outs are looked at: the resolution of checkpoint intervals and backoffs.
    absl::Duration tick = absl::Milliseconds(20);
    // A worker that is silent for this long counts as dead.
    absl::Duration heartbeat_timeout = absl::Seconds(5);
    // How often a leader looks whether another one leads.
    absl::Duration confirm_interval = absl::Seconds(1);
    // A Watch answers after this long even if nothing has changed.
    absl::Duration watch_timeout = absl::Seconds(15);
    std::function<std::vector<v1::Diagnostic>(const v1::Plan&)> validate;
    PipelineMachine::Physical plan_physical;
    std::function<void(absl::Status why)> on_fenced;
    // Deletes old checkpoints, on the IoPool.
    std::function<decltype(CollectCheckpoints)> collect_checkpoints = CollectCheckpoints;
  };
  // Called once, on the executor.
  using Done = absl::AnyInvocable<void(absl::StatusOr<v1::Pipeline>)>;
  using ListDone = absl::AnyInvocable<void(absl::StatusOr<std::vector<v1::Pipeline>>)>;

  explicit Coordinator(Options options);
  ~Coordinator();
  // Waits for leadership, reads the records, takes running pipelines up, and serves workers.
  void Run();

  // Answers once the pipeline is stored. Repeating a request with its request_id answers with the pipeline that it
  // made. AlreadyExists if the name is taken, unless that pipeline has another plan, is at rest and has never completed
  // a checkpoint: it has committed no row, so that the plan may be corrected under its name, as a new lineage. Its
  // tables may exist nevertheless, empty and with the old plan's columns: a start creates them before it reads. A plan
  // that differs in nothing but sources' bad_record_limit takes the place of that of a pipeline at rest, which goes on.
  void Create(v1::Plan plan, std::string request_id, Done done);
  void Get(std::string name, Done done);
  // Sorted by name.
  void List(ListDone done);
  // These three answer once the wish is stored. Start: ResourceExhausted if not enough slots are free now; a pipeline
  // that restarts waits for them instead.
  void Start(std::string name, uint32_t parallelism, Done done);
  // With from_epoch, goes back to that checkpoint: InvalidArgument if it is not retained. What the tables say against
  // it is in the pipeline's reason later.
  void Start(v1::StartRequest request, Done done);
  void Stop(std::string name, bool drain, Done done);
  void Cancel(std::string name, Done done);
  // Answers once: as soon as the pipeline's version is not `resume_version`, or after watch_timeout.
  void Watch(std::string name, uint64_t resume_version, Done done);

 private:
  struct Watcher {
    uint64_t resume_version = 0;
    absl::Duration deadline;
    Done done;
  };
  struct Pipeline {
    std::string name;
    std::unique_ptr<PipelineMachine> machine;
    uint64_t stored_version = 0;
    uint64_t view_version = 0;
    v1::PipelineState shown_state = v1::PIPELINE_STATE_UNSPECIFIED;
    absl::Time state_time;
    std::deque<PipelineEvent> inbox;
    bool stepping = false;
    std::vector<Done> waiting_for_record;
    std::vector<Watcher> watchers;
    std::map<std::string, std::set<uint32_t>> slots;      // by worker
    ProgressTotals progress;
    uint64_t records_committed = 0;                       // since this coordinator took it up, of all sinks
    std::unique_ptr<PipelineProbe> probe;
    std::map<std::string, absl::Duration> look_for_splits_at;  // by source
  };
  struct Session {
    std::unique_ptr<Stream> stream;
    std::string worker_id;  // empty before its hello
    absl::Duration opened;
  };

  // Leadership and records (coordinator_start.cc).
  void Lead();
  void Load(Term term);
  void TakeUp(Term term, std::vector<std::pair<storage::v1::PipelineRecord, uint64_t>> records);
  // Looks again and again whether another coordinator leads.
  void ConfirmLeadership();
  Pipeline& AddPipeline(storage::v1::PipelineRecord record, v1::Plan plan, uint64_t version);
  // Answers if Create has nothing to store: repeated, or refused.
  bool AnswerFromStored(const v1::Plan& plan, const std::string& request_id, Done& done);
  void StoreNew(v1::Plan plan, std::string request_id, Done done);
  // `expected`: version of the record that it replaces; 0: none.
  void WriteNew(uint64_t expected, storage::v1::PipelineRecord record, v1::Plan plan, Done done);
  void Fence(absl::Status why);

  // Machines (coordinator.cc).
  void Feed(Pipeline& pipeline, PipelineEvent event);
  void FeedByName(const std::string& name, PipelineEvent event);
  // Who asked for what the IoPool does. A corrected plan takes over a name with a machine of its own, which must not
  // take the answers meant for the one before: every Create begins a lineage.
  struct Asker {
    std::string name;
    std::string lineage;
  };
  static Asker AskerOf(const Pipeline& pipeline);
  // Null: it is gone.
  Pipeline* Find(const Asker& asker);
  void Answer(const Asker& asker, PipelineEvent event);
  void Do(Pipeline& pipeline, action::WriteRecord write);
  void Do(Pipeline& pipeline, action::Prepare prepare);
  void Do(Pipeline& pipeline, action::ExamineSinks examine);
  void Do(Pipeline& pipeline, action::ReadManifest read);
  void Do(Pipeline& pipeline, action::PutManifest put);
  void Do(Pipeline& pipeline, action::CollectCheckpoints collect);
  void Do(Pipeline& pipeline, action::PlaceSubtasks place);
  void Do(Pipeline& pipeline, action::ReleaseSlots release);
  void Do(Pipeline& pipeline, action::Send send);
  void Do(Pipeline& pipeline, action::Changed);
  void Do(Pipeline& pipeline, action::Observed observed);
  void Do(Pipeline& pipeline, action::Fenced);
  // Slots of the workers that stay, and which of them are used.
  std::vector<WorkerSlots> Slots() const;
  std::vector<std::string> Names() const;
  void Tick();
  void LookForSplits(Pipeline& pipeline);
  v1::Pipeline View(const Pipeline& pipeline) const;
  // What there is to show of a pipeline whose record cannot be used.
  static v1::Pipeline DamagedView(const std::string& name, const absl::Status& why);
  void AnswerWatchers(Pipeline& pipeline);
  // Runs `request` on the executor with the pipeline, or answers with why not.
  void WithPipeline(std::string name, Done done, std::function<void(Pipeline&, Done)> request);

  // Workers (coordinator_workers.cc).
  StreamEvents Accept(std::unique_ptr<Stream> stream);
  void OnMessage(uint64_t session, const std::string& bytes);
  void OnHello(uint64_t session, const internal::v1::WorkerHello& hello);
  void OnHeartbeat(uint64_t session, const internal::v1::Heartbeat& heartbeat);
  void Drop(uint64_t session, absl::Status why);
  void FeedWorkers(const std::string& cause);
  void ShowFigures();

  absl::Duration Now() const { return options_.clock->Monotonic(); }
  // Wraps a closure so that it does nothing once this is gone.
  template <typename Closure>
  auto Guard(Closure closure) {
    return [closure = std::move(closure), alive = std::weak_ptr<bool>(alive_)](auto&&... args) mutable {
      if (alive.lock()) closure(std::forward<decltype(args)>(args)...);
    };
  }
  // Runs `work` on the IoPool, and `then` with its result on the executor.
  template <typename Work, typename Then>
  void Io(Work work, Then then) {
    options_.io_pool->Run([work = std::move(work), then = Guard(std::move(then)), executor = options_.executor]() mutable {
      executor->Post([result = work(), then = std::move(then)]() mutable { then(std::move(result)); });
    });
  }

  const Options options_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  // On the executor.
  CoordinatorProbe probe_;
  Random random_;
  absl::Status not_leading_;  // OK: leads
  Term term_;
  std::shared_ptr<BlobStore> blobs_;
  WorkerRegistry registry_;
  std::map<uint64_t, Session> sessions_;
  std::map<std::string, uint64_t> session_of_worker_;
  uint64_t next_session_ = 1;
  std::map<std::string, Pipeline> pipelines_;
  std::set<std::string> being_created_;
  // Pipelines whose record cannot be used, and why: shown, and left alone.
  std::map<std::string, absl::Status> damaged_;
};

}  // namespace millrace
