#include "tests/fuzz/in_memory_coordinator.h"

#include <string_view>
#include <utility>

#include "base/error.h"
#include "connectors/blackhole/blackhole_connector.h"
#include "connectors/delta/delta_connector.h"
#include "connectors/generator/generator_connector.h"
#include "connectors/kafka/kafka_connector.h"
#include "connectors/result/result_connector.h"
#include "coordinator/plan/physical_planner.h"
#include "coordinator/plan/plan_json.h"
#include "coordinator/plan/plan_validator.h"
#include "tests/fuzz/fuzz_target.h"

namespace millrace {
namespace {

class OfflineKafka final : public SourceConnector {
 public:
  explicit OfflineKafka(const ConnectorEnvironment& environment) : kafka_(MakeKafkaConnector(environment)) {}
  std::vector<std::string> Validate(const v1::Source& source) const override { return kafka_->Validate(source); }
  bool IsBounded(const v1::Source& source) const override { return kafka_->IsBounded(source); }
  absl::StatusOr<std::unique_ptr<SourceCatalog>> OpenCatalog(const SourceSpec&) const override { return NoBroker(); }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource(const SourceSpec&) const override { return NoBroker(); }

 private:
  static absl::Status NoBroker() { return Unavailable("no broker is reachable"); }
  const std::unique_ptr<SourceConnector> kafka_;
};

// Waits for more when it has handed on a few rows, for a split may have any length, and its rows are nothing new.
class ShortSource final : public Source {
 public:
  explicit ShortSource(std::unique_ptr<Source> source) : source_(std::move(source)) {}
  absl::Status Open(std::span<const storage::v1::SplitState> splits, std::string_view system_id,
                    std::function<void()> wake) override {
    return source_->Open(splits, system_id, std::move(wake));
  }
  absl::Status AddSplits(std::span<const storage::v1::SplitState> splits) override { return source_->AddSplits(splits); }
  absl::StatusOr<std::optional<SourceBatch>> Poll() override {
    if (num_records_ > kEnough) return std::nullopt;
    auto batch = source_->Poll();
    if (batch.ok() && batch->has_value()) num_records_ += (*batch)->num_records;
    return batch;
  }
  std::span<const SplitProgress> splits() const override { return source_->splits(); }
  void OnCheckpointComplete(std::span<const storage::v1::SplitState> splits) override {
    source_->OnCheckpointComplete(splits);
  }
  void Close() override { source_->Close(); }

 private:
  static constexpr int64_t kEnough = 300;
  const std::unique_ptr<Source> source_;
  int64_t num_records_ = 0;
};

class ShortGenerator final : public SourceConnector {
 public:
  explicit ShortGenerator(const ConnectorEnvironment& environment) : generator_(MakeGeneratorConnector(environment)) {}
  std::vector<std::string> Validate(const v1::Source& source) const override { return generator_->Validate(source); }
  bool IsBounded(const v1::Source& source) const override { return generator_->IsBounded(source); }
  absl::StatusOr<std::unique_ptr<SourceCatalog>> OpenCatalog(const SourceSpec& spec) const override {
    return generator_->OpenCatalog(spec);
  }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) const override {
    auto source = generator_->MakeSource(spec);
    if (!source.ok()) return source.status();
    return std::make_unique<ShortSource>(*std::move(source));
  }

 private:
  const std::unique_ptr<SourceConnector> generator_;
};

constexpr std::string_view kPlan = R"({
  "format_version": 1, "name": "made", "checkpoint": {"interval_ms": 1000},
  "nodes": [
    {"uid": "clicks", "source": {"connector": "generator", "options": {"rows": "100", "splits": "2"}, "columns": [
      {"name": "user_id", "type": "STRING NOT NULL"}, {"name": "amount", "type": "BIGINT"},
      {"name": "event_time", "type": "TIMESTAMP_LTZ(3) NOT NULL"}], "watermark": {"column": "event_time"}}},
    {"uid": "sums", "inputs": [{"from": "clicks"}], "window_aggregate": {"time_column": "event_time", "size_ms": 10,
      "keys": ["user_id"], "aggregates": [{"function": "sum", "column": "amount", "name": "amount"}]}},
    {"uid": "table", "inputs": [{"from": "sums"}], "sink": {"connector": "delta", "options": {"table-path": "t"}}},
    {"uid": "rows", "inputs": [{"from": "sums"}], "sink": {"connector": "result", "options": {"path": "r"}}}]})";

// Read and looked at once: a target may make a thousand coordinators a second.
const v1::Plan& OwnPlan() {
  static const v1::Plan* const plan = [] {
    auto read = ReadPlanJson(kPlan);
    Require(read.ok(), "the target's plan can be read");
    OneThread time;
    OneBlobStore blobs;
    Require(ValidatePlan(*read, OfflineConnectors({.clock = &time, .io_pool = &time, .blob_stores = &blobs})).empty(),
            "the target's plan is valid");
    return new v1::Plan(*std::move(read));
  }();
  return *plan;
}

const absl::StatusOr<internal::v1::PhysicalPlan>& OwnPhysicalPlan() {
  static const auto* const own = new absl::StatusOr<internal::v1::PhysicalPlan>(MakePhysicalPlan(OwnPlan(), 1));
  return *own;
}

}  // namespace

ConnectorRegistry OfflineConnectors(const ConnectorEnvironment& environment) {
  ConnectorRegistry registry;
  registry.AddSource("kafka", std::make_unique<OfflineKafka>(environment));
  registry.AddSource("generator", std::make_unique<ShortGenerator>(environment));
  registry.AddSink("delta", MakeDeltaConnector(environment));
  registry.AddSink("blackhole", MakeBlackholeConnector());
  registry.AddSink("result", MakeResultConnector(environment));
  return registry;
}

ControlPeer::ControlPeer(Transport* transport, Executor* executor)
    : stream_(transport->Connect("coordinator:1", kControlMethod, executor,
                                 {[this](std::string bytes) { received.push_back(std::move(bytes)); },
                                  [this](absl::Status why) { closed = std::move(why); }})) {}

class InMemoryCoordinator::CountingStore final : public MetadataStore {
 public:
  explicit CountingStore(BlobStore* blobs) : store_(blobs) {}
  absl::StatusOr<VersionedRecord> Get(std::string_view name) override { return store_.Get(name); }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override { return store_.List(prefix); }
  absl::StatusOr<uint64_t> CompareAndSet(std::string_view name, uint64_t expected, std::string_view bytes) override {
    ++num_writes;
    return store_.CompareAndSet(name, expected, bytes);
  }
  uint64_t num_writes = 0;

 private:
  FileMetadataStore store_;
};

class InMemoryCoordinator::Leads final : public Leadership {
 public:
  absl::StatusOr<Term> Acquire() override { return Term(1); }
  absl::Status Confirm(Term) override { return absl::OkStatus(); }
};

InMemoryCoordinator::InMemoryCoordinator()
    : connectors_(OfflineConnectors({.clock = &time, .io_pool = &time, .blob_stores = &blobs_})),
      metadata_(std::make_unique<CountingStore>(&metadata_blobs_)),
      leadership_(std::make_unique<Leads>()) {
  Coordinator::Options options;
  options.clock = &time;
  options.executor = &time;
  options.io_pool = &time;
  options.transport = &transport;
  options.metadata = metadata_.get();
  options.leadership = leadership_.get();
  options.blob_stores = &blobs_;
  options.connectors = &connectors_;
  options.checkpoint_root = "memory";
  // Few ticks, and nobody is lost while a request is answered.
  options.tick = absl::Seconds(1);
  options.watch_timeout = absl::Seconds(2);
  options.heartbeat_timeout = absl::Hours(1);
  options.validate = [this](const v1::Plan& plan) {
    return is_ready_ ? ValidatePlan(plan, connectors_) : std::vector<v1::Diagnostic>();
  };
  options.plan_physical = [this](const v1::Plan& plan, uint32_t parallelism) {
    return is_ready_ ? MakePhysicalPlan(plan, parallelism) : OwnPhysicalPlan();
  };
  coordinator_ = std::make_unique<Coordinator>(std::move(options));
  control = std::make_unique<CoordinatorControl>(CoordinatorControl::Options{
      .coordinator = coordinator_.get(), .connectors = &connectors_, .blob_stores = &blobs_, .io_pool = &time,
      .result_root = "memory://results"});
  coordinator_->Run();
  Pass(absl::Milliseconds(1));

  for (const char* name : {"made", "begun"}) {
    v1::Plan plan = OwnPlan();
    plan.set_name(name);
    coordinator_->Create(plan, name,
                         [](absl::StatusOr<v1::Pipeline> made) { Require(made.ok(), "the target's plan is valid"); });
  }
  worker = std::make_unique<ControlPeer>(&transport, &time);
  internal::v1::WorkerMessage message;
  message.mutable_hello()->set_worker_id("w");
  message.mutable_hello()->set_shuffle_address("w:1");
  message.mutable_hello()->set_num_slots(2);
  worker->Send(message.SerializeAsString());
  Pass(absl::Milliseconds(1));
  coordinator_->Start("begun", 0,
                      [](absl::StatusOr<v1::Pipeline> begun) { Require(begun.ok(), "and can be started"); });
  Pass(absl::Milliseconds(1));
  is_ready_ = true;
}

InMemoryCoordinator::~InMemoryCoordinator() = default;

uint64_t InMemoryCoordinator::num_writes() const { return metadata_->num_writes; }

absl::StatusOr<storage::v1::PipelineRecord> InMemoryCoordinator::RecordOf(const std::string& pipeline) {
  auto stored = metadata_->Get(Cat("pipelines/", pipeline));
  if (!stored.ok()) return stored.status();
  storage::v1::PipelineRecord record;
  Require(record.ParseFromString(stored->bytes), "a stored record can be read");
  return record;
}

}  // namespace millrace
