#include "coordinator/pipeline_view.h"

#include "base/error.h"

namespace millrace {
namespace {

v1::Rewind ViewOf(const storage::v1::Rewind& rewind) {
  v1::Rewind view;
  view.set_to_epoch(rewind.to_epoch());
  view.set_from_epoch(rewind.from_epoch());
  view.set_fence_epoch(rewind.fence_epoch());
  view.set_sink_ahead(rewind.sink_ahead() == storage::v1::SINK_AHEAD_POLICY_ACCEPT_DUPLICATES ? v1::SINK_AHEAD_ACCEPT_DUPLICATES
                                                                                             : v1::SINK_AHEAD_FAIL);
  view.set_cause(rewind.cause());
  for (const auto& epoch : rewind.ahead()) {
    view.add_ahead(Cat("epoch ", epoch.epoch(), " in table ", epoch.table(), " of sink ", epoch.sink_uid(), ", version ",
                       epoch.table_version()));
  }
  return view;
}

}  // namespace

v1::Pipeline ViewOf(const PipelineMachine& machine) {
  const storage::v1::PipelineRecord& record = machine.record();
  v1::Pipeline view;
  view.set_name(record.name());
  view.set_lineage(record.lineage());
  view.set_state(machine.state());
  view.set_reason(machine.reason());
  view.set_parallelism(record.parallelism());
  view.set_generation(record.generation());
  view.mutable_create_time()->set_seconds(record.create_time_ms() / 1000);
  view.mutable_create_time()->set_nanos(static_cast<int32_t>(record.create_time_ms() % 1000 * 1'000'000));
  view.set_last_completed_epoch(record.completed_epoch());
  view.set_last_committed_epoch(record.committed_epoch());
  view.set_restarts(machine.restarts());
  view.mutable_plan()->ParseFromString(record.plan());
  for (uint64_t epoch : machine.Retained()) view.add_retained_checkpoints(epoch);
  if (record.has_rewind()) *view.mutable_rewind() = ViewOf(record.rewind());
  if (record.has_last_rewind()) *view.mutable_last_rewind() = ViewOf(record.last_rewind());
  return view;
}

}  // namespace millrace
