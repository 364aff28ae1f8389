#include "worker/source_input.h"

#include <arrow/api.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/planted_bug.h"

namespace millrace {

SourceInput::SourceInput(std::unique_ptr<Source> source, const Clock* clock, Options options)
    : source_(std::move(source)),
      clock_(clock),
      options_(std::move(options)),
      evaluation_(clock, options_.seed),
      last_emission_(clock->Monotonic()),
      last_poll_(last_emission_) {
  if (options_.computed == nullptr) return;
  failed_records_.emplace(options_.computed, options_.pipeline, options_.uid, options_.dead_letters_connected);
}

void SourceInput::Start(std::span<const storage::v1::SplitState> splits) {
  for (const auto& split : splits) {
    SplitTime time;
    if (split.has_watermark_micros() && !MILLRACE_PLANTED(split_watermark_forgotten)) time.watermark = split.watermark_micros();
    time.idle = split.idle() && !MILLRACE_PLANTED(idle_flag_forgotten);
    time.quiet_since = clock_->Monotonic();
    times_.push_back(time);
    bounds_.push_back(split);
    if (options_.bad_record_limit.has_value()) bad_records_.emplace_back(*options_.bad_record_limit, split.bad_records());
  }
}

absl::Status SourceInput::AddSplits(std::span<const storage::v1::SplitState> splits) {
  std::vector<storage::v1::SplitState> unknown;
  for (const auto& split : splits) {
    bool known = std::any_of(bounds_.begin(), bounds_.end(), [&](const auto& bound) { return bound.id() == split.id(); });
    if (!known) unknown.push_back(split);
  }
  RETURN_IF_ERROR(source_->AddSplits(unknown));
  Start(unknown);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<SourceBatch>> SourceInput::Poll() {
  ASSIGN_OR_RETURN(std::optional<SourceBatch> batch, source_->Poll());
  if (batch.has_value() && batch->rows != nullptr && options_.computed != nullptr) RETURN_IF_ERROR(Compute(*batch));
  if (batch.has_value() && options_.bad_record_limit.has_value()) RETURN_IF_ERROR(CountRecords(*batch));
  if (batch.has_value() && batch->rows != nullptr) RETURN_IF_ERROR(ObserveRecords(*batch));
  UpdateIdleness();
  return batch;
}

absl::Status SourceInput::Compute(SourceBatch& batch) {
  std::vector<RowErrors> errors;
  ASSIGN_OR_RETURN(BatchPtr computed, options_.computed->Append(batch.rows, errors, evaluation_));
  if (errors.empty()) {
    batch.rows = std::move(computed);
    return absl::OkStatus();
  }
  absl::Status status = failed_records_->TakeOut(errors, std::move(computed), source_->splits(), batch);
  return Annotate(status, "source ", options_.uid);
}

absl::Status SourceInput::ObserveRecords(const SourceBatch& batch) {
  absl::Duration now = clock_->Monotonic();
  for (const SplitRun& run : batch.runs) {
    if (run.num_rows == 0) continue;
    times_[run.split].quiet_since = now;
    times_[run.split].idle = false;
  }
  for (const DroppedRecords& dropped : batch.dropped) {
    times_[dropped.split].quiet_since = now;
    times_[dropped.split].idle = false;
  }
  if (!options_.watermark.has_value() || (batch.rows->num_rows() == 0 && batch.dropped.empty()))
    return absl::OkStatus();
  auto column = batch.rows->GetColumnByName(options_.watermark->column());
  if (column == nullptr || column->type_id() != arrow::Type::TIMESTAMP) {
    return Internal("source ", options_.uid, ": row-time column ", options_.watermark->column(), " is not in its rows");
  }
  const auto& times = static_cast<const arrow::TimestampArray&>(*column);
  const int64_t bound = MILLRACE_PLANTED(bound_ignored) ? kMicrosPerMilli : (options_.watermark->max_out_of_orderness_ms() + 1) * kMicrosPerMilli;
  newest_event_time_ = kNoWatermark;
  auto observe = [&](int split, EventTimeMicros newest) {
    newest_event_time_ = std::max(newest_event_time_, newest);
    // A row far before the epoch must not wrap around.
    if (newest > kNoWatermark + bound) times_[split].watermark = std::max(times_[split].watermark, newest - bound);
  };
  int64_t row = 0;
  for (const SplitRun& run : batch.runs) {
    EventTimeMicros newest = kNoWatermark;
    for (int64_t end = row + run.num_rows; row < end; ++row) {
      if (times.IsValid(row)) newest = std::max(newest, times.Value(row));
    }
    observe(run.split, newest);
  }
  for (const DroppedRecords& dropped : batch.dropped) observe(dropped.split, dropped.newest);
  return absl::OkStatus();
}

absl::Status SourceInput::CountRecords(const SourceBatch& batch) {
  for (const BadRecord& bad : batch.bad_records) {
    const RecordPlace place = RecordPlace::Of(source_->splits()[static_cast<size_t>(bad.split)], bad.position);
    absl::Status status = bad_records_[bad.split].AddBad(bad.num_before, place, bad.reason);
    if (!status.ok()) return Annotate(status, "source ", options_.uid);
  }
  for (const BadRecord& bad : batch.bad_records) bad_records_[bad.split].Advance(1);
  for (const SplitRun& run : batch.runs) bad_records_[run.split].Advance(run.num_rows);
  for (const DroppedRecords& dropped : batch.dropped) bad_records_[dropped.split].Advance(dropped.num_records);
  return absl::OkStatus();
}

void SourceInput::UpdateIdleness() {
  if (!options_.watermark.has_value() || options_.watermark->idle_timeout_ms() == 0) return;
  absl::Duration now = clock_->Monotonic();
  // Polls of a reader that waits for rows are this close. Otherwise it could not send, or was held back.
  absl::Duration since_poll = now - std::exchange(last_poll_, now);
  absl::Duration unwatched = since_poll > 2 * next_check() ? since_poll - next_check() : absl::ZeroDuration();
  auto progress = source_->splits();
  for (size_t i = 0; i < times_.size(); ++i) {
    if (unwatched > absl::ZeroDuration()) times_[i].quiet_since = std::min(now, times_[i].quiet_since + unwatched);
    if (!progress[i].at_end) {
      // Held back, starved or disconnected is not idle.
      times_[i].quiet_since = now;
    } else if (now - times_[i].quiet_since >= absl::Milliseconds(options_.watermark->idle_timeout_ms())) {
      times_[i].idle = true;
    }
  }
}

bool SourceInput::finished() const {
  if (!options_.bounded) return false;
  auto progress = source_->splits();
  return std::all_of(progress.begin(), progress.end(), [](const SplitProgress& split) { return split.finished; });
}

std::optional<StreamEvent> SourceInput::TakeTimeEvent() {
  if (finished()) {
    if (emitted_ == kFinalWatermark || MILLRACE_PLANTED(final_watermark_forgotten)) return std::nullopt;
    emitted_ = kFinalWatermark;
    return StreamEvent(Watermark{kFinalWatermark});
  }
  absl::Duration time = clock_->Monotonic();
  if (time - last_emission_ < options_.watermark_interval) return std::nullopt;
  auto progress = source_->splits();
  EventTimeMicros lowest = kFinalWatermark;
  bool any_active = false;
  for (size_t i = 0; i < times_.size(); ++i) {
    if (progress[i].finished || times_[i].idle) continue;
    if (any_active && MILLRACE_PLANTED(watermark_of_first_split)) break;
    any_active = true;
    lowest = std::min(lowest, times_[i].watermark);
  }
  // Without event time, and without splits, nobody shall wait for this subtask.
  if (!any_active || !options_.watermark.has_value()) {
    if (idle_emitted_) return std::nullopt;
    idle_emitted_ = true;
    last_emission_ = time;
    return StreamEvent(Idle{});
  }
  if (lowest == kNoWatermark || (lowest <= emitted_ && !idle_emitted_)) return std::nullopt;
  last_emission_ = time;
  idle_emitted_ = false;
  emitted_ = std::max(emitted_, lowest);
  return StreamEvent(Watermark{emitted_});
}

absl::Duration SourceInput::next_check() const {
  return times_.empty() ? absl::ZeroDuration() : std::max(options_.watermark_interval, absl::Milliseconds(10));
}

storage::v1::SourceState SourceInput::State() const {
  storage::v1::SourceState state;
  state.set_uid(options_.uid);
  state.set_system_id(options_.system_id);
  auto progress = source_->splits();
  Check(progress.size() == times_.size(), "a source reports the splits that it was given");
  for (size_t i = 0; i < times_.size(); ++i) {
    auto* split = state.add_splits();
    split->set_id(progress[i].id);
    split->set_position(progress[i].position);
    if (MILLRACE_PLANTED(position_plus_one)) split->set_position(split->position() + 1);
    if (MILLRACE_PLANTED(position_minus_one)) split->set_position(std::max<int64_t>(0, split->position() - 1));
    split->set_end_position(progress[i].end_position);
    split->set_finished(progress[i].finished);
    split->set_fingerprint(progress[i].fingerprint);
    split->set_idle(times_[i].idle);
    if (!bad_records_.empty()) *split->mutable_bad_records() = bad_records_[i].State();
    if (times_[i].watermark != kNoWatermark) split->set_watermark_micros(times_[i].watermark);
  }
  return state;
}

void SourceInput::OnCheckpointComplete(const storage::v1::SourceState& state) {
  std::vector<storage::v1::SplitState> splits(state.splits().begin(), state.splits().end());
  source_->OnCheckpointComplete(splits);
}

void SourceFigures::Topic::Add(const Topic& other) {
  lag_is_known = lag_is_known && other.lag_is_known;
  lag += other.lag;
  lag_max = std::max(lag_max, other.lag_max);
  if (oldest_record_ms < 0 || (other.oldest_record_ms >= 0 && other.oldest_record_ms < oldest_record_ms)) {
    oldest_record_ms = other.oldest_record_ms;
  }
}

SourceFigures SourceInput::figures() const {
  SourceFigures figures;
  figures.is_source = true;
  auto progress = source_->splits();
  figures.num_splits = progress.size();
  for (size_t i = 0; i < progress.size(); ++i) {
    const SplitProgress& split = progress[i];
    if (times_[i].idle && !split.finished) ++figures.num_idle;
    SourceFigures::Topic one;
    one.lag_is_known = split.lag >= 0;
    one.lag = one.lag_max = std::max<int64_t>(0, split.lag);
    if (split.lag > 0) one.oldest_record_ms = split.last_record_ms;
    std::string topic = split.id.substr(0, split.id.rfind('/'));
    auto [at, is_new] = figures.topics.try_emplace(std::move(topic), one);
    if (!is_new) at->second.Add(one);
  }
  return figures;
}

int64_t SourceInput::lag() const {
  int64_t total = 0;
  for (const SplitProgress& split : source_->splits()) {
    if (split.lag < 0) return -1;
    total += split.lag;
  }
  return total;
}

}  // namespace millrace
