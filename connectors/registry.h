#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "base/blob_store.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/memory_account.h"
#include "base/metrics.h"
#include "connectors/catalog.h"
#include "connectors/sink.h"
#include "connectors/source.h"
#include "millrace/internal/v1/record_filter.pb.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// What a connector may use of the process. Borrowed; outlives every connector.
struct ConnectorEnvironment {
  const Clock* clock = nullptr;
  IoPool* io_pool = nullptr;
  BlobStoreFactory* blob_stores = nullptr;
  Metrics* metrics = nullptr;
};

// A source of one pipeline.
struct SourceSpec {
  std::string pipeline;
  std::string uid;
  v1::Source source;
  // Columns to be decoded: a subset of source.columns, in its order. SourceBatch::rows has exactly these.
  std::vector<std::string> used_columns;
  // Records for which it is not TRUE need not become rows: who reads the source drops them. They count as read, and
  // their event time does. A source may take no notice of it. Absent: all are wanted.
  std::optional<internal::v1::RecordFilter> record_filter;
  // Bad records become dead letters; else they fail the pipeline.
  bool dead_letters_connected = false;
  // Numbers the readers of a pipeline; unique per subtask.
  uint32_t subtask_index = 0;
  // What the source's client ran into, by its own code, whether or not it matters. On the thread that uses the
  // source. May be empty.
  std::function<void(std::string_view code)> on_client_error;
  // Charged for what is fetched and not polled. Null: nobody counts.
  std::shared_ptr<MemoryAccount> memory;
};

// A sink of one pipeline.
struct SinkSpec {
  CommitIdentity identity;
  v1::Sink sink;
  std::shared_ptr<arrow::Schema> schema;
  uint32_t subtask_index = 0;
  Generation generation;
  // Charged for rows that are not durable yet. Null: nobody counts.
  std::shared_ptr<MemoryAccount> memory;
};

// One kind of source. Stateless; compiled in.
class SourceConnector {
 public:
  virtual ~SourceConnector() = default;
  // Checks options and columns without touching the outside. One message per mistake; an unknown option names the
  // nearest one.
  virtual std::vector<std::string> Validate(const v1::Source& source) const = 0;
  // Whether its records come to an end, by its options: every split has one, and no new ones appear. Nothing that waits
  // for the end of its input may stand behind one that says no.
  virtual bool IsBounded(const v1::Source& /*source*/) const { return false; }
  virtual absl::StatusOr<std::unique_ptr<SourceCatalog>> OpenCatalog(const SourceSpec& spec) const = 0;
  virtual absl::StatusOr<std::unique_ptr<Source>> MakeSource(const SourceSpec& spec) const = 0;
};

// One kind of sink. Stateless; compiled in.
class SinkConnector {
 public:
  virtual ~SinkConnector() = default;
  virtual std::vector<std::string> Validate(const v1::Sink& sink, const arrow::Schema& schema) const = 0;
  virtual absl::StatusOr<std::unique_ptr<SinkCatalog>> OpenCatalog(const SinkSpec& spec) const = 0;
  virtual absl::StatusOr<std::unique_ptr<Sink>> MakeSink(const SinkSpec& spec) const = 0;
  virtual absl::StatusOr<std::unique_ptr<Committer>> MakeCommitter(const SinkSpec& spec) const = 0;
};

// Connectors by name: one explicit table, filled once at start.
class ConnectorRegistry {
 public:
  void AddSource(std::string name, std::unique_ptr<SourceConnector> connector);
  void AddSink(std::string name, std::unique_ptr<SinkConnector> connector);
  // InvalidArgument that lists the known names.
  absl::StatusOr<const SourceConnector*> FindSource(std::string_view name) const;
  absl::StatusOr<const SinkConnector*> FindSink(std::string_view name) const;

 private:
  std::map<std::string, std::unique_ptr<SourceConnector>, std::less<>> sources_;
  std::map<std::string, std::unique_ptr<SinkConnector>, std::less<>> sinks_;
};

// kafka, generator, datagen, values, filesystem · delta, blackhole, filesystem, print, result. `environment` outlives
// the registry.
ConnectorRegistry BuiltinConnectors(const ConnectorEnvironment& environment);

}  // namespace millrace
