#include "tests/fuzz/in_memory_coordinator.h"

#include <string_view>
#include <utility>

#include "base/error.h"
#include "connectors/blackhole/blackhole_connector.h"
#include "connectors/delta/delta_connector.h"
#include "connectors/generator/generator_connector.h"
#include "connectors/kafka/kafka_connector.h"
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
  absl::StatusOr<std::unique_ptr<SourceCatalog>> OpenCatalog(const SourceSpec&) const override { return NoBroker(); }
  absl::StatusOr<std::unique_ptr<Source>> MakeSource(const SourceSpec&) const override { return NoBroker(); }

 private:
  static absl::Status NoBroker() { return Unavailable("no broker is reachable"); }
  const std::unique_ptr<SourceConnector> kafka_;
};

constexpr std::string_view kPlan = R"({
  "format_version": 1, "name": "made", "checkpoint": {"interval_ms": 1000},
  "nodes": [
    {"uid": "clicks", "source": {"connector": "generator", "options": {"rows": "100", "splits": "2"}, "columns": [
      {"name": "user_id", "type": "STRING NOT NULL"}, {"name": "amount", "type": "BIGINT"},
      {"name": "event_time", "type": "TIMESTAMP_LTZ(3) NOT NULL"}], "watermark": {"column": "event_time"}}},
    {"uid": "sums", "inputs": [{"from": "clicks"}], "window_aggregate": {"time_column": "event_time", "size_ms": 10,
      "keys": ["user_id"], "aggregates": [{"function": "sum", "column": "amount", "name": "amount"}]}},
    {"uid": "table", "inputs": [{"from": "sums"}], "sink": {"connector": "delta", "options": {"table-path": "t"}}}]})";

}  // namespace

ConnectorRegistry OfflineConnectors(const ConnectorEnvironment& environment) {
  ConnectorRegistry registry;
  registry.AddSource("kafka", std::make_unique<OfflineKafka>(environment));
  registry.AddSource("generator", MakeGeneratorConnector(environment));
  registry.AddSink("delta", MakeDeltaConnector(environment));
  registry.AddSink("blackhole", MakeBlackholeConnector());
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
  options.validate = [this](const v1::Plan& plan) { return ValidatePlan(plan, connectors_); };
  options.plan_physical = [](const v1::Plan& plan, uint32_t parallelism) {
    return MakePhysicalPlan(plan, parallelism);
  };
  coordinator_ = std::make_unique<Coordinator>(std::move(options));
  control = std::make_unique<CoordinatorControl>(coordinator_.get(), &connectors_);
  coordinator_->Run();
  Pass(absl::Milliseconds(1));

  auto plan = ReadPlanJson(kPlan);
  Require(plan.ok(), "the target's plan can be read");
  for (const char* name : {"made", "begun"}) {
    plan->set_name(name);
    coordinator_->Create(*plan, name,
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
