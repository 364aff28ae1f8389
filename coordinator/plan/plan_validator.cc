#include "coordinator/plan/plan_validator.h"

#include <set>

#include "absl/strings/str_format.h"
#include "arrow/type.h"
#include "base/key_group.h"
#include "base/nearest_name.h"
#include "coordinator/plan/diagnostics.h"
#include "coordinator/plan/plan_graph.h"
#include "coordinator/plan/plan_relations.h"

namespace millrace {
namespace {

// As many numbers as a checkpoint may hold of one partition.
constexpr uint32_t kMaxBadRecordWindow = 100'000;

void CheckNotNegative(const char* field, int64_t milliseconds, Diagnostics& diagnostics) {
  if (milliseconds >= 0) return;
  diagnostics.Add(field, milliseconds, " ms is negative; use 0 for the default, or more");
}

void CheckPlanFields(const v1::Plan& plan, Diagnostics& diagnostics) {
  if (plan.format_version() != 1) {
    diagnostics.Add("format_version", "this version reads format 1, not ", plan.format_version(), "; set format_version to 1");
  }
  if (!IsPlanName(plan.name())) {
    diagnostics.Add("name", "'", plan.name(), "' is not a name; use a lower-case letter, then up to 62 of a-z, 0-9, '_' and '-'");
  }
  if (plan.parallelism() > kNumKeyGroups) {
    diagnostics.Add("parallelism", plan.parallelism(), " subtasks are more than the ", kNumKeyGroups,
                    " key groups that they share; use at most ", kNumKeyGroups);
  }
  CheckNotNegative("checkpoint.interval_ms", plan.checkpoint().interval_ms(), diagnostics);
  CheckNotNegative("checkpoint.timeout_ms", plan.checkpoint().timeout_ms(), diagnostics);
  CheckNotNegative("restart.initial_backoff_ms", plan.restart().initial_backoff_ms(), diagnostics);
  CheckNotNegative("restart.max_backoff_ms", plan.restart().max_backoff_ms(), diagnostics);
  CheckNotNegative("restart.reset_after_ms", plan.restart().reset_after_ms(), diagnostics);
}

void CheckRowsArrive(const v1::Plan& plan, const PlanGraph& graph, Diagnostics& diagnostics) {
  bool any_sink = false;
  for (int i = 0; i < plan.nodes_size(); ++i) {
    const v1::Node& node = plan.nodes(i);
    any_sink |= node.has_sink();
    if (node.has_sink() || KindOf(node).empty() || graph.IsConnected(i, 0)) continue;
    diagnostics.Add(Cat("nodes[", i, "]"), "the rows of ", KindOf(node), " '", node.uid(), "' go nowhere; make it the input of a sink");
  }
  if (!any_sink) diagnostics.Add("nodes", "the plan has no sink; add one that takes the result");
}

void CheckSource(const v1::Source& source, const std::string& field, const ConnectorRegistry& connectors, Diagnostics& diagnostics) {
  absl::StatusOr<const SourceConnector*> connector = connectors.FindSource(source.connector());
  if (!connector.ok()) {
    diagnostics.Add(field + ".connector", connector.status());
    return;
  }
  for (const std::string& mistake : (*connector)->Validate(source)) diagnostics.Add(field, mistake);
}

// What waits for the end of its input must not wait for ever.
void CheckEnds(const v1::Plan& plan, const PlanGraph& graph, const ConnectorRegistry& connectors, Diagnostics& diagnostics) {
  std::vector<std::set<int>> sources(plan.nodes_size());
  for (int i : graph.topological()) {
    const v1::Node& node = plan.nodes(i);
    if (node.has_source()) sources[i].insert(i);
    for (const PlanGraph::Edge& edge : graph.inputs(i)) {
      if (edge.from >= 0) sources[i].insert(sources[edge.from].begin(), sources[edge.from].end());
    }
    if (!node.has_group_aggregate() && !node.has_sort()) continue;
    for (int from : sources[i]) {
      const v1::Source& source = plan.nodes(from).source();
      absl::StatusOr<const SourceConnector*> connector = connectors.FindSource(source.connector());
      if (!connector.ok() || (*connector)->IsBounded(source)) continue;
      diagnostics.Add(Cat("nodes[", i, "]"), KindOf(node), " '", node.uid(), "' waits for the end of its input, and ", source.connector(),
                      " source '", plan.nodes(from).uid(), "' has none; bound the source",
                      source.connector() == "kafka"       ? " with 'scan.bounded.mode'"
                      : source.connector() == "generator" ? " with 'rows'"
                                                          : "",
                      node.has_sort() ? "" : ", or use a window_aggregate");
    }
  }
}

void CheckBadRecordLimit(const v1::Source& source, const std::string& uid, bool dead_letters_connected, const std::string& field,
                         Diagnostics& diagnostics) {
  if (!source.has_bad_record_limit()) return;
  const v1::BadRecordLimit& limit = source.bad_record_limit();
  if (!(limit.percent() >= 0 && limit.percent() < 100)) {
    diagnostics.Add(field + ".percent", absl::StrFormat("%g", limit.percent()),
                    " is not a limit; use a number from 0 to less than 100, or leave bad_record_limit out");
  }
  if (limit.window_records() > kMaxBadRecordWindow) {
    diagnostics.Add(field + ".window_records", limit.window_records(), " records are too many to look back on; use at most ",
                    kMaxBadRecordWindow);
  }
  if (!dead_letters_connected) {
    diagnostics.Add(field, "without a reader of its dead_letter output the first bad record fails the pipeline; connect output "
                    "'dead_letter' of '", uid, "' to a sink, or leave bad_record_limit out");
  }
}

void CheckPartitions(const v1::Sink& sink, const Relation& input, const std::string& field, Diagnostics& diagnostics) {
  std::set<std::string> names;
  for (int i = 0; i < sink.partition_by_size(); ++i) {
    const std::string& name = sink.partition_by(i);
    const std::string where = Cat(field, ".partition_by[", i, "]");
    if (input.Find(name) == nullptr) {
      diagnostics.Add(where, "the input has no column '", name, "'", NameAdvice(name, input.Names()));
    }
    if (!names.insert(name).second) diagnostics.Add(where, "'", name, "' is listed twice; remove one");
  }
  if (!names.empty() && names.size() >= input.columns.size()) {
    diagnostics.Add(field + ".partition_by", "every column partitions the table, which leaves none for its files; remove one");
  }
}

void CheckSink(const v1::Sink& sink, const Relation* input, const std::string& field, const ConnectorRegistry& connectors,
               Diagnostics& diagnostics) {
  absl::StatusOr<const SinkConnector*> connector = connectors.FindSink(sink.connector());
  if (!connector.ok()) diagnostics.Add(field + ".connector", connector.status());
  if (input == nullptr) return;
  const size_t before = diagnostics.list().size();
  CheckPartitions(sink, *input, field, diagnostics);
  if (!connector.ok()) return;
  // The connector need not say again what is wrong with them.
  v1::Sink told = sink;
  if (diagnostics.list().size() != before) told.clear_partition_by();
  absl::StatusOr<std::shared_ptr<arrow::Schema>> schema = SchemaOf(input->ToProto().columns());
  if (!schema.ok()) {
    diagnostics.Add(field, schema.status());
    return;
  }
  for (const std::string& mistake : (*connector)->Validate(told, **schema)) diagnostics.Add(field, mistake);
}

}  // namespace

std::vector<v1::Diagnostic> ValidatePlan(const v1::Plan& plan, const ConnectorRegistry& connectors) {
  Diagnostics diagnostics;
  CheckPlanFields(plan, diagnostics);
  const PlanGraph graph = PlanGraph::Make(plan, diagnostics);
  CheckRowsArrive(plan, graph, diagnostics);
  const std::vector<NodeOutputs> outputs = DeriveRelations(plan, graph, nullptr, diagnostics);
  for (int i = 0; i < plan.nodes_size(); ++i) {
    const v1::Node& node = plan.nodes(i);
    if (node.has_source()) {
      CheckSource(node.source(), Cat("nodes[", i, "].source"), connectors, diagnostics);
      CheckBadRecordLimit(node.source(), node.uid(), graph.IsConnected(i, 1), Cat("nodes[", i, "].source.bad_record_limit"), diagnostics);
    }
    if (!node.has_sink()) continue;
    const PlanGraph::Edge* edge = graph.input(i);
    const bool known = edge != nullptr && edge->from >= 0 && outputs[edge->from].At(edge->output).has_value();
    CheckSink(node.sink(), known ? &*outputs[edge->from].At(edge->output) : nullptr, Cat("nodes[", i, "].sink"), connectors,
              diagnostics);
  }
  CheckEnds(plan, graph, connectors, diagnostics);
  return std::move(diagnostics).Take();
}

}  // namespace millrace
