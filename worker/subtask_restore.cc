#include "worker/subtask_restore.h"

#include <utility>

#include "base/data_type.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "base/planted_bug.h"
#include "base/state_fingerprint.h"
#include "worker/operator_seed.h"
#include "worker/operators/registry.h"

namespace millrace {

using internal::v1::ChainNode;

bool SubtaskRestore::SideIsRead(const std::string& uid) const {
  for (const ChainNode& node : local_.stage->nodes()) {
    for (const auto& input : node.inputs()) {
      if (input.from_uid() == uid && input.output() == 1) return true;
    }
  }
  return local_.exchanges_out.contains({uid, 1});
}

absl::Status SubtaskRestore::Run() {
  ASSIGN_OR_RETURN(blobs_, options_.blob_stores->Open(plan_.blob_root()));
  std::vector<OperatorChain::Node> nodes;
  for (const ChainNode& node : local_.stage->nodes()) {
    OperatorChain::Node made;
    made.plan = &node;
    if (node.has_source()) {
      RETURN_IF_ERROR(OpenSource(node));
    } else if (node.has_sink()) {
      ASSIGN_OR_RETURN(made.sink, MakeSinkOf(node));
    } else {
      RETURN_IF_ERROR(OpenOperator(node, made));
    }
    nodes.push_back(std::move(made));
  }
  ASSIGN_OR_RETURN(parts_.chain, OperatorChain::Make(std::move(nodes), local_.exchanges_out, local_.channels_in));
  if (!local_.has_source) RouteChannels();
  return absl::OkStatus();
}

SubtaskRestore::Assignment SubtaskRestore::AssignmentOf(const ChainNode& node, const SourceConnector& connector) const {
  Assignment mine;
  size_t num_splits = 0;
  size_t num_bounded = 0;
  for (const auto& assignment : plan_.splits()) {
    if (assignment.source_uid() != node.uid()) continue;
    for (const auto& split : assignment.splits()) {
      ++num_splits;
      num_bounded += split.end_position() >= 0 ? 1 : 0;
    }
    if (assignment.index() != local_.ref.index()) continue;
    mine.system_id = assignment.system_id();
    mine.splits.assign(assignment.splits().begin(), assignment.splits().end());
  }
  // One without splits has ended if it ever does.
  mine.is_bounded = num_bounded == num_splits && (num_splits > 0 || connector.IsBounded(node.source()));
  return mine;
}

absl::Status SubtaskRestore::OpenSource(const ChainNode& node) {
  SourceSpec spec;
  spec.pipeline = plan_.pipeline();
  spec.uid = node.uid();
  spec.source = node.source();
  spec.used_columns.assign(node.used_columns().begin(), node.used_columns().end());
  if (node.has_record_filter()) spec.record_filter = node.record_filter();
  spec.subtask_index = local_.ref.index();
  spec.dead_letters_connected = SideIsRead(node.uid());
  spec.memory = options_.memory;
  spec.on_client_error = [probe = local_.probe](std::string_view code) { probe->OnClientError(code); };
  ASSIGN_OR_RETURN(const SourceConnector* connector, options_.connectors->FindSource(node.source().connector()));
  ASSIGN_OR_RETURN(auto source, connector->MakeSource(spec));

  const Assignment assignment = AssignmentOf(node, *connector);
  SourceInput::Options input;
  input.pipeline = plan_.pipeline();
  input.uid = node.uid();
  input.system_id = assignment.system_id;
  input.bounded = assignment.is_bounded;
  input.dead_letters_connected = spec.dead_letters_connected;
  if (node.source().has_watermark()) input.watermark = node.source().watermark();
  if (node.source().has_bad_record_limit()) input.bad_record_limit = node.source().bad_record_limit();
  ASSIGN_OR_RETURN(input.computed, ComputedColumns::Make(node));
  input.seed = OperatorSeed(options_.seed, plan_, node.uid(), local_.ref.index());
  input.watermark_interval = options_.watermark_interval;
  absl::Status opened = failpoint::Around("source.open", [&] {
    return source->Open(assignment.splits, assignment.system_id, [waker = local_.subtask->waker()] { waker->Wake(); });
  });
  RETURN_IF_ERROR(Annotate(opened, "source ", node.uid()));
  parts_.source = std::make_unique<SourceInput>(std::move(source), options_.clock, std::move(input));
  parts_.source->Start(assignment.splits);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Sink>> SubtaskRestore::MakeSinkOf(const ChainNode& node) const {
  SinkSpec spec;
  spec.identity = {plan_.pipeline(), node.uid(), plan_.lineage()};
  spec.sink = node.sink();
  spec.subtask_index = local_.ref.index();
  spec.generation = Generation(plan_.generation());
  spec.memory = options_.memory;
  ASSIGN_OR_RETURN(spec.schema, SchemaOf(node.input_schemas(0).columns()));
  ASSIGN_OR_RETURN(const SinkConnector* connector, options_.connectors->FindSink(node.sink().connector()));
  return connector->MakeSink(spec);
}

OperatorContext SubtaskRestore::ContextOf(const ChainNode& node, StateMemory* memory) const {
  OperatorContext context;
  context.pipeline = plan_.pipeline();
  context.uid = node.uid();
  context.subtask = {local_.ref.stage(), local_.ref.index()};
  context.key_groups = parts_.key_groups;
  context.num_key_groups = plan_.plan().num_key_groups();
  context.clock = options_.clock;
  context.seed = OperatorSeed(options_.seed, plan_, node.uid(), local_.ref.index());
  context.metrics = options_.metrics;
  context.memory = memory;
  context.dead_letters_connected = SideIsRead(node.uid());
  auto exchanges = local_.exchanges_out.find({node.uid(), 0});
  const bool combines = node.has_local_combine() || node.has_local_group();
  if (combines && exchanges != local_.exchanges_out.end()) context.downstream = exchanges->second.front();
  return context;
}

absl::Status SubtaskRestore::OpenOperator(const ChainNode& node, OperatorChain::Node& made) {
  ASSIGN_OR_RETURN(made.op, MakeOperator(node));
  // What has no state to keep, a combiner's tables, is small and let go of at the next watermark: it is counted
  // and never the reason why a pipeline ends.
  const bool keeps_state = !node.state_fingerprint().empty();
  auto account = keeps_state ? local_.slot_memory : MemoryAccount::Make({}, options_.memory);
  made.memory = std::make_unique<StateMemory>(std::move(account), options_.num_slots);
  OperatorContext context = ContextOf(node, made.memory.get());
  if (keeps_state) {
    ASSIGN_OR_RETURN(std::string kept, StateFingerprintOf(node));
    if (kept != node.state_fingerprint()) {
      return FailedPrecondition("deploy operator ", node.uid(), ": the coordinator plans its state as [",
                                node.state_fingerprint(), "] and this worker keeps [", kept,
                                "]. Run the same release on both");
    }
  }
  std::vector<storage::v1::SnapshotHandle> handles;
  for (const auto& state : plan_.restore().operators()) {
    if (state.uid() != node.uid()) continue;
    if (state.schema_fingerprint() != node.state_fingerprint()) {
      return FailedPrecondition("restore operator ", node.uid(), ": its state was written as [",
                                state.schema_fingerprint(), "] and the plan asks for [", node.state_fingerprint(),
                                "]. Undo the change, or give the operator another uid to begin without its state");
    }
    handles.insert(handles.end(), state.handles().begin(), state.handles().end());
    if (MILLRACE_PLANTED(operator_watermark_forgotten)) continue;
    if (state.has_watermark_micros()) context.restored_watermark = state.watermark_micros();
  }
  made.restored_watermark = context.restored_watermark;
  RETURN_IF_ERROR(Annotate(made.op->Open(context), "operator ", node.uid()));
  return keeps_state ? RestoreState(node, handles, *made.op) : absl::OkStatus();
}

absl::Status SubtaskRestore::RestoreState(const ChainNode& node,
                                          const std::vector<storage::v1::SnapshotHandle>& handles, Operator& op) {
  const std::string name = Cat(plan_.pipeline(), "-", node.uid(), "-", local_.ref.index(), "-", plan_.generation());
  ASSIGN_OR_RETURN(std::shared_ptr<StateBackend> backend, options_.state_backends->Make(name));
  absl::Status restored =
      failpoint::Around("state.restore", [&] { return backend->Restore(handles, parts_.key_groups, *blobs_); });
  RETURN_IF_ERROR(Annotate(restored, "restore operator ", node.uid()));
  RETURN_IF_ERROR(Annotate(op.Restore(*backend), "restore operator ", node.uid()));
  parts_.backends[node.uid()] = std::move(backend);
  return absl::OkStatus();
}

void SubtaskRestore::RouteChannels() {
  size_t channel = 0;
  parts_.routes.resize(local_.inbound.size());
  for (const auto& exchange : plan_.plan().exchanges()) {
    if (exchange.to_stage() != local_.stage->id()) continue;
    const size_t node = parts_.chain->IndexOf(exchange.to_uid());
    uint32_t input = 0;
    for (int i = 0; i < parts_.chain->node(node).plan->inputs_size(); ++i) {
      const auto& from = parts_.chain->node(node).plan->inputs(i);
      if (from.has_exchange() && from.exchange() == exchange.id()) input = static_cast<uint32_t>(i);
    }
    for (size_t from = 0; from < local_.channels_in.at(exchange.id()); ++from, ++channel) {
      parts_.routes[channel] = {node, input, parts_.chain->SlotOf(node, exchange.id()) + from};
    }
  }
  parts_.channels = std::make_unique<ChannelInput>(local_.inbound);
}

}  // namespace millrace
