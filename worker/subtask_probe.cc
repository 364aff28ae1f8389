#include "worker/subtask_probe.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace millrace {
namespace {

// A worker remembers this many triggers whose barriers did not come: they were aborted.
constexpr size_t kMaxTriggers = 16;

constexpr char kPhase[] = "millrace_checkpoint_phase_seconds";
constexpr char kPhaseHelp[] = "Parts of a checkpoint; all but commit per subtask.";

std::vector<Histogram*> BatchSeconds(const internal::v1::Stage& stage, MetricScope& scope) {
  std::vector<Histogram*> histograms;
  for (const auto& node : stage.nodes()) {
    histograms.push_back(scope.AddHistogram("millrace_operator_batch_seconds", "Time an operator works on one batch.",
                                            BatchSecondsBuckets(), {{"operator", node.uid()}}));
  }
  return histograms;
}

}  // namespace

SubtaskProbe::SubtaskProbe(Metrics* metrics, const std::string& pipeline, const internal::v1::Stage& stage,
                           const Clock* clock)
    : clock_(clock),
      source_(stage.nodes_size() > 0 && stage.nodes(0).has_source() ? stage.nodes(0).uid() : ""),
      scope_(metrics, {{"pipeline", pipeline}}),
      chain_(std::make_unique<ChainProbe>(stage, BatchSeconds(stage, scope_), clock)),
      start_delay_(scope_.AddHistogram(kPhase, kPhaseHelp, PhaseSecondsBuckets(), {{"phase", "start_delay"}})),
      alignment_(scope_.AddHistogram(kPhase, kPhaseHelp, PhaseSecondsBuckets(), {{"phase", "alignment"}})),
      sync_(scope_.AddHistogram(kPhase, kPhaseHelp, PhaseSecondsBuckets(), {{"phase", "sync"}})),
      async_(scope_.AddHistogram(kPhase, kPhaseHelp, PhaseSecondsBuckets(), {{"phase", "async"}})),
      upload_(scope_.AddHistogram(kPhase, kPhaseHelp, PhaseSecondsBuckets(), {{"phase", "upload"}})) {
  if (source_.empty()) return;
  const Labels labels = {{"source", source_}};
  source_records_ =
      scope_.AddCounter("millrace_source_records_total", "Records that were read, bad ones included.", labels);
  source_bytes_ =
      scope_.AddCounter("millrace_source_bytes_total", "Bytes of records that were read, as they came.", labels);
  event_time_delay_ = scope_.AddHistogram("millrace_source_event_time_delay_seconds",
                                          "How far the newest event time of a batch lies behind its reading.",
                                          EventTimeDelayBuckets(), labels);
  constexpr char kHeld[] = "millrace_source_held_back_seconds_total";
  constexpr char kHeldHelp[] = "Time for which subtasks read nothing because their worker's memory was over its budget.";
  held_by_buffers_ = scope_.AddCounter(kHeld, kHeldHelp, {{"source", source_}, {"pool", "buffers"}});
  held_by_snapshots_ = scope_.AddCounter(kHeld, kHeldHelp, {{"source", source_}, {"pool", "snapshots"}});
}

void SubtaskProbe::HeldBack(MemoryKind kind, absl::Duration time) {
  (kind == MemoryKind::kSnapshots ? held_by_snapshots_ : held_by_buffers_)->Add(absl::ToDoubleSeconds(time));
}

void SubtaskProbe::Read(const SourceBatch& batch, EventTimeMicros newest) {
  source_records_->Add(static_cast<double>(batch.num_records));
  source_bytes_->Add(static_cast<double>(batch.num_bytes));
  chain_->Read(static_cast<uint64_t>(batch.num_records), static_cast<uint64_t>(batch.num_bytes));
  if (newest != kNoWatermark) {
    event_time_delay_->Observe(std::max(0.0, absl::ToDoubleSeconds(clock_->Now() - absl::FromUnixMicros(newest))));
  }
  if (batch.dead_letters != nullptr && batch.dead_letters->num_rows() > 0) CountDeadLetters(*batch.dead_letters);
}

void SubtaskProbe::CountDeadLetters(const arrow::RecordBatch& letters) {
  const auto& reasons = static_cast<const arrow::StringArray&>(*letters.column(0));
  for (int64_t i = 0; i < reasons.length(); ++i) {
    std::string_view reason = reasons.GetView(i);
    auto found = bad_records_.find(reason);
    if (found == bad_records_.end()) {
      std::string name(reason);
      // A record whose computed column fails was decoded.
      Counter* errors = reason == "expression" ? nullptr
                                               : scope_.AddCounter("millrace_source_decode_errors_total",
                                                                   "Records that could not be decoded.",
                                                                   {{"source", source_}, {"reason", name}});
      auto* dead =
          scope_.AddCounter("millrace_dead_letter_records_total", "Records that were set aside.", {{"reason", name}});
      found = bad_records_.emplace(std::move(name), std::pair(errors, dead)).first;
    }
    if (found->second.first != nullptr) found->second.first->Add();
    found->second.second->Add();
  }
}

void SubtaskProbe::OnClientError(std::string_view code) {
  MutexLock lock(&mutex_);
  auto found = client_errors_.find(code);
  if (found == client_errors_.end()) {
    std::string name(code);
    Counter* counter =
        scope_.AddCounter("millrace_source_client_errors_total", "Errors that a source's client met, by its own code.",
                          {{"source", source_}, {"code", name}});
    found = client_errors_.emplace(std::move(name), counter).first;
  }
  found->second->Add();
}

void SubtaskProbe::SourceHolds(SourceFigures figures) {
  MutexLock lock(&mutex_);
  source_figures_ = std::move(figures);
}

SourceFigures SubtaskProbe::source_figures() const {
  MutexLock lock(&mutex_);
  return source_figures_;
}

void SubtaskProbe::BarrierTriggered(Epoch epoch) {
  triggered_[epoch] = clock_->Monotonic();
  if (triggered_.size() > kMaxTriggers) triggered_.erase(triggered_.begin());
}

void SubtaskProbe::BarrierArrived(Epoch epoch) {
  auto found = triggered_.find(epoch);
  if (found == triggered_.end()) return;  // it overtook the message, or another channel was first
  start_delay_->Observe(absl::ToDoubleSeconds(clock_->Monotonic() - found->second));
  triggered_.erase(triggered_.begin(), std::next(found));
}

void SubtaskProbe::BarrierPassed(absl::Duration alignment, absl::Duration sync) {
  alignment_->Observe(absl::ToDoubleSeconds(alignment));
  sync_->Observe(absl::ToDoubleSeconds(sync));
}

void SubtaskProbe::Persisted(absl::Duration waited_and_wrote, absl::Duration uploaded) {
  async_->Observe(absl::ToDoubleSeconds(waited_and_wrote));
  upload_->Observe(absl::ToDoubleSeconds(uploaded));
}

}  // namespace millrace
