#include "worker/chain_probe.h"

#include <arrow/record_batch.h>

#include <utility>

#include "worker/row_bytes.h"

namespace millrace {
namespace {

constexpr absl::Duration kFiguresInterval = absl::Milliseconds(100);

}  // namespace

ChainProbe::ChainProbe(const internal::v1::Stage& stage, std::vector<Histogram*> batch_seconds, const Clock* clock)
    : clock_(clock),
      nodes_(static_cast<size_t>(stage.nodes_size())),
      since_(clock->Monotonic()),
      published_(nodes_.size()),
      waiting_since_(since_) {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    nodes_[i].batch_seconds = batch_seconds[i];
    const internal::v1::ChainNode& node = stage.nodes(static_cast<int>(i));
    nodes_[i].fires_windows = node.has_window_aggregate();
    nodes_[i].evaluates = node.has_filter() || node.has_project();
  }
}

void ChainProbe::AddWaiting(absl::Duration now, std::vector<ChainNodeFigures>& figures) const {
  if (!is_waiting_) return;
  for (ChainNodeFigures& node : figures) (is_backpressured_ ? node.backpressured : node.idle) += now - waiting_since_;
}

void ChainProbe::StepBegan() {
  since_ = step_began_ = clock_->Monotonic();
  current_ = 0;
  MutexLock lock(&mutex_);
  AddWaiting(step_began_, published_);
  is_waiting_ = false;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    nodes_[i].figures.idle = published_[i].idle;
    nodes_[i].figures.backpressured = published_[i].backpressured;
    nodes_[i].busy_at_step = nodes_[i].figures.busy;
  }
}

void ChainProbe::StepEnded(bool backpressured) {
  Enter(0);
  absl::Duration took = since_ - step_began_;
  MutexLock lock(&mutex_);
  for (size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    node.figures.idle += took - (node.figures.busy - node.busy_at_step);
    node.figures.uncommitted_bytes = node.buffered_bytes;
    for (const auto& [epoch, bytes] : node.sealed_bytes) node.figures.uncommitted_bytes += bytes;
    published_[i] = node.figures;
  }
  is_waiting_ = true;
  is_backpressured_ = backpressured;
  waiting_since_ = since_;
}

std::vector<ChainNodeFigures> ChainProbe::figures() const {
  absl::Duration now = clock_->Monotonic();
  MutexLock lock(&mutex_);
  std::vector<ChainNodeFigures> figures = published_;
  AddWaiting(now, figures);
  return figures;
}

size_t ChainProbe::Enter(size_t node) {
  absl::Duration now = clock_->Monotonic();
  nodes_[current_].figures.busy += now - std::exchange(since_, now);
  return std::exchange(current_, node);
}

void ChainProbe::Read(uint64_t records, uint64_t bytes) {
  ChainNodeFigures& figures = nodes_[0].figures;
  figures.records_in += records;
  figures.bytes_in += bytes;
  // Reading and decoding is all that the source has done since the last change.
  absl::Duration busy_before = figures.busy;
  Enter(0);
  nodes_[0].batch_seconds->Observe(absl::ToDoubleSeconds(figures.busy - busy_before));
}

void ChainProbe::Emitted(size_t node, uint32_t output, const arrow::RecordBatch& rows) {
  ChainNodeFigures& figures = nodes_[node].figures;
  const auto num_rows = static_cast<uint64_t>(rows.num_rows());
  figures.records_out += num_rows;
  figures.bytes_out += RowBytes(rows);
  if (output != 1) return;
  if (nodes_[node].fires_windows) figures.late_records += num_rows;
  if (nodes_[node].evaluates) figures.failed_records += num_rows;
}

void ChainProbe::SinkSeals(size_t node, Epoch epoch, uint64_t buffered_bytes) {
  nodes_[node].sealed_bytes[epoch] += buffered_bytes;
  nodes_[node].buffered_bytes = 0;
}

void ChainProbe::EpochCompleted(Epoch epoch) {
  for (Node& node : nodes_) node.sealed_bytes.erase(node.sealed_bytes.begin(), node.sealed_bytes.upper_bound(epoch));
  MutexLock lock(&mutex_);
  for (size_t i = 0; i < nodes_.size(); ++i) {
    published_[i].uncommitted_bytes = nodes_[i].buffered_bytes;
    for (const auto& [sealed, bytes] : nodes_[i].sealed_bytes) published_[i].uncommitted_bytes += bytes;
  }
}

bool ChainProbe::FiguresAreDue(bool is_waiting) {
  // since_ is when the last work ended: fresh enough, and no clock is asked.
  if (!is_waiting && since_ - figures_taken_ < kFiguresInterval) return false;
  figures_taken_ = since_;
  return true;
}

ChainProbe::BatchWork::BatchWork(ChainProbe* probe, size_t node, const arrow::RecordBatch& rows)
    : probe_(probe), node_(node) {
  if (probe_ == nullptr) return;
  outer_ = probe_->Enter(node);
  ChainNodeFigures& figures = probe_->nodes_[node].figures;
  figures.records_in += static_cast<uint64_t>(rows.num_rows());
  figures.bytes_in += RowBytes(rows);
  busy_before_ = figures.busy;
}

ChainProbe::BatchWork::~BatchWork() {
  if (probe_ == nullptr) return;
  probe_->Enter(outer_);
  Node& node = probe_->nodes_[node_];
  node.batch_seconds->Observe(absl::ToDoubleSeconds(node.figures.busy - busy_before_));
}

}  // namespace millrace
