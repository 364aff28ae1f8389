#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "base/key_bytes.h"
#include "worker/operator.h"
#include "worker/shuffle/channel.h"

namespace millrace {

// The upstream end of an exchange: rows to the subtasks that own their key groups, everything else to all of them. One
// that hands on to the subtask of the same number has one channel.
//
// A channel counts for its receiver's watermark once the receiver has seen a row or a watermark on it; before that, and
// after an idle spell, the receiver may be further than this side knows. The writer counts these activations, and the
// receiver confirms them together with its own watermark: that is what DownstreamProgress answers from.
//
// Owns:    its channels' writing ends.
// Thread:  task thread.
class ExchangeWriter final : public DownstreamProgress {
 public:
  // `keys`: how the rows of every port are keyed; none: all rows go to OwnerOfEmptyKey.
  ExchangeWriter(std::vector<std::shared_ptr<ChannelWriter>> channels, std::vector<KeyEncoder> keys, uint32_t num_key_groups);

  absl::Status Push(const DataBatch& data);
  void PushWatermark(EventTimeMicros time);
  void PushIdle();
  // Fills rows_before per channel.
  void PushBarrier(const Barrier& barrier);
  void PushEndOfInput();
  bool Writable() const;
  // Bytes that went to other processes.
  uint64_t remote_bytes() const;

  bool ChannelsCount() const override;
  EventTimeMicros ReachedWatermark() const override;

 private:
  struct Outbound {
    std::shared_ptr<ChannelWriter> channel;
    uint64_t rows = 0;
    uint64_t activations = 0;
    bool active = false;
  };
  static void Activate(Outbound& outbound);

  std::vector<Outbound> outbound_;
  const std::vector<KeyEncoder> keys_by_port_;
  const uint32_t num_key_groups_;
  EventTimeMicros sent_watermark_ = kNoWatermark;
  KeyRows keys_;
  std::vector<uint64_t> hashes_;
};

}  // namespace millrace
