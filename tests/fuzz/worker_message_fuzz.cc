// Any bytes from a worker to the coordinator: its stream is closed with a reason, or they are understood; either way
// the coordinator goes on serving, and its records stay sound.
//
//   input := when u8 · frames (frames.h)
//   when  := 0 before its hello · 1 as the worker that pipeline "begun" is placed on · 2 as that one, when its subtasks
//            run and a checkpoint has been triggered
//
// A coordinator that shows no trace of an input takes the next one as well.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "tests/fuzz/frames.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/in_memory_coordinator.h"
#include "tests/fuzz/run_history.h"

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

// More than half of what libFuzzer makes is no message, and closes the stream whoever sent it. From the worker that has
// subtasks it would always cost a new coordinator, so that but few come from there.
bool IsForStranger(std::string_view frame) {
  uint8_t sum = 0;
  for (char c : frame) sum = static_cast<uint8_t>(sum * 31 + static_cast<uint8_t>(c));
  return sum % 16 != 0;
}

void SendAsStranger(InMemoryCoordinator& coordinator, std::string_view frame) {
  ControlPeer stranger(&coordinator.transport, &coordinator.time);
  stranger.Send(std::string(frame));
  coordinator.Pass(absl::Milliseconds(1));
  Require(stranger.closed.has_value() && !stranger.closed->ok() && !stranger.closed->message().empty(),
          "what is not a message closes the stream with a reason");
}

// A coordinator, and how it looks from outside before an input.
class Bench {
 public:
  Bench(std::string_view name, bool is_running) : is_running_(is_running), history_(name) {}
  InMemoryCoordinator& Begin(std::string_view input) {
    if (coordinator_ == nullptr) {
      history_.Forget();
      coordinator_ = std::make_unique<InMemoryCoordinator>();
      if (is_running_) ReportRunning(*coordinator_);
      num_writes_ = coordinator_->num_writes();
      view_ = ViewOf(*coordinator_);
    }
    history_.Add(input);
    coordinator_->worker->received.clear();
    return *coordinator_;
  }
  // Another one is made for the next input if this one has left its mark: on a record, a view, or what the worker was
  // told. What it left besides, such as a part of a checkpoint, may meet the next inputs, but not very many.
  void End() {
    coordinator_->Pass(absl::Milliseconds(1));
    const ControlPeer& worker = *coordinator_->worker;
    const bool is_told = std::any_of(worker.received.begin(), worker.received.end(), [](const std::string& bytes) {
      internal::v1::CoordinatorMessage message;
      return !message.ParseFromString(bytes) || !message.has_heartbeat_reply();
    });
    const bool is_marked = is_told || worker.closed.has_value() || coordinator_->num_writes() != num_writes_ ||
                           ViewOf(*coordinator_) != view_;
    if (is_marked || history_.num_runs() >= kMostRuns) coordinator_ = nullptr;
  }

 private:
  static constexpr size_t kMostRuns = 200;
  static std::string ViewOf(InMemoryCoordinator& coordinator) {
    std::string view;
    coordinator.control->List(v1::ListRequest(), [&](absl::StatusOr<v1::ListResponse> answer) {
      Require(answer.ok() && answer->pipelines_size() == 2, "the API answers");
      // Plans stay, and are written in another order of their options each time.
      for (v1::Pipeline& pipeline : *answer->mutable_pipelines()) pipeline.clear_plan();
      view = answer->SerializeAsString();
    });
    coordinator.Pass(absl::ZeroDuration());
    return view;
  }

  const bool is_running_;
  RunHistory history_;
  std::unique_ptr<InMemoryCoordinator> coordinator_;
  uint64_t num_writes_ = 0;
  std::string view_;
};

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
  static Bench placed("", /*is_running=*/false);
  static Bench running(".running", /*is_running=*/true);
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const uint8_t when = data[0] % 3;
  Bench& bench = when == 2 ? running : placed;
  InMemoryCoordinator& coordinator = bench.Begin(input);
  {
    std::unique_ptr<ControlPeer> stranger;
    if (when == 0) stranger = std::make_unique<ControlPeer>(&coordinator.transport, &coordinator.time);
    ControlPeer& peer = stranger != nullptr ? *stranger : *coordinator.worker;
    for (std::string_view frame : CutIntoFrames(input.substr(1), 16)) {
      WorkerMessage message;
      const bool is_message = message.ParseFromArray(frame.data(), static_cast<int>(frame.size()));
      if (!is_message && IsForStranger(frame)) {
        SendAsStranger(coordinator, frame);
        break;
      }
      peer.Send(std::string(frame));
      coordinator.Pass(absl::Milliseconds(1));
      if (!is_message) Require(peer.closed.has_value(), "what is not a message closes the stream");
      if (!peer.closed.has_value()) continue;
      Require(!peer.closed->ok() && !peer.closed->message().empty(), "with a reason");
      break;
    }
    coordinator.Pass(absl::Seconds(3));
    CheckRecords(coordinator);
    CheckServes(coordinator);
  }
  bench.End();
  return 0;
}
