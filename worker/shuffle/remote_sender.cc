#include "worker/shuffle/remote_sender.h"

#include <algorithm>

#include "base/error.h"
#include "base/failpoint.h"
#include "worker/shuffle/frame_codec.h"

namespace millrace {

RemoteSender::RemoteSender(Transport* transport, Executor* executor, Options options) : options_(std::move(options)), unread_(options_.memory, MemoryKind::kBuffers) {
  StreamEvents events;
  events.on_message = [this](std::string message) {
    internal::v1::ShuffleCredit credit;
    if (!credit.ParseFromString(message)) {
      options_.on_broken(DataLoss("shuffle to ", options_.address, ": an answer is not a credit"));
      return;
    }
    feedback_.consumed_bytes = credit.consumed_bytes();
    unread_.Resize(pushed_bytes_ - std::min(pushed_bytes_, feedback_.consumed_bytes));
    feedback_.activations = credit.activations();
    feedback_.receiver_watermark = credit.has_receiver_watermark_micros() ? credit.receiver_watermark_micros() : kNoWatermark;
    options_.wake_writer();
  };
  events.on_closed = [this](absl::Status why) {
    if (absl::IsAborted(why)) {
      options_.on_broken(PeerEnded(Cat("the deployment at ", options_.address)));
      return;
    }
    if (why.ok()) why = Unavailable("the receiver closed it");
    options_.on_broken(Annotate(why, "shuffle to ", options_.address));
  };
  stream_ = transport->Connect(options_.address, kShuffleMethod, executor, std::move(events));
  internal::v1::ShuffleFrame frame;
  *frame.mutable_hello() = options_.hello;
  absl::Status said = failpoint::Around("shuffle.hello", [&] {
    stream_->Send(frame.SerializeAsString());
    return absl::OkStatus();
  });
  if (!said.ok()) stream_->Close(said);
}

void RemoteSender::Push(StreamEvent event) {
  auto frame = EncodeFrame(event);
  if (!frame.ok()) {
    options_.on_broken(frame.status());
    return;
  }
  // Credit comes back in these bytes: the receiver remembers which frame stands for which part of its queue.
  pushed_bytes_ += frame->size();
  unread_.Add(frame->size());
  if (options_.probe != nullptr) options_.probe->FrameSent(frame->size());
  stream_->Send(*std::move(frame));
}

bool RemoteSender::Writable() const { return pushed_bytes_ < feedback_.consumed_bytes + options_.limit_bytes; }

}  // namespace millrace
