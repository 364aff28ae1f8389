#include "connectors/delta/delta_connector.h"

#include <arrow/type.h>

#include <algorithm>
#include <map>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/nearest_name.h"
#include "connectors/delta/delta_catalog.h"
#include "connectors/delta/delta_committer.h"
#include "connectors/delta/delta_schema.h"
#include "connectors/delta/delta_sink.h"

namespace millrace {
namespace {

struct KnownOption {
  std::string_view name;
  // Empty: any value.
  std::vector<std::string_view> values;
};

const std::vector<KnownOption>& KnownOptions() {
  static const auto& options = *new std::vector<KnownOption>{
      {"table-path", {}}, {"create", {"if-not-exists", "never"}}, {"lineage", {"refuse", "append"}}, {"buffer-size", {}}};
  return options;
}

std::string OptionOf(const v1::Sink& sink, const std::string& name) {
  auto found = sink.options().find(name);
  return found == sink.options().end() ? "" : found->second;
}

std::vector<std::string> PartitionBy(const v1::Sink& sink) {
  return {sink.partition_by().begin(), sink.partition_by().end()};
}

// A buffer below this would make a file of a few rows.
constexpr uint64_t kLeastBufferBytes = 1024;

absl::StatusOr<uint64_t> BufferBytes(const v1::Sink& sink) {
  std::string text = OptionOf(sink, "buffer-size");
  if (text.empty()) return DeltaSinkOptions::kDefaultBufferBytes;
  ASSIGN_OR_RETURN(uint64_t bytes, ParseByteSize(text));
  if (bytes < kLeastBufferBytes) return InvalidArgument("'", text, "' is less than ", FormatByteSize(kLeastBufferBytes));
  return bytes;
}

class DeltaConnector final : public SinkConnector {
 public:
  explicit DeltaConnector(const ConnectorEnvironment& environment) : environment_(environment) {}

  std::vector<std::string> Validate(const v1::Sink& sink, const arrow::Schema& schema) const override {
    std::vector<std::string> mistakes;
    if (OptionOf(sink, "table-path").empty())
      mistakes.push_back("option 'table-path' is missing: the directory of the Delta table");
    // A map of Protobuf has no order, but messages should.
    std::map<std::string, std::string> options(sink.options().begin(), sink.options().end());
    for (const auto& [name, value] : options) {
      auto known =
          std::find_if(KnownOptions().begin(), KnownOptions().end(), [&](const auto& o) { return o.name == name; });
      if (known == KnownOptions().end()) {
        std::vector<std::string> names;
        for (const KnownOption& option : KnownOptions()) names.emplace_back(option.name);
        mistakes.push_back(Cat("there is no option '", name, "'", NameAdvice(name, names)));
        continue;
      }
      if (!known->values.empty() &&
          std::find(known->values.begin(), known->values.end(), value) == known->values.end()) {
        std::string accepted;
        for (std::string_view v : known->values) accepted += Cat(accepted.empty() ? "'" : " or '", v, "'");
        mistakes.push_back(Cat("option '", name, "' is '", value, "'; use ", accepted));
      }
    }
    if (absl::Status size = BufferBytes(sink).status(); !size.ok()) {
      mistakes.push_back(Cat("option 'buffer-size': ", size.message()));
    }
    for (std::string& mistake : ValidateDeltaColumns(schema, PartitionBy(sink))) mistakes.push_back(std::move(mistake));
    return mistakes;
  }

  absl::StatusOr<std::unique_ptr<SinkCatalog>> OpenCatalog(const SinkSpec& spec) const override {
    ASSIGN_OR_RETURN(auto store, OpenStore(spec));
    DeltaCatalogOptions options{OptionOf(spec.sink, "table-path"), spec.schema, PartitionBy(spec.sink),
                                OptionOf(spec.sink, "create") != "never", OptionOf(spec.sink, "lineage") == "append"};
    return std::make_unique<DeltaCatalog>(std::move(options), std::move(store), environment_.clock);
  }

  absl::StatusOr<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) const override {
    ASSIGN_OR_RETURN(auto store, OpenStore(spec));
    ASSIGN_OR_RETURN(uint64_t buffer_bytes, BufferBytes(spec.sink));
    DeltaSinkOptions options{spec.identity,       spec.schema,     PartitionBy(spec.sink),
                             spec.subtask_index, spec.generation, buffer_bytes, spec.memory};
    return std::make_unique<DeltaSink>(std::move(options), std::move(store), environment_.clock);
  }

  absl::StatusOr<std::unique_ptr<Committer>> MakeCommitter(const SinkSpec& spec) const override {
    ASSIGN_OR_RETURN(auto store, OpenStore(spec));
    DeltaCommitterOptions options;
    options.identity = spec.identity;
    options.schema = spec.schema;
    options.partition_by = PartitionBy(spec.sink);
    options.table_path = OptionOf(spec.sink, "table-path");
    return std::make_unique<DeltaCommitter>(std::move(options), std::move(store), environment_.clock);
  }

 private:
  absl::StatusOr<std::shared_ptr<BlobStore>> OpenStore(const SinkSpec& spec) const {
    return environment_.blob_stores->Open(OptionOf(spec.sink, "table-path"));
  }

  const ConnectorEnvironment environment_;
};

}  // namespace

std::unique_ptr<SinkConnector> MakeDeltaConnector(const ConnectorEnvironment& environment) {
  return std::make_unique<DeltaConnector>(environment);
}

}  // namespace millrace
