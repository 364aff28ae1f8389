#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/shuffle/channel.h"

namespace millrace {

// All channels into one subtask, as one input. Order is kept per channel; channels take turns. A blocked channel keeps
// its events, so that its writer runs out of credit. Rows are counted and compared with what barriers and ends say was
// sent.
//
// Thread:  task thread. Blocks: never.
class ChannelInput {
 public:
  explicit ChannelInput(std::vector<std::shared_ptr<Channel>> channels) : channels_(channels.size()) {
    for (size_t i = 0; i < channels.size(); ++i) channels_[i].channel = std::move(channels[i]);
  }
  struct Event {
    size_t channel = 0;
    StreamEvent event;
  };
  // Nothing now: nullopt. DataLoss: a count differs. Unavailable: a channel broke and is read out.
  absl::StatusOr<std::optional<Event>> Poll();
  void Block(size_t channel) { channels_[channel].blocked = true; }
  void UnblockAll();
  void ConfirmActivation(size_t channel, EventTimeMicros watermark) { channels_[channel].channel->ConfirmActivation(watermark); }
  size_t size() const { return channels_.size(); }

 private:
  struct Inbound {
    std::shared_ptr<Channel> channel;
    bool blocked = false;
    bool ended = false;
    uint64_t rows = 0;
  };
  absl::Status Count(size_t index, const StreamEvent& event);

  std::vector<Inbound> channels_;
  size_t next_ = 0;
};

}  // namespace millrace
