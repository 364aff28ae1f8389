#include "server/stream_core.h"

#include <utility>

namespace millrace {

void StreamCore::Send(std::string message) {
  Action action;
  {
    MutexLock lock(&mutex_);
    if (state_ != State::kOpen) return;
    queue_.push_back(std::move(message));
    action = NextAction();
  }
  Perform(std::move(action));
}

void StreamCore::Close(absl::Status why) {
  Action action;
  bool cancel = false;
  {
    MutexLock lock(&mutex_);
    DeliverClosed(why);
    if (state_ != State::kOpen) return;
    why_ = why;
    state_ = State::kDraining;
    if (!why.ok()) {
      queue_.clear();
      // A write may wait for a peer that takes nothing; only cancelling ends it.
      cancel = writing_ && Pin();
    }
    action = NextAction();
  }
  Perform(std::move(action));
  if (cancel) {
    wire_->Cancel();
    Unpin();
  }
}

void StreamCore::Detach() {
  std::shared_ptr<StreamEvents> events;  // dies after the lock
  {
    MutexLock lock(&mutex_);
    detached_ = true;
    events = std::exchange(events_, nullptr);
  }
  Close(absl::OkStatus());
}

void StreamCore::Bind(StreamEvents events) {
  MutexLock lock(&mutex_);
  if (events_ != nullptr) *events_ = std::move(events);
}

void StreamCore::Post(absl::AnyInvocable<void()> closure) {
  MutexLock lock(&mutex_);
  PostLocked(std::move(closure));
}

void StreamCore::StartReading() {
  {
    MutexLock lock(&mutex_);
    // A draining stream reads too: it must see the peer's end.
    if (state_ == State::kClosing || !Pin()) return;
  }
  wire_->StartReading();
  Unpin();
}

void StreamCore::Cancel() {
  {
    MutexLock lock(&mutex_);
    if (!Pin()) return;
  }
  wire_->Cancel();
  Unpin();
}

void StreamCore::WriteDone(bool ok) {
  Action action;
  {
    MutexLock lock(&mutex_);
    writing_ = false;
    --pins_;
    if (!ok && (state_ == State::kOpen || state_ == State::kDraining)) {
      queue_.clear();
      state_ = State::kClosing;
    }
    action = NextAction();
  }
  Perform(std::move(action));
}

void StreamCore::MessageArrived(std::string message) {
  MutexLock lock(&mutex_);
  if (closed_delivered_ || detached_) return;
  PostLocked([self = shared_from_this(), events = events_, message = std::move(message)]() mutable {
    if (!self->detached() && events->on_message) events->on_message(std::move(message));
  });
}

void StreamCore::PeerEnded() {
  Action action;
  {
    MutexLock lock(&mutex_);
    if (state_ == State::kOpen || state_ == State::kDraining) {
      queue_.clear();
      state_ = State::kClosing;
    }
    action = NextAction();
  }
  Perform(std::move(action));
}

void StreamCore::Ended(const absl::Status& why) {
  MutexLock lock(&mutex_);
  DeliverClosed(why);
}

StreamCore::Action StreamCore::NextAction() {
  Action action;
  if ((state_ == State::kOpen || state_ == State::kDraining) && !writing_) {
    if (!queue_.empty()) {
      writing_ = true;
      pins_ += 2;  // one until WriteDone, one until Write has returned
      action.write = std::move(queue_.front());
      queue_.pop_front();
      return action;
    }
  }
  if (state_ == State::kDraining && queue_.empty() && !writing_) state_ = State::kClosing;
  if (state_ == State::kDraining && !why_.ok()) state_ = State::kClosing;
  if (state_ == State::kClosing && pins_ == 0) {
    state_ = State::kReleased;
    action.release = true;
  }
  return action;
}

void StreamCore::Perform(Action action) {
  if (action.write.has_value()) {
    wire_->Write(*std::move(action.write));
    Unpin();
  }
  if (!action.release) return;
  absl::Status why;
  {
    MutexLock lock(&mutex_);
    why = why_;
  }
  wire_->Release(why);
}

bool StreamCore::Pin() {
  if (state_ == State::kReleased) return false;
  ++pins_;
  return true;
}

void StreamCore::Unpin() {
  Action action;
  {
    MutexLock lock(&mutex_);
    --pins_;
    action = NextAction();
  }
  Perform(std::move(action));
}

// Under the lock, so that the order of events is the order of arrival and Detach shuts the executor off for good.
void StreamCore::PostLocked(absl::AnyInvocable<void()> closure) {
  if (!detached_) executor_->Post(std::move(closure));
}

void StreamCore::DeliverClosed(absl::Status why) {
  if (closed_delivered_ || detached_) return;
  closed_delivered_ = true;
  PostLocked([self = shared_from_this(), events = events_, why = std::move(why)]() mutable {
    if (!self->detached() && events->on_closed) events->on_closed(std::move(why));
  });
}

bool StreamCore::detached() {
  MutexLock lock(&mutex_);
  return detached_;
}

}  // namespace millrace
