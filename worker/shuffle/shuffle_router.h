#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "base/transport.h"
#include "millrace/internal/v1/shuffle.pb.h"
#include "worker/shuffle/channel.h"
#include "worker/shuffle/frame_codec.h"
#include "worker/worker_probe.h"

namespace millrace {

// Names one channel of one deployment.
struct ChannelKey {
  std::string pipeline;
  uint64_t generation = 0;
  uint32_t exchange = 0;
  uint32_t from_index = 0;
  uint32_t to_index = 0;
  auto operator<=>(const ChannelKey&) const = default;
};

// Matches shuffle streams of other workers to the channels of subtasks here: frames in, credit out. A stream that comes
// before its deployment waits; one of an older generation is refused (Aborted).
//
// Owns:    accepted streams.
// Thread:  its executor: Attach and Detach are called there.
class ShuffleRouter {
 public:
  // `probe` and `memory` may be null.
  ShuffleRouter(Transport* transport, Executor* executor, WorkerProbe* probe = nullptr,
                std::shared_ptr<MemoryAccount> memory = nullptr);
  ~ShuffleRouter() { *alive_ = false; }

  // From now on frames of `key` go to `channel`, until its deployment is detached.
  void Attach(const ChannelKey& key, std::shared_ptr<Channel> channel, FrameDecoder decoder);
  // Any thread, while attached: what the channel's reader has consumed, for the sender.
  void SendFeedback(const ChannelKey& key, const ChannelFeedback& feedback);
  // Closes all streams of a pipeline up to `generation`, and refuses them from now on.
  void DetachUpTo(const std::string& pipeline, uint64_t generation);

 private:
  struct Inbound {
    std::unique_ptr<Stream> stream;
    bool hello_seen = false;
    ChannelKey key;
    std::vector<std::string> early;  // frames that came before the deployment
    MemoryHold early_memory;
  };
  struct Endpoint {
    std::shared_ptr<Channel> channel;
    std::unique_ptr<FrameDecoder> decoder;
    std::shared_ptr<Inbound> inbound;
    // Frames in the channel that have not been consumed, in channel bytes and wire bytes: credit speaks in wire bytes.
    uint64_t channel_bytes = 0;
    uint64_t wire_bytes = 0;
    std::vector<std::pair<uint64_t, uint64_t>> marks;  // (channel bytes, wire bytes) after each frame
  };

  StreamEvents OnStream(std::unique_ptr<Stream> stream);
  void OnMessage(const std::shared_ptr<Inbound>& inbound, std::string message);
  void OnHello(const std::shared_ptr<Inbound>& inbound, const internal::v1::ShuffleHello& hello);
  void OnFrame(const std::shared_ptr<Inbound>& inbound, const std::string& frame);

  Executor* const executor_;
  WorkerProbe* const probe_;
  const std::shared_ptr<MemoryAccount> memory_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::map<ChannelKey, Endpoint> endpoints_;
  std::map<ChannelKey, std::shared_ptr<Inbound>> waiting_;
  std::map<std::string, uint64_t> refused_up_to_;
};

}  // namespace millrace
