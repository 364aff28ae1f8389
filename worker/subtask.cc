#include "worker/subtask.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/macros.h"
#include "base/planted_bug.h"

namespace millrace {
namespace {

// What a step takes before others on the same thread have their turn, and triggers are heard: some milliseconds'
// work. A source that went on longer would inject its barrier that much later than its peers, and make their
// receivers wait.
constexpr int kEventsPerStep = 16;
constexpr int64_t kRowsPerStep = 8192;
// Of sinks of one subtask: one is written, one waits, and the sink fills the next.
constexpr size_t kMostParts = 2;
constexpr absl::Duration kRetryPoll = absl::Milliseconds(100);
// Whoever holds a source back wakes it; this is for its figures.
constexpr absl::Duration kHeldBackCheck = absl::Milliseconds(100);
// By then the coordinator has ended this subtask too, if it has ended a peer of it.
constexpr absl::Duration kEndTogether = absl::Seconds(5);

int64_t BytesOf(const SourceBatch& batch) {
  int64_t bytes = 0;
  for (const BatchPtr& rows : {batch.rows, batch.dead_letters}) {
    if (rows != nullptr) bytes += arrow::util::TotalBufferSize(*rows);
  }
  return bytes;
}

}  // namespace

Subtask::Subtask(Environment environment, SubtaskEvents events)
    : environment_(std::move(environment)),
      events_(std::move(events)),
      gate_(environment_.memory, environment_.clock, environment_.probe, environment_.log) {
  waker_ = Waker::Make(environment_.executor, [this] { Step(); });
  if (environment_.memory != nullptr) environment_.memory->Watch(waker_);
}

Subtask::~Subtask() {
  *alive_ = false;
  waker_->Stop();
  if (parts_.has_value() && parts_->source != nullptr) parts_->source->Close();
}

void Subtask::Start(Parts parts) {
  parts_ = std::move(parts);
  epoch_ = Epoch(parts_->plan->restore().epoch());
  parts_->chain->SetProbe(&environment_.probe->chain());
  if (parts_->channels != nullptr) {
    aligner_ = std::make_unique<BarrierAligner>(parts_->channels->size());
    channel_counts_.assign(parts_->channels->size(), false);
  }
  writer_ = std::make_unique<EpochWriter>(
      EpochWriter::Environment{.executor = environment_.executor,
                               .io_pool = environment_.io_pool,
                               .clock = environment_.clock,
                               .blobs = environment_.blobs,
                               .plan = parts_->plan,
                               .key_groups = parts_->key_groups,
                               .backends = parts_->backends},
      EpochWriter::Events{.on_part = [this] { waker_->Wake(); },
                          .on_epoch = [this](WrittenEpoch written) { OnWritten(std::move(written)); },
                          .on_failed = [this](absl::Status why) { Fail(std::move(why)); }});
  if (absl::Status status = parts_->chain->ForwardRestoredWatermarks(); !status.ok()) return Fail(std::move(status));
  waker_->Wake();
}

void Subtask::Trigger(Epoch epoch, BarrierKind kind) {
  Check(!parts_.has_value() || parts_->source != nullptr, "barriers are born at sources");
  triggers_.push_back(Barrier{.epoch = epoch, .kind = kind});
  ExpectBarrier(epoch);
  waker_->Wake();
}

void Subtask::Abort(Epoch epoch) {
  newest_aborted_ = std::max(newest_aborted_, epoch);
  std::erase_if(triggers_, [&](const Barrier& trigger) { return trigger.epoch <= epoch; });
  if (MILLRACE_PLANTED(aborted_committables_dropped)) committables_.clear();
  if (aligner_ != nullptr && aligner_->OnAbort(epoch)) {
    alignment_began_.reset();
    parts_->channels->UnblockAll();
    waker_->Wake();
  }
}

void Subtask::OnCheckpointCompleted(Epoch epoch) {
  environment_.probe->chain().EpochCompleted(epoch);
  // The coordinator has them now.
  for (auto& [uid, list] : committables_) {
    if (MILLRACE_PLANTED(committables_sent_again)) continue;
    std::erase_if(list, [&](const storage::v1::Committable& c) { return c.sealed_epoch() <= epoch.value(); });
  }
  auto found = acknowledged_positions_.find(epoch);
  if (found != acknowledged_positions_.end() && parts_.has_value() && parts_->source != nullptr) {
    parts_->source->OnCheckpointComplete(found->second);
  }
  acknowledged_positions_.erase(acknowledged_positions_.begin(), acknowledged_positions_.upper_bound(epoch));
}

void Subtask::AddSplits(std::span<const storage::v1::SplitState> splits) {
  if (failed_ || !parts_.has_value() || parts_->source == nullptr) return;
  absl::Status status = parts_->source->AddSplits(splits);
  if (!status.ok()) Fail(status);
  waker_->Wake();
}

void Subtask::Fail(absl::Status why) {
  if (failed_) return;
  failed_ = true;
  if (writer_ != nullptr) writer_->Stop();
  if (!IsPeerEnded(why)) return Report(std::move(why));
  environment_.executor->PostAfter(kEndTogether, [this, alive = alive_, why = Unavailable(why.message())] {
    if (*alive) Report(why);
  });
}

void Subtask::Report(absl::Status why) {
  environment_.log.Error("subtask_failed", {{"epoch", epoch_.value()}, {"why", why}});
  events_.on_failed(std::move(why));
}

v1::Progress Subtask::progress() const {
  MutexLock lock(&mutex_);
  return progress_;
}

bool Subtask::Writable() const {
  return std::all_of(parts_->exchanges.begin(), parts_->exchanges.end(), [](const auto& exchange) { return exchange->Writable(); });
}

void Subtask::Step() {
  if (failed_ || !parts_.has_value()) return;
  ChainProbe& probe = environment_.probe->chain();
  probe.StepBegan();
  stalled_ = goes_on_ = false;
  absl::Status status = RunSome();
  // What a sink gathers drains only by being written.
  if (status.ok() && writer_->num_parts() == 0 && environment_.memory != nullptr &&
      environment_.memory->SourceHold() == MemoryAccount::Hold::kBuffers) {
    TakeParts(/*all=*/true);
  }
  if (!status.ok()) {
    probe.StepEnded(false);
    Fail(std::move(status));
    return;
  }
  if (probe.FiguresAreDue(!goes_on_)) {
    parts_->chain->ReportFigures();
    if (parts_->source != nullptr) environment_.probe->SourceHolds(parts_->source->figures());
  }
  probe.StepEnded(stalled_);
  PublishProgress();
}

absl::Status Subtask::RunSome() {
  rows_in_step_ = 0;
  for (int i = 0; i < kEventsPerStep && rows_in_step_ < kRowsPerStep; ++i) {
    RETURN_IF_ERROR(InjectBarriers());
    // Without credit nothing is read; reading by a receiver wakes us, and so does a part that has been written.
    if ((stalled_ = !Writable() || writer_->num_parts() >= kMostParts)) return absl::OkStatus();
    ASSIGN_OR_RETURN(bool more, parts_->source != nullptr ? RunSource() : RunChannels());
    TakeParts(/*all=*/false);
    if (!more) return absl::OkStatus();
  }
  goes_on_ = true;
  waker_->Wake();
  return absl::OkStatus();
}

absl::StatusOr<bool> Subtask::RunSource() {
  if (stopped_reading_) return false;
  if (gate_.HoldsBack()) {
    WakeLater(kHeldBackCheck);
    return false;
  }
  SourceInput& source = *parts_->source;
  auto polled = source.Poll();
  if (polled.status().code() == absl::StatusCode::kUnavailable) {
    WakeLater(kRetryPoll);
    return false;
  }
  RETURN_IF_ERROR(polled.status());
  if (polled->has_value()) {
    SourceBatch& batch = **polled;
    MemoryHold in_hand(environment_.memory, MemoryKind::kBuffers, static_cast<uint64_t>(BytesOf(batch)));
    num_records_ += static_cast<uint64_t>(batch.num_records);
    rows_in_step_ += batch.num_records;
    const bool has_rows = batch.rows != nullptr && batch.rows->num_rows() > 0;
    environment_.probe->Read(batch, has_rows || !batch.dropped.empty() ? source.newest_event_time() : kNoWatermark);
    if (has_rows) {
      const RowOrigins origins(batch, source.splits());
      RETURN_IF_ERROR(parts_->chain->EmitFromSource(0, batch.rows, &origins));
    }
    if (batch.dead_letters != nullptr && batch.dead_letters->num_rows() > 0) {
      num_dead_letters_ += static_cast<uint64_t>(batch.dead_letters->num_rows());
      RETURN_IF_ERROR(parts_->chain->EmitFromSource(1, batch.dead_letters));
    }
  }
  if (std::optional<StreamEvent> time = source.TakeTimeEvent()) {
    const auto* watermark = std::get_if<Watermark>(&*time);
    RETURN_IF_ERROR(watermark != nullptr ? parts_->chain->SourceWatermark(watermark->time) : parts_->chain->SourceIdle());
  }
  if (source.finished()) {
    ReportDrained();
    return false;
  }
  if (!polled->has_value()) WakeLater(source.next_check());
  return polled->has_value();
}

absl::StatusOr<bool> Subtask::RunChannels() {
  ASSIGN_OR_RETURN(std::optional<ChannelInput::Event> event, parts_->channels->Poll());
  if (!event.has_value()) return false;
  RETURN_IF_ERROR(HandleEvent(event->channel, std::move(event->event)));
  if (parts_->chain->drained()) ReportDrained();
  return true;
}

absl::Status Subtask::HandleEvent(size_t channel, StreamEvent event) {
  const Route& route = parts_->routes[channel];
  OperatorChain& chain = *parts_->chain;
  auto confirm = [&] {
    if (channel_counts_[channel]) return;
    channel_counts_[channel] = true;
    parts_->channels->ConfirmActivation(channel, chain.WatermarkOf(route.node));
  };
  if (auto* data = std::get_if<DataBatch>(&event)) {
    RETURN_IF_ERROR(chain.InputActive(route.node, route.slot));
    confirm();
    rows_in_step_ += data->rows->num_rows();
    return chain.ProcessBatch(route.node, route.input, data->port, data->rows);
  }
  if (auto* watermark = std::get_if<Watermark>(&event)) {
    RETURN_IF_ERROR(chain.InputWatermark(route.node, route.slot, watermark->time));
    confirm();
    return absl::OkStatus();
  }
  if (std::holds_alternative<Idle>(event)) {
    channel_counts_[channel] = false;
    return chain.InputIdle(route.node, route.slot);
  }
  if (auto* barrier = std::get_if<Barrier>(&event)) return OnBarrier(channel, *barrier);
  RETURN_IF_ERROR(chain.InputEnded(route.node, route.slot));
  if (aligner_->OnEndOfInput(channel).step == BarrierAligner::Step::kAligned) return BeginCheckpoint(aligner_->barrier());
  return absl::OkStatus();
}

absl::Status Subtask::OnBarrier(size_t channel, const Barrier& barrier) {
  BarrierAligner::Decision decision = aligner_->OnBarrier(channel, barrier);
  if (decision.step != BarrierAligner::Step::kIgnore) environment_.probe->BarrierArrived(barrier.epoch);
  if (decision.gave_up.has_value()) parts_->channels->UnblockAll();
  switch (decision.step) {
    case BarrierAligner::Step::kIgnore:
      return absl::OkStatus();
    case BarrierAligner::Step::kBlock:
      if (!alignment_began_.has_value()) alignment_began_ = environment_.clock->Monotonic();
      if (!MILLRACE_PLANTED(alignment_skipped)) parts_->channels->Block(channel);
      return absl::OkStatus();
    case BarrierAligner::Step::kAligned:
      return BeginCheckpoint(aligner_->barrier());
  }
  return absl::OkStatus();
}

absl::Status Subtask::InjectBarriers() {
  while (!triggers_.empty() && parts_->source != nullptr) {
    // Being woken when there is room, it begins then, unless the coordinator has given the checkpoint up.
    if (environment_.memory != nullptr && environment_.memory->HoldsBarriers()) return absl::OkStatus();
    Barrier barrier = triggers_.front();
    triggers_.pop_front();
    if (barrier.epoch <= newest_aborted_) continue;
    environment_.probe->BarrierArrived(barrier.epoch);
    bool is_last = barrier.kind == BarrierKind::kDrain && !MILLRACE_PLANTED(final_watermark_forgotten);
    if (is_last) RETURN_IF_ERROR(parts_->chain->SourceWatermark(kFinalWatermark));
    if (barrier.kind != BarrierKind::kPeriodic) stopped_reading_ = true;
    RETURN_IF_ERROR(BeginCheckpoint(barrier));
  }
  return absl::OkStatus();
}

absl::Status Subtask::BeginCheckpoint(const Barrier& barrier) {
  absl::Duration began = environment_.clock->Monotonic();
  SealedEpoch sealed;
  sealed.epoch = epoch_ = barrier.epoch;
  if (alignment_began_.has_value()) sealed.alignment = began - *alignment_began_;
  alignment_began_.reset();
  if (parts_->source != nullptr) {
    failpoint::Around("source.positions", [&] { sealed.source = parts_->source->State(); });
  }
  for (auto& exchange : parts_->exchanges) {
    if (MILLRACE_PLANTED(barrier_before_flush)) exchange->PushBarrier(barrier);
  }
  ASSIGN_OR_RETURN(sealed.chain, parts_->chain->BeforeBarrier(barrier.epoch));
  uint64_t frozen_bytes = 0;
  for (const auto& part : sealed.chain.operators) {
    if (part.frozen != nullptr) frozen_bytes += part.frozen->num_bytes();
  }
  sealed.frozen = MemoryHold(environment_.memory, MemoryKind::kSnapshots, frozen_bytes);
  failpoint::Around("barrier.push", [&] {
    for (auto& exchange : parts_->exchanges) {
      if (!MILLRACE_PLANTED(barrier_before_flush)) exchange->PushBarrier(barrier);
    }
  });
  if (parts_->channels != nullptr) parts_->channels->UnblockAll();
  sealed.sealed_at = environment_.clock->Monotonic();
  sealed.sync = sealed.sealed_at - began;
  environment_.probe->BarrierPassed(sealed.alignment, sealed.sync);
  writer_->Add(std::move(sealed));
  return absl::OkStatus();
}

void Subtask::TakeParts(bool all) {
  for (ChainPart& part : parts_->chain->TakeParts(all)) writer_->Add(std::move(part));
}

void Subtask::OnWritten(WrittenEpoch written) {
  SealedEpoch& sealed = written.sealed;
  const Epoch epoch = sealed.epoch;
  const absl::Duration since_barrier = environment_.clock->Monotonic() - sealed.sealed_at;
  environment_.probe->Persisted(since_barrier - written.uploading, written.uploading);
  for (auto& [uid, bytes] : written.staged) {
    auto& committable = committables_[uid].emplace_back();
    committable.set_sealed_epoch(epoch.value());
    committable.set_bytes(std::move(bytes));
  }
  internal::v1::CheckpointAck ack;
  *ack.mutable_subtask() = parts_->ref;
  ack.set_epoch(epoch.value());
  if (sealed.source.has_value()) {
    if (MILLRACE_PLANTED(positions_after_barrier)) sealed.source = parts_->source->State();
    acknowledged_positions_[epoch] = *sealed.source;
    *ack.add_sources() = *std::move(sealed.source);
  }
  for (auto& state : written.operators) {
    size_t node = parts_->chain->IndexOf(state.uid());
    state.set_schema_fingerprint(parts_->chain->node(node).plan->state_fingerprint());
    *ack.add_operators() = std::move(state);
  }
  for (const auto& [uid, list] : committables_) {
    if (list.empty()) continue;
    auto* sink = ack.add_sinks();
    sink->set_uid(uid);
    for (const auto& committable : list) *sink->add_committables() = committable;
  }
  ack.set_state_bytes(written.state_bytes);
  ack.set_uploaded_bytes(written.uploaded_bytes);
  ack.set_alignment_micros(static_cast<uint64_t>(absl::ToInt64Microseconds(sealed.alignment)));
  ack.set_sync_micros(static_cast<uint64_t>(absl::ToInt64Microseconds(sealed.sync)));
  ack.set_async_micros(static_cast<uint64_t>(absl::ToInt64Microseconds(written.took)));
  events_.on_ack(std::move(ack));
}

void Subtask::ReportDrained() {
  if (std::exchange(drained_reported_, true)) return;
  events_.on_drained();
}

void Subtask::PublishProgress() {
  uint64_t shuffled = 0;
  for (const auto& exchange : parts_->exchanges) shuffled += exchange->remote_bytes();
  MutexLock lock(&mutex_);
  progress_.set_shuffle_bytes(shuffled);
  progress_.set_records_in(num_records_);
  progress_.set_dead_letters(num_dead_letters_ + parts_->chain->rows_set_aside());
  progress_.set_late_records(parts_->chain->rows_late());
  if (parts_->source == nullptr) return;
  progress_.set_lag_records(parts_->source->lag());
  if (parts_->source->watermark() != kNoWatermark) progress_.set_watermark_ms(parts_->source->watermark() / kMicrosPerMilli);
}

void Subtask::WakeLater(absl::Duration delay) {
  if (delay <= absl::ZeroDuration() || std::exchange(timer_set_, true)) return;
  environment_.executor->PostAfter(delay, [this, alive = alive_] {
    if (!*alive) return;
    timer_set_ = false;
    waker_->Wake();
  });
}

}  // namespace millrace
