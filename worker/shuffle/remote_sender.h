#pragma once

#include <memory>
#include <string>

#include "base/memory_account.h"
#include "base/mutex.h"
#include "base/transport.h"
#include "millrace/internal/v1/shuffle.pb.h"
#include "worker/shuffle/channel.h"
#include "worker/worker_probe.h"

namespace millrace {

// A channel to a subtask in another process, our side: frames out, credit in.
//
// Owns:    its stream. Thread: the writing task's; stream events on the same executor.
// Fails:   a broken stream is told once to `on_broken`; then Push drops, for the task is ending.
class RemoteSender final : public ChannelWriter {
 public:
  struct Options {
    std::string address;
    internal::v1::ShuffleHello hello;
    size_t limit_bytes = 0;
    std::function<void()> wake_writer;
    // PeerEnded if the receiver's deployment was ended.
    std::function<void(absl::Status)> on_broken;
    WorkerProbe* probe = nullptr;  // may be null
    // Charged for frames until the receiver has read them: they lie here, on the way, or there. May be null.
    std::shared_ptr<MemoryAccount> memory = nullptr;
  };
  RemoteSender(Transport* transport, Executor* executor, Options options);

  void Push(StreamEvent event) override;
  bool Writable() const override;
  ChannelFeedback Feedback() const override { return feedback_; }
  uint64_t remote_bytes() const override { return pushed_bytes_; }

 private:
  const Options options_;
  std::unique_ptr<Stream> stream_;
  uint64_t pushed_bytes_ = 0;
  ChannelFeedback feedback_;
  MemoryHold unread_;
};

}  // namespace millrace
