#include "coordinator/connector_tasks.h"

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

absl::StatusOr<storage::v1::SinkState> PrepareSink(const ConnectorRegistry& connectors, const internal::v1::ChainNode& node,
                                                   const storage::v1::PipelineRecord& record) {
  storage::v1::SinkState table;
  table.set_uid(node.uid());
  for (const auto& known : record.tables()) {
    if (known.uid() == node.uid()) table.set_table_id(known.table_id());
  }
  ASSIGN_OR_RETURN(const SinkConnector* connector, connectors.FindSink(node.sink().connector()));
  if (node.input_schemas().empty()) return Internal("the physical plan has no schema for it");
  SinkSpec spec;
  spec.identity = {record.name(), node.uid(), record.lineage()};
  spec.sink = node.sink();
  ASSIGN_OR_RETURN(spec.schema, SchemaOf(node.input_schemas(0).columns()));
  spec.generation = Generation(record.generation());
  ASSIGN_OR_RETURN(std::unique_ptr<SinkCatalog> catalog, connector->OpenCatalog(spec));
  ASSIGN_OR_RETURN(*table.mutable_table_id(), catalog->Prepare(spec.identity, table.table_id()));
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
