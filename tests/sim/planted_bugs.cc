#include "tests/sim/planted_bugs.h"

#include <utility>

#include "base/error.h"
#include "base/macros.h"
#include "connectors/delta/delta_committer.h"
#include "connectors/delta/delta_connector.h"
#include "coordinator/file_metadata_store.h"

namespace millrace::sim {
namespace {

// Commits without looking whether the epoch is in the table already.
class CarelessDelta final : public SinkConnector {
 public:
  explicit CarelessDelta(const ConnectorEnvironment& environment)
      : environment_(environment), delta_(MakeDeltaConnector(environment)) {}
  std::vector<std::string> Validate(const v1::Sink& sink, const arrow::Schema& schema) const override {
    return delta_->Validate(sink, schema);
  }
  absl::StatusOr<std::unique_ptr<SinkCatalog>> OpenCatalog(const SinkSpec& spec) const override { return delta_->OpenCatalog(spec); }
  absl::StatusOr<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) const override { return delta_->MakeSink(spec); }
  absl::StatusOr<std::unique_ptr<Committer>> MakeCommitter(const SinkSpec& spec) const override {
    DeltaCommitterOptions options;
    options.identity = spec.identity;
    options.schema = spec.schema;
    options.table_path = spec.sink.options().at("table-path");
    options.plant_skipped_txn_check = true;
    ASSIGN_OR_RETURN(auto store, environment_.blob_stores->Open(options.table_path));
    return std::make_unique<DeltaCommitter>(std::move(options), std::move(store), environment_.clock);
  }

 private:
  const ConnectorEnvironment environment_;
  const std::unique_ptr<SinkConnector> delta_;
};

// Forgets which epochs were issued and not completed.
class ForgetfulStore final : public MetadataStore {
 public:
  explicit ForgetfulStore(BlobStore* blobs) : store_(blobs) {}
  absl::StatusOr<VersionedRecord> Get(std::string_view name) override {
    ASSIGN_OR_RETURN(VersionedRecord found, store_.Get(name));
    storage::v1::PipelineRecord record;
    if (name.find("clicks") != std::string_view::npos && record.ParseFromString(found.bytes)) {
      record.set_highest_epoch(record.completed_epoch() > 0 ? record.completed_epoch() - 1 : 0);
      found.bytes = record.SerializeAsString();
    }
    return found;
  }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override { return store_.List(prefix); }
  absl::StatusOr<uint64_t> CompareAndSet(std::string_view name, uint64_t expected, std::string_view bytes) override {
    return store_.CompareAndSet(name, expected, bytes);
  }

 private:
  FileMetadataStore store_;
};

}  // namespace

std::unique_ptr<SinkConnector> MakeCarelessDelta(const ConnectorEnvironment& environment) {
  return std::make_unique<CarelessDelta>(environment);
}

std::unique_ptr<MetadataStore> MakeForgetfulStore(BlobStore* blobs) { return std::make_unique<ForgetfulStore>(blobs); }

absl::StatusOr<CollectionReceipt> CollectBadly(PlantedBug bug, BlobStore& blobs, MetadataStore& metadata, CollectionOrder order) {
  class NoFence final : public MetadataStore {
   public:
    explicit NoFence(const CollectionOrder& order) {
      storage::v1::PipelineRecord record;
      record.set_lineage(order.lineage);
      record.set_generation(order.generation.value());
      record.set_term(order.term.value());
      bytes_ = record.SerializeAsString();
    }
    absl::StatusOr<VersionedRecord> Get(std::string_view) override { return VersionedRecord{bytes_, 1}; }
    absl::StatusOr<std::vector<std::string>> List(std::string_view) override { return Internal("not asked"); }
    absl::StatusOr<uint64_t> CompareAndSet(std::string_view, uint64_t, std::string_view) override { return Internal("not asked"); }

   private:
    std::string bytes_;
  };
  if (bug == PlantedBug::kGreedyCollector && order.retained.size() > 1) order.retained = {order.retained.back()};
  if (bug == PlantedBug::kImpatientCollector) order.first_open = Epoch(order.first_open.value() + 1000);
  if (bug != PlantedBug::kUnfencedCollector) return CollectCheckpoints(blobs, metadata, order);
  NoFence no_fence(order);
  return CollectCheckpoints(blobs, no_fence, order);
}

}  // namespace millrace::sim
