#include "worker/shuffle/shuffle_router.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/planted_bug.h"

namespace millrace {

ShuffleRouter::ShuffleRouter(Transport* transport, Executor* executor, WorkerProbe* probe, std::shared_ptr<MemoryAccount> memory)
    : executor_(executor), probe_(probe), memory_(std::move(memory)) {
  transport->Serve(kShuffleMethod, executor, [this](std::unique_ptr<Stream> stream) { return OnStream(std::move(stream)); });
}

StreamEvents ShuffleRouter::OnStream(std::unique_ptr<Stream> stream) {
  auto inbound = std::make_shared<Inbound>();
  inbound->stream = std::move(stream);
  inbound->early_memory = MemoryHold(memory_, MemoryKind::kBuffers);
  StreamEvents events;
  events.on_message = [this, alive = alive_, inbound](std::string message) {
    if (*alive) OnMessage(inbound, std::move(message));
  };
  events.on_closed = [this, alive = alive_, inbound](absl::Status why) {
    if (!*alive) return;
    // A process that dies breaks its streams; only a sender that was told to end closes one.
    if (why.ok()) why = PeerEnded("the sender");
    auto waiting = waiting_.find(inbound->key);
    if (waiting != waiting_.end() && waiting->second == inbound) waiting_.erase(waiting);
    auto found = endpoints_.find(inbound->key);
    if (found != endpoints_.end() && found->second.inbound == inbound) {
      found->second.channel->Break(Annotate(why, "shuffle from subtask ", inbound->key.from_index));
      found->second.inbound = nullptr;
    }
    // Breaks the cycle between the stream and its events.
    executor_->Post([inbound] { inbound->stream = nullptr; });
  };
  return events;
}

void ShuffleRouter::OnMessage(const std::shared_ptr<Inbound>& inbound, std::string message) {
  if (inbound->hello_seen) {
    OnFrame(inbound, message);
    return;
  }
  internal::v1::ShuffleFrame frame;
  if (!frame.ParseFromString(message) || !frame.has_hello()) {
    inbound->stream->Close(InvalidArgument("shuffle: the first message is not a hello"));
    return;
  }
  inbound->hello_seen = true;
  absl::Status accepted = failpoint::Around("shuffle.accept", [&] {
    OnHello(inbound, frame.hello());
    return absl::OkStatus();
  });
  if (!accepted.ok()) inbound->stream->Close(accepted);
}

void ShuffleRouter::OnHello(const std::shared_ptr<Inbound>& inbound, const internal::v1::ShuffleHello& hello) {
  inbound->key = {hello.pipeline(), hello.generation(), hello.exchange(), hello.from_index(), hello.to_index()};
  if (hello.frame_version() != kFrameVersion) {
    inbound->stream->Close(
        InvalidArgument("shuffle: frame version ", hello.frame_version(), " is not ", kFrameVersion, "; run one release everywhere"));
    return;
  }
  auto refused = refused_up_to_.find(hello.pipeline());
  if (refused != refused_up_to_.end() && hello.generation() <= refused->second) {
    inbound->stream->Close(Aborted("shuffle: deployment ", hello.generation(), " of ", hello.pipeline(), " has ended here"));
    return;
  }
  auto found = endpoints_.find(inbound->key);
  if (found == endpoints_.end()) {
    waiting_[inbound->key] = inbound;
  } else {
    found->second.inbound = inbound;
  }
}

void ShuffleRouter::OnFrame(const std::shared_ptr<Inbound>& inbound, const std::string& frame) {
  auto found = endpoints_.find(inbound->key);
  if (found == endpoints_.end()) {
    if (MILLRACE_PLANTED(early_frames_dropped)) return;
    inbound->early.push_back(frame);
    inbound->early_memory.Add(frame.size());
    return;
  }
  Endpoint& endpoint = found->second;
  if (endpoint.inbound != inbound) return;
  auto event = endpoint.decoder->Decode(frame);
  if (!event.ok()) {
    endpoint.channel->Break(event.status());
    return;
  }
  if (probe_ != nullptr) probe_->FrameReceived(frame.size());
  endpoint.channel_bytes += SizeOf(*event);
  endpoint.wire_bytes += frame.size();
  endpoint.marks.emplace_back(endpoint.channel_bytes, endpoint.wire_bytes);
  endpoint.channel->Push(*std::move(event));
}

void ShuffleRouter::Attach(const ChannelKey& key, std::shared_ptr<Channel> channel, FrameDecoder decoder) {
  Endpoint& endpoint = endpoints_[key];
  endpoint.channel = std::move(channel);
  endpoint.decoder = std::make_unique<FrameDecoder>(std::move(decoder));
  auto found = waiting_.find(key);
  if (found == waiting_.end()) return;
  auto inbound = std::move(found->second);
  waiting_.erase(found);
  endpoint.inbound = inbound;
  for (const std::string& frame : std::exchange(inbound->early, {})) OnFrame(inbound, frame);
  inbound->early_memory.Resize(0);
}

void ShuffleRouter::SendFeedback(const ChannelKey& key, const ChannelFeedback& feedback) {
  executor_->Post([this, alive = alive_, key, feedback] {
    if (!*alive) return;
    auto found = endpoints_.find(key);
    if (found == endpoints_.end() || found->second.inbound == nullptr) return;
    auto& marks = found->second.marks;
    auto end = std::upper_bound(marks.begin(), marks.end(), std::pair(feedback.consumed_bytes, UINT64_MAX));
    internal::v1::ShuffleCredit credit;
    if (end != marks.begin()) {
      credit.set_consumed_bytes(std::prev(end)->second);
      marks.erase(marks.begin(), std::prev(end));  // the last one stays: a later feedback may have consumed nothing more
    }
    credit.set_activations(feedback.activations);
    if (feedback.receiver_watermark != kNoWatermark) credit.set_receiver_watermark_micros(feedback.receiver_watermark);
    found->second.inbound->stream->Send(credit.SerializeAsString());
  });
}

void ShuffleRouter::DetachUpTo(const std::string& pipeline, uint64_t generation) {
  uint64_t& refused = refused_up_to_[pipeline];
  refused = std::max(refused, generation);
  auto gone = [&](const ChannelKey& key) { return key.pipeline == pipeline && key.generation <= generation; };
  std::vector<std::shared_ptr<Inbound>> closing;
  for (auto at = endpoints_.begin(); at != endpoints_.end();) {
    if (!gone(at->first)) {
      ++at;
      continue;
    }
    if (at->second.inbound != nullptr) closing.push_back(at->second.inbound);
    at = endpoints_.erase(at);
  }
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (!gone(at->first)) {
      ++at;
      continue;
    }
    closing.push_back(at->second);
    at = waiting_.erase(at);
  }
  failpoint::Around("shuffle.close", [&] {
    for (auto& inbound : closing) {
      if (inbound->stream != nullptr) inbound->stream->Close(Aborted("shuffle: deployment ", generation, " has ended here"));
    }
  });
}

}  // namespace millrace
