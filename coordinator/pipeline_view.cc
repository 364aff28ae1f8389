#include "coordinator/pipeline_view.h"

#include <algorithm>

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

v1::Progress SumOf(const std::map<std::string, v1::Progress>& by_worker) {
  v1::Progress sum;
  bool lag_known = !by_worker.empty();
  int64_t lag = 0;
  for (const auto& [worker, progress] : by_worker) {
    sum.set_records_in(sum.records_in() + progress.records_in());
    sum.set_records_committed(sum.records_committed() + progress.records_committed());
    sum.set_late_records(sum.late_records() + progress.late_records());
    sum.set_dead_letters(sum.dead_letters() + progress.dead_letters());
    sum.set_records_per_second(sum.records_per_second() + progress.records_per_second());
    sum.set_shuffle_bytes(sum.shuffle_bytes() + progress.shuffle_bytes());
    lag_known = lag_known && progress.lag_records() >= 0;
    lag += progress.lag_records();
    if (progress.has_watermark_ms()) {
      sum.set_watermark_ms(sum.has_watermark_ms() ? std::min(sum.watermark_ms(), progress.watermark_ms())
                                                  : progress.watermark_ms());
    }
  }
  sum.set_lag_records(lag_known ? lag : -1);
  return sum;
}

}  // namespace millrace
