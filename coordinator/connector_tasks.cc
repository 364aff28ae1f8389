#include "coordinator/connector_tasks.h"

#include <algorithm>

#include "base/data_type.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"

namespace millrace {
namespace {

absl::StatusOr<std::unique_ptr<SourceCatalog>> OpenCatalog(const ConnectorRegistry& connectors,
                                                           const internal::v1::ChainNode& node, std::string_view pipeline) {
  ASSIGN_OR_RETURN(const SourceConnector* connector, connectors.FindSource(node.source().connector()));
  SourceSpec spec;
  spec.pipeline = std::string(pipeline);
  spec.uid = node.uid();
  spec.source = node.source();
  spec.used_columns.assign(node.used_columns().begin(), node.used_columns().end());
  return connector->OpenCatalog(spec);
}

absl::StatusOr<storage::v1::SourceState> ResolveSource(const ConnectorRegistry& connectors, const internal::v1::ChainNode& node,
                                                       std::string_view pipeline) {
  ASSIGN_OR_RETURN(std::unique_ptr<SourceCatalog> catalog, OpenCatalog(connectors, node, pipeline));
  storage::v1::SourceState source;
  source.set_uid(node.uid());
  ASSIGN_OR_RETURN(*source.mutable_system_id(), catalog->SystemId());
  ASSIGN_OR_RETURN(std::vector<std::string> ids, catalog->ListSplits());
  ASSIGN_OR_RETURN(std::vector<storage::v1::SplitState> splits, catalog->ResolveStart(ids));
  for (storage::v1::SplitState& split : splits) *source.add_splits() = std::move(split);
  return source;
}

storage::v1::SinkState KnownTable(const internal::v1::ChainNode& node, const storage::v1::PipelineRecord& record) {
  for (const auto& known : record.tables()) {
    if (known.uid() == node.uid()) return known;
  }
  storage::v1::SinkState table;
  table.set_uid(node.uid());
  return table;
}

CommitIdentity IdentityOf(const internal::v1::ChainNode& node, const storage::v1::PipelineRecord& record) {
  return {record.name(), node.uid(), record.lineage()};
}

absl::StatusOr<std::unique_ptr<SinkCatalog>> OpenTable(const ConnectorRegistry& connectors, const internal::v1::ChainNode& node,
                                                       const storage::v1::PipelineRecord& record) {
  ASSIGN_OR_RETURN(const SinkConnector* connector, connectors.FindSink(node.sink().connector()));
  if (node.input_schemas().empty()) return Internal("the physical plan has no schema for it");
  SinkSpec spec;
  spec.identity = IdentityOf(node, record);
  spec.sink = node.sink();
  ASSIGN_OR_RETURN(spec.schema, SchemaOf(node.input_schemas(0).columns()));
  spec.generation = Generation(record.generation());
  return connector->OpenCatalog(spec);
}

// As the plan names it.
std::string TableOf(const internal::v1::ChainNode& node) {
  auto path = node.sink().options().find("table-path");
  return path == node.sink().options().end() ? node.sink().connector() : path->second;
}

// The record and the table must tell the same story: one of them may have been put back from an older copy, or have
// lost its newest part.
absl::Status CompareWithTable(const internal::v1::ChainNode& node, const storage::v1::PipelineRecord& record,
                              const storage::v1::SinkState& table, SinkCatalog& catalog) {
  const CommitIdentity identity = IdentityOf(node, record);
  uint64_t needed = table.committed_epoch();
  if (record.has_rewind()) needed = std::min(needed, record.rewind().to_epoch());
  // A sink without an identity remembers nothing.
  if (needed > 0 && !table.table_id().empty()) {
    ASSIGN_OR_RETURN(Epoch last, catalog.LastCommitted(identity));
    if (last.value() < needed) {
      return DataLoss("table ", TableOf(node), " has lost commits: the newest of this pipeline is epoch ", last.value(),
                      ", it had been at epoch ", needed, ". Put the missing entries of its log back, or go back to checkpoint ",
                      last.value(), " or an older one: `millrace start ", record.name(), " --from-checkpoint N`");
    }
  }
  // A rewind asks for itself.
  if (record.has_rewind()) return absl::OkStatus();
  const Epoch newest(std::max(record.completed_epoch(), record.last_rewind().fence_epoch()));
  ASSIGN_OR_RETURN(std::vector<EpochInTable> above, catalog.CommittedAfter(identity, table.table_id(), newest));
  if (above.empty()) return absl::OkStatus();
  return DataLoss("table ", TableOf(node), " holds epoch ", above.back().epoch.value(), " (version ", above.back().table_version,
                  "), but the record pipelines/", record.name(), " knows of no checkpoint above ", record.completed_epoch(),
                  ": its newest version is gone, or it was put back from an older copy. Put the newest version back, or accept ",
                  "rows that are there twice: `millrace start ", record.name(), " --from-checkpoint ", record.completed_epoch(),
                  " --sink-ahead accept-duplicates`");
}

absl::StatusOr<storage::v1::SinkState> PrepareSink(const ConnectorRegistry& connectors, const internal::v1::ChainNode& node,
                                                   const storage::v1::PipelineRecord& record) {
  storage::v1::SinkState table = KnownTable(node, record);
  ASSIGN_OR_RETURN(std::unique_ptr<SinkCatalog> catalog, OpenTable(connectors, node, record));
  ASSIGN_OR_RETURN(*table.mutable_table_id(), catalog->Prepare(IdentityOf(node, record), table.table_id()));
  RETURN_IF_ERROR(CompareWithTable(node, record, table, *catalog));
  return table;
}

}  // namespace

absl::StatusOr<PreparedConnectors> PrepareConnectors(const ConnectorRegistry& connectors, const internal::v1::PhysicalPlan& physical,
                                                     const storage::v1::PipelineRecord& record, const std::set<std::string>& resolved) {
  PreparedConnectors prepared;
  for (const internal::v1::Stage& stage : physical.stages()) {
    for (const internal::v1::ChainNode& node : stage.nodes()) {
      if (node.has_source() && !resolved.contains(node.uid())) {
        absl::StatusOr<storage::v1::SourceState> source =
            failpoint::Around("source.resolve", [&] { return ResolveSource(connectors, node, record.name()); });
        if (!source.ok()) return Annotate(source.status(), "prepare source ", node.uid());
        prepared.positions.push_back(*std::move(source));
      } else if (node.has_sink()) {
        absl::StatusOr<storage::v1::SinkState> table =
            failpoint::Around("sink.prepare", [&] { return PrepareSink(connectors, node, record); });
        if (!table.ok()) return Annotate(table.status(), "prepare sink ", node.uid());
        prepared.tables.push_back(*std::move(table));
      }
    }
  }
  return prepared;
}

absl::StatusOr<std::vector<storage::v1::CommittedEpoch>> FindCommitted(const ConnectorRegistry& connectors,
                                                                       const internal::v1::PhysicalPlan& physical,
                                                                       const storage::v1::PipelineRecord& record, Epoch after) {
  std::vector<storage::v1::CommittedEpoch> found;
  for (const internal::v1::Stage& stage : physical.stages()) {
    for (const internal::v1::ChainNode& node : stage.nodes()) {
      if (!node.has_sink()) continue;
      absl::StatusOr<std::unique_ptr<SinkCatalog>> catalog = OpenTable(connectors, node, record);
      if (!catalog.ok()) return Annotate(catalog.status(), "ask the table of sink ", node.uid());
      absl::StatusOr<std::vector<EpochInTable>> epochs =
          (*catalog)->CommittedAfter(IdentityOf(node, record), KnownTable(node, record).table_id(), after);
      if (!epochs.ok()) return Annotate(epochs.status(), "ask the table of sink ", node.uid());
      for (const EpochInTable& epoch : *epochs) {
        storage::v1::CommittedEpoch& there = found.emplace_back();
        there.set_sink_uid(node.uid());
        there.set_table(TableOf(node));
        there.set_epoch(epoch.epoch.value());
        there.set_table_version(epoch.table_version);
      }
    }
  }
  return found;
}

absl::StatusOr<FoundSplits> FindNewSplits(const ConnectorRegistry& connectors, const internal::v1::ChainNode& source,
                                          std::string_view pipeline, const std::set<std::string>& known) {
  ASSIGN_OR_RETURN(std::unique_ptr<SourceCatalog> catalog, OpenCatalog(connectors, source, pipeline));
  FoundSplits found;
  found.interval = catalog->discovery_interval();
  found.source.set_uid(source.uid());
  if (found.interval <= absl::ZeroDuration()) return found;
  ASSIGN_OR_RETURN(std::vector<std::string> ids, catalog->ListSplits());
  std::erase_if(ids, [&](const std::string& id) { return known.contains(id); });
  if (ids.empty()) return found;
  ASSIGN_OR_RETURN(std::vector<storage::v1::SplitState> splits, catalog->ResolveNew(ids));
  for (storage::v1::SplitState& split : splits) *found.source.add_splits() = std::move(split);
  return found;
}

}  // namespace millrace
