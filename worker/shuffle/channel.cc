#include "worker/shuffle/channel.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <utility>

#include "base/error.h"

namespace millrace {

size_t SizeOf(const StreamEvent& event) {
  constexpr size_t kEventBytes = 64;
  const auto* data = std::get_if<DataBatch>(&event);
  if (data == nullptr) return kEventBytes;
  // Slices share buffers: what they refer to is what counts.
  auto referenced = arrow::util::ReferencedBufferSize(*data->rows);
  int64_t bytes = referenced.ok() ? *referenced : arrow::util::TotalBufferSize(*data->rows);
  return kEventBytes + static_cast<size_t>(bytes);
}

// Cancelled is what no transport and no operator answers with.
absl::Status PeerEnded(std::string_view who) { return absl::CancelledError(Cat(who, " has ended, and nobody ended this one")); }
bool IsPeerEnded(const absl::Status& status) { return absl::IsCancelled(status); }

Channel::Channel(size_t limit_bytes, std::function<void()> wake_reader, std::function<void(const ChannelFeedback&)> on_feedback,
                 std::shared_ptr<MemoryAccount> memory)
    : limit_bytes_(limit_bytes),
      memory_(std::move(memory)),
      wake_reader_(std::move(wake_reader)),
      on_feedback_(std::move(on_feedback)) {}

void Channel::Push(StreamEvent event) {
  size_t bytes = SizeOf(event);
  Queued queued{std::move(event), bytes, MemoryHold(memory_, MemoryKind::kBuffers, bytes)};
  bool was_empty;
  {
    MutexLock lock(&mutex_);
    was_empty = events_.empty();
    events_.push_back(std::move(queued));
    pushed_bytes_ += bytes;
  }
  if (was_empty) wake_reader_();
}

bool Channel::Writable() const {
  MutexLock lock(&mutex_);
  return pushed_bytes_ - feedback_.consumed_bytes < limit_bytes_;
}

ChannelFeedback Channel::Feedback() const {
  MutexLock lock(&mutex_);
  return feedback_;
}

std::optional<StreamEvent> Channel::Pop() {
  // Given back without the lock.
  Queued next;
  ChannelFeedback feedback;
  {
    MutexLock lock(&mutex_);
    if (events_.empty()) return std::nullopt;
    next = std::move(events_.front());
    events_.pop_front();
    feedback_.consumed_bytes += next.bytes;
    // Reporting each event would send a credit per frame; reporting late would starve the writer.
    if (feedback_.consumed_bytes - reported_bytes_ < limit_bytes_ / 2 && !events_.empty()) return std::move(next.event);
    if (feedback_.consumed_bytes == reported_bytes_) return std::move(next.event);
    reported_bytes_ = feedback_.consumed_bytes;
    feedback = feedback_;
  }
  on_feedback_(feedback);
  return std::move(next.event);
}

void Channel::ConfirmActivation(EventTimeMicros receiver_watermark) {
  ChannelFeedback feedback;
  {
    MutexLock lock(&mutex_);
    ++feedback_.activations;
    feedback_.receiver_watermark = receiver_watermark;
    reported_bytes_ = feedback_.consumed_bytes;
    feedback = feedback_;
  }
  on_feedback_(feedback);
}

void Channel::Break(absl::Status why) {
  {
    MutexLock lock(&mutex_);
    if (broken_.ok()) broken_ = std::move(why);
  }
  wake_reader_();
}

size_t Channel::queued_bytes() const {
  MutexLock lock(&mutex_);
  return pushed_bytes_ - feedback_.consumed_bytes;
}

absl::Status Channel::broken() const {
  MutexLock lock(&mutex_);
  return events_.empty() ? broken_ : absl::OkStatus();
}

}  // namespace millrace
