// Any bytes from a worker to the coordinator: its stream is closed with a reason, or they are understood; either way
// the coordinator goes on serving, and its records stay sound.
//
//   input := when u8 · frames (frames.h)
//   when  := 0 before its hello · 1 as the worker that pipeline "begun" is placed on · 2 as that one, when its subtasks
//            run and a checkpoint has been triggered
#include <memory>
#include <string>
#include <string_view>

#include "tests/fuzz/frames.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/in_memory_coordinator.h"

namespace millrace {
namespace {

using internal::v1::WorkerMessage;

void ReportRunning(InMemoryCoordinator& coordinator) {
  for (uint32_t stage : {0u, 1u}) {
    WorkerMessage message;
    auto* status = message.mutable_subtask_status();
    status->mutable_subtask()->set_pipeline("begun");
    status->mutable_subtask()->set_generation(1);
    status->mutable_subtask()->set_stage(stage);
    status->set_phase(internal::v1::SUBTASK_PHASE_RUNNING);
    coordinator.worker->Send(message.SerializeAsString());
  }
  coordinator.Pass(absl::Seconds(3));
  internal::v1::CoordinatorMessage last;
  Require(last.ParseFromString(coordinator.worker->received.back()) && last.trigger_checkpoint().epoch() == 1,
          "a pipeline that runs takes a checkpoint");
}

void CheckRecords(InMemoryCoordinator& coordinator) {
  for (const char* name : {"made", "begun"}) {
    auto record = coordinator.RecordOf(name);
    Require(record.ok(), "a stored pipeline stays");
    Require(
        record->committed_epoch() <= record->completed_epoch() && record->completed_epoch() <= record->highest_epoch(),
        "committed ≤ completed ≤ issued");
  }
}

// Somebody else asks, and somebody else joins.
void CheckServes(InMemoryCoordinator& coordinator) {
  bool answered = false;
  v1::ListRequest request;
  coordinator.control->List(request, [&](absl::StatusOr<v1::ListResponse> answer) {
    answered = answer.ok() && answer->pipelines_size() == 2;
  });
  ControlPeer other(&coordinator.transport, &coordinator.time);
  WorkerMessage message;
  message.mutable_hello()->set_worker_id("another");
  message.mutable_hello()->set_shuffle_address("another:1");
  message.mutable_hello()->set_num_slots(1);
  other.Send(message.SerializeAsString());
  coordinator.Pass(absl::Milliseconds(1));
  Require(answered, "the API still answers");
  Require(!other.received.empty() && !other.closed.has_value(), "another worker is welcome");
}

}  // namespace
}  // namespace millrace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  if (size == 0) return 0;
  const auto frames = CutIntoFrames({reinterpret_cast<const char*>(data) + 1, size - 1}, 16);
  InMemoryCoordinator coordinator;
  const uint8_t when = data[0] % 3;
  if (when == 2) ReportRunning(coordinator);
  std::unique_ptr<ControlPeer> stranger;
  if (when == 0) stranger = std::make_unique<ControlPeer>(&coordinator.transport, &coordinator.time);
  ControlPeer& peer = stranger != nullptr ? *stranger : *coordinator.worker;
  for (std::string_view frame : frames) {
    peer.Send(std::string(frame));
    coordinator.Pass(absl::Milliseconds(1));
    WorkerMessage message;
    if (!message.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) {
      Require(peer.closed.has_value(), "what is not a message closes the stream");
    }
    if (!peer.closed.has_value()) continue;
    Require(!peer.closed->ok() && !peer.closed->message().empty(), "with a reason");
    break;
  }
  coordinator.Pass(absl::Seconds(3));
  CheckRecords(coordinator);
  CheckServes(coordinator);
  return 0;
}
