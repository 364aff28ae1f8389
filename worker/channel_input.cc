#include "worker/channel_input.h"

#include <arrow/record_batch.h>

#include "base/error.h"
#include "base/macros.h"
#include "base/planted_bug.h"

namespace millrace {

absl::Status ChannelInput::Count(size_t index, const StreamEvent& event) {
  Inbound& inbound = channels_[index];
  uint64_t said = inbound.rows;
  if (const auto* data = std::get_if<DataBatch>(&event)) {
    inbound.rows += static_cast<uint64_t>(data->rows->num_rows());
    return absl::OkStatus();
  }
  if (const auto* barrier = std::get_if<Barrier>(&event)) said = barrier->rows_before;
  if (const auto* end = std::get_if<EndOfInput>(&event)) {
    said = end->rows_before;
    inbound.ended = true;
  }
  if (said != inbound.rows && !MILLRACE_PLANTED(rows_lost_uncompared)) {
    // Not permanent: the checkpoint before is whole, and a restart from it is what repairs this.
    return Internal("channel ", index, ": its sender counted ", said, " rows before this point, ", inbound.rows, " arrived");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<ChannelInput::Event>> ChannelInput::Poll() {
  for (size_t i = 0; i < channels_.size(); ++i) {
    size_t index = (next_ + i) % channels_.size();
    Inbound& inbound = channels_[index];
    if (inbound.blocked || inbound.ended) continue;
    std::optional<StreamEvent> event = inbound.channel->Pop();
    if (!event.has_value()) {
      RETURN_IF_ERROR(inbound.channel->broken());
      continue;
    }
    next_ = index + 1;
    RETURN_IF_ERROR(Count(index, *event));
    return Event{index, *std::move(event)};
  }
  return std::optional<Event>();
}

void ChannelInput::UnblockAll() {
  for (Inbound& inbound : channels_) inbound.blocked = false;
}

}  // namespace millrace
