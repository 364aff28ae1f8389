#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "base/memory_account.h"
#include "base/mutex.h"
#include "worker/stream_event.h"

namespace millrace {

// What the reader of a channel tells its writer.
struct ChannelFeedback {
  // Bytes read since the channel began.
  uint64_t consumed_bytes = 0;
  // How many times the reader has seen the channel come back from idleness.
  uint64_t activations = 0;
  // The reader's own watermark when it saw the last of them.
  EventTimeMicros receiver_watermark = kNoWatermark;
};

// Bytes that an event counts for, against the channel's credit. Events without rows count 64.
size_t SizeOf(const StreamEvent& event);

// The writing end of an edge between two subtasks, in this process or another.
//
// Thread:  the writing task's.
class ChannelWriter {
 public:
  virtual ~ChannelWriter() = default;
  // Never blocks. A writer that keeps to Writable exceeds the limit by one event at most.
  virtual void Push(StreamEvent event) = 0;
  // Bytes in flight are below the limit. The writer is woken when that becomes true.
  virtual bool Writable() const = 0;
  virtual ChannelFeedback Feedback() const = 0;
  // Bytes that went to another process.
  virtual uint64_t remote_bytes() const { return 0; }
};

// The other end's deployment was ended in order. So will ours be, by the same word of the coordinator: no reason to
// fail, unless that word does not come.
absl::Status PeerEnded(std::string_view who);
bool IsPeerEnded(const absl::Status& status);

// An edge's queue, on the reader's side. Bounded by bytes: that is what keeps alignment short.
//
// Thread:  one writer, one reader; locked.
class Channel final : public ChannelWriter {
 public:
  // Both run without the lock. `on_feedback` on the reader's thread, when half the limit has been read, or the
  // feedback's other parts have changed.
  // What is queued is charged to `memory`, which may be null.
  Channel(size_t limit_bytes, std::function<void()> wake_reader, std::function<void(const ChannelFeedback&)> on_feedback,
          std::shared_ptr<MemoryAccount> memory = nullptr);

  void Push(StreamEvent event) override;
  bool Writable() const override;
  ChannelFeedback Feedback() const override;

  // Reader. Nothing there: nullopt.
  std::optional<StreamEvent> Pop();
  // Reader. It has seen the channel come back from idleness.
  void ConfirmActivation(EventTimeMicros receiver_watermark);
  // Writer's side: the stream broke. Pop goes on until the queue is empty; then the reader's task fails with `why`.
  void Break(absl::Status why);
  absl::Status broken() const;
  // Any thread.
  size_t queued_bytes() const;
  size_t limit_bytes() const { return limit_bytes_; }

 private:
  struct Queued {
    StreamEvent event;
    size_t bytes = 0;
    MemoryHold memory;
  };
  const size_t limit_bytes_;
  const std::shared_ptr<MemoryAccount> memory_;
  const std::function<void()> wake_reader_;
  const std::function<void(const ChannelFeedback&)> on_feedback_;

  mutable Mutex mutex_;
  std::deque<Queued> events_ ABSL_GUARDED_BY(mutex_);
  uint64_t pushed_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  ChannelFeedback feedback_ ABSL_GUARDED_BY(mutex_);
  uint64_t reported_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status broken_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
