#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/transport.h"

namespace millrace {

// The operations of one gRPC call that a stream needs. Each but Release is called only between Start and Release.
class StreamWire {
 public:
  virtual ~StreamWire() = default;
  // Sends `message`; StreamCore::WriteDone answers, once per call.
  virtual void Write(std::string message) = 0;
  virtual void StartReading() = 0;
  // Tears the call down now; the peer sees a broken stream.
  virtual void Cancel() = 0;
  // Lets the call end: nothing is asked of the wire after this. StreamCore::Ended follows.
  virtual void Release(const absl::Status& why) = 0;
};

// What both ends of a stream have in common: the queue of sends, one outstanding write, and who may still touch the
// call.
//
//   state      a send is     leaves it when
//   kOpen      queued        Close, or the peer ends
//   kDraining  dropped       the queue is empty (closed here without error)
//   kClosing   dropped       nobody uses the wire any more
//   kReleased  dropped       -
//
// Owns:    what is queued. The wire belongs to gRPC and is not touched after Release.
// Thread:  any. Events run on the executor, which is not touched after Detach.
// Blocks:  never.
class StreamCore : public std::enable_shared_from_this<StreamCore> {
 public:
  StreamCore(Executor* executor, StreamWire* wire, std::string peer) : executor_(executor), wire_(wire), peer_(std::move(peer)) {}

  // From the handle.
  void Send(std::string message);
  void Close(absl::Status why);
  // Closes, and no callback begins after it.
  void Detach();

  // From the transport.
  const std::string& peer() const { return peer_; }
  // Sets where events go; on the executor, or before anything can happen.
  void Bind(StreamEvents events);
  // Runs `closure` on the executor unless the stream is detached.
  void Post(absl::AnyInvocable<void()> closure);
  void StartReading();
  void Cancel();

  // From the wire.
  void WriteDone(bool ok);
  void MessageArrived(std::string message);
  // The peer will send nothing more; the call ends as soon as nobody uses it.
  void PeerEnded();
  // The call is over: the last word of the wire. OK: the peer closed without error.
  void Ended(const absl::Status& why);

 private:
  enum class State { kOpen, kDraining, kClosing, kReleased };
  // What to do next, without the lock.
  struct Action {
    std::optional<std::string> write;
    bool release = false;
  };
  Action NextAction() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Perform(Action action);
  // Keeps the wire alive until Unpin; false if it is released already.
  bool Pin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Unpin();
  void PostLocked(absl::AnyInvocable<void()> closure) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void DeliverClosed(absl::Status why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool detached();

  Executor* const executor_;
  StreamWire* const wire_;
  const std::string peer_;
  // Owned by the executor; shared by the closures posted there, so that it dies there or with the handle.
  std::shared_ptr<StreamEvents> events_ = std::make_shared<StreamEvents>();

  Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kOpen;
  std::deque<std::string> queue_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  int pins_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_delivered_ ABSL_GUARDED_BY(mutex_) = false;
  bool detached_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status why_ ABSL_GUARDED_BY(mutex_);
};

// The caller's end. Destruction detaches.
class GrpcStream final : public Stream {
 public:
  explicit GrpcStream(std::shared_ptr<StreamCore> core) : core_(std::move(core)) {}
  ~GrpcStream() override { core_->Detach(); }
  void Send(std::string message) override { core_->Send(std::move(message)); }
  void Close(absl::Status why) override { core_->Close(std::move(why)); }

 private:
  const std::shared_ptr<StreamCore> core_;
};

}  // namespace millrace
