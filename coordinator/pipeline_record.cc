// The pipeline's record: how intentions become durable, one compare-and-set after the other.
#include <algorithm>

#include "base/error.h"
#include "coordinator/pipeline_machine.h"
#include "coordinator/record_codec.h"

namespace millrace {
namespace {

constexpr absl::Duration kFirstWriteBackoff = absl::Milliseconds(20);
constexpr absl::Duration kMaxWriteBackoff = absl::Seconds(2);

}  // namespace

void PipelineMachine::PumpWrite() {
  if (writing_) {
    if (!repeat_write_ || now_ < repeat_at_) return;
    repeat_write_ = false;
  } else {
    if (!dirty_) return;
    dirty_ = false;
    writing_ = true;
    writing_record_ = record_;
    writing_record_.set_term(term_.value());
  }
  actions_.push_back(action::WriteRecord{EncodeRecord(writing_record_)});
}

void PipelineMachine::On(const event::RecordWritten& event) {
  if (!writing_ || repeat_write_) return;
  if (event.status.ok()) {
    durable_ = writing_record_;
    writing_ = false;
    write_backoff_ = absl::ZeroDuration();
  } else if (absl::IsAborted(event.status)) {
    phase_ = Phase::kFenced;
    SetState(state_, Cat("another coordinator leads: ", event.status.message()));
    actions_.push_back(action::Fenced{});
  } else {
    repeat_write_ = true;
    write_backoff_ = std::clamp(write_backoff_ * 2, kFirstWriteBackoff, kMaxWriteBackoff);
    repeat_at_ = now_ + write_backoff_;
  }
}

}  // namespace millrace
