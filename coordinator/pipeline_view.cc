#include "coordinator/pipeline_view.h"

namespace millrace {

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
  return view;
}

}  // namespace millrace
