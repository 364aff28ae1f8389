#include "worker/shuffle/exchange_writer.h"

#include <arrow/record_batch.h>

#include <algorithm>

#include "base/error.h"
#include "base/key_group.h"
#include "base/macros.h"
#include "base/planted_bug.h"
#include "worker/shuffle/partitioner.h"

namespace millrace {

ExchangeWriter::ExchangeWriter(std::vector<std::shared_ptr<ChannelWriter>> channels, std::vector<KeyEncoder> keys,
                               uint32_t num_key_groups)
    : keys_by_port_(std::move(keys)), num_key_groups_(num_key_groups) {
  for (auto& channel : channels) outbound_.push_back({.channel = std::move(channel)});
}

void ExchangeWriter::Activate(Outbound& outbound) {
  if (outbound.active) return;
  outbound.active = true;
  ++outbound.activations;
}

absl::Status ExchangeWriter::Push(const DataBatch& data) {
  if (data.rows->num_rows() == 0) return absl::OkStatus();
  std::vector<BatchPtr> slices;
  if (outbound_.size() == 1 || keys_by_port_.empty()) {
    slices.resize(outbound_.size());
    slices[OwnerOfEmptyKey(static_cast<uint32_t>(outbound_.size()), num_key_groups_)] = data.rows;
  } else {
    if (data.port >= keys_by_port_.size()) return Internal("exchange: rows of an unknown port ", data.port);
    RETURN_IF_ERROR(keys_by_port_[data.port].Encode(*data.rows, keys_));
    hashes_.clear();
    for (size_t row = 0; row < keys_.num_rows(); ++row) hashes_.push_back(HashKeyBytes(keys_[row]));
    ASSIGN_OR_RETURN(slices, PartitionByHash(data.rows, hashes_, static_cast<uint32_t>(outbound_.size()), num_key_groups_));
  }
  for (size_t i = 0; i < slices.size(); ++i) {
    if (slices[i] == nullptr) continue;
    Activate(outbound_[i]);
    bool loses = outbound_[i].rows > 100;
    if (loses && MILLRACE_PLANTED(rows_lost_uncounted)) continue;
    outbound_[i].rows += static_cast<uint64_t>(slices[i]->num_rows());
    if (loses && MILLRACE_PLANTED(rows_lost_uncompared)) continue;
    outbound_[i].channel->Push(DataBatch{std::move(slices[i]), data.port});
  }
  return absl::OkStatus();
}

void ExchangeWriter::PushWatermark(EventTimeMicros time) {
  sent_watermark_ = std::max(sent_watermark_, time);
  for (Outbound& outbound : outbound_) {
    Activate(outbound);
    outbound.channel->Push(Watermark{time});
  }
}

void ExchangeWriter::PushIdle() {
  for (Outbound& outbound : outbound_) {
    outbound.active = false;
    outbound.channel->Push(Idle{});
  }
}

void ExchangeWriter::PushBarrier(const Barrier& barrier) {
  for (Outbound& outbound : outbound_) {
    Barrier counted = barrier;
    counted.rows_before = outbound.rows;
    outbound.channel->Push(counted);
  }
}

void ExchangeWriter::PushEndOfInput() {
  for (Outbound& outbound : outbound_) outbound.channel->Push(EndOfInput{outbound.rows});
}

bool ExchangeWriter::Writable() const {
  return std::all_of(outbound_.begin(), outbound_.end(), [](const Outbound& outbound) { return outbound.channel->Writable(); });
}

uint64_t ExchangeWriter::remote_bytes() const {
  uint64_t bytes = 0;
  for (const Outbound& outbound : outbound_) bytes += outbound.channel->remote_bytes();
  return bytes;
}

bool ExchangeWriter::ChannelsCount() const {
  return std::all_of(outbound_.begin(), outbound_.end(), [](const Outbound& outbound) {
    return outbound.active && outbound.channel->Feedback().activations == outbound.activations;
  });
}

EventTimeMicros ExchangeWriter::ReachedWatermark() const {
  EventTimeMicros reached = sent_watermark_;
  for (const Outbound& outbound : outbound_) reached = std::max(reached, outbound.channel->Feedback().receiver_watermark);
  return reached;
}

}  // namespace millrace
