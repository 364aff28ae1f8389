// The simulated user of a Cluster, and the network between the two.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "tests/sim/sim_cluster_nodes.h"

namespace millrace::sim {
namespace {

absl::Duration Millis(uint64_t n) { return absl::Milliseconds(static_cast<int64_t>(n)); }

}  // namespace

void Cluster::Ask(std::function<void(Coordinator&)> request) {
  auto arrive = [this, request] {
    if (CoordinatorNode* leader = Leader()) request(*leader->coordinator);
  };
  Fault* late = faults_.Take(FaultKind::kRequestLate, "user");
  Fault* twice = faults_.Take(FaultKind::kRequestTwice, "user");
  if (late == nullptr) {
    arrive();
  } else {
    late->until = late->at + Millis(10 + late->random.Below(400));
    world_.After(late->until - late->at, nullptr, arrive);
  }
  if (twice == nullptr) return;
  twice->until = twice->at + Millis(1 + twice->random.Below(400));
  world_.After(twice->until - twice->at, nullptr, arrive);
  starts_again_ = true;  // what a stop that comes late stops
}

// Answers are not looked at: what does not come about is asked for again.
void Cluster::ActAsUser() {
  absl::Duration now = world_.now();
  if (now < ask_again_at_ || view_.name().empty() || Leader() == nullptr) return;
  const std::string name = view_.name();
  bool at_rest = view_.state() == v1::PIPELINE_STATE_STOPPED || view_.state() == v1::PIPELINE_STATE_CANCELLED;
  // A start that came a second time may have been refused while the first was under way, and then lost.
  bool unstarted = view_.state() == v1::PIPELINE_STATE_CREATED;
  if ((at_rest && starts_again_) || unstarted) {
    // Also long after the wish: it may have been stored late.
    const uint64_t slots = static_cast<uint64_t>(options_.num_workers) * options_.slots_per_worker;
    uint32_t parallelism = 1 + static_cast<uint32_t>(faults_.RandomFor("start", ++num_starts_).Below(std::min<uint64_t>(4, slots)));
    Ask([name, parallelism](Coordinator& coordinator) { coordinator.Start(name, parallelism, [](auto) {}); });
    ask_again_at_ = now + absl::Milliseconds(100);
  } else if (rescale_ != nullptr && view_.state() == v1::PIPELINE_STATE_RUNNING) {
    // Best while a commit is pending, if there is such a moment soon.
    if (now < rescale_by_ && !windows_.IsCommitPending()) return;
    bool cancels = std::exchange(rescale_, nullptr)->kind == FaultKind::kCancel;
    starts_again_ = true;
    ask_again_at_ = now + absl::Milliseconds(50);
    Ask([name, cancels](Coordinator& coordinator) {
      if (cancels) {
        coordinator.Cancel(name, [](auto) {});
      } else {
        coordinator.Stop(name, false, [](auto) {});
      }
    });
  }
}

void Cluster::PollView() {
  if (watched_.empty() || world_.now() < next_poll_) return;
  CoordinatorNode* leader = Leader();
  if (leader == nullptr) return;
  // At once if this is answered.
  next_poll_ = world_.now() + absl::Milliseconds(200);
  polled_ = leader->process->number;
  leader->coordinator->Get(watched_, [this, asked = leader->process->number](absl::StatusOr<v1::Pipeline> view) {
    if (polled_ != asked) return;  // it leads no more
    polled_.reset();
    next_poll_ = world_.now() + absl::Milliseconds(20);
    if (view.ok()) view_ = *std::move(view);
  });
}

void Cluster::Submit(const v1::Plan& plan) {
  Check(TrySubmit(plan, absl::Minutes(2)), "the pipeline was not started within two minutes");
}

bool Cluster::TrySubmit(const v1::Plan& plan, absl::Duration limit) {
  // Shared with answers, which may come after this has returned.
  auto started = std::make_shared<bool>(false);
  std::optional<size_t> asked;
  absl::Duration again;
  RunUntil(
      [&] {
        CoordinatorNode* leader = Leader();
        if (*started || leader == nullptr) return *started;
        if (asked == leader->process->number && world_.now() < again) return false;
        asked = leader->process->number;
        again = world_.now() + absl::Milliseconds(500);
        Ask([started, plan](Coordinator& coordinator) {
          coordinator.Create(plan, "request-1", [started, &coordinator, name = plan.name()](absl::StatusOr<v1::Pipeline> created) {
            if (!created.ok()) return;
            coordinator.Start(name, 0, [started](absl::StatusOr<v1::Pipeline> start) {
              // A start that was stored without an answer is refused the second time: it has started.
              *started = *started || start.ok() || start.status().code() == absl::StatusCode::kFailedPrecondition;
            });
          });
        });
        return false;
      },
      limit);
  return *started;
}

absl::StatusOr<v1::Pipeline> Cluster::Call(const Request& request) {
  auto answer = std::make_shared<std::optional<absl::StatusOr<v1::Pipeline>>>();
  std::optional<size_t> asked;
  absl::Duration again;
  RunUntil(
      [&] {
        if (answer->has_value() && absl::IsUnavailable((*answer)->status())) answer->reset();
        CoordinatorNode* leader = Leader();
        if (leader == nullptr || answer->has_value()) return answer->has_value();
        if (asked == leader->process->number && world_.now() < again) return false;
        asked = leader->process->number;
        again = world_.now() + absl::Milliseconds(500);
        Ask([request, answer](Coordinator& coordinator) {
          request(coordinator, [answer](absl::StatusOr<v1::Pipeline> result) { *answer = std::move(result); });
        });
        return false;
      },
      absl::Minutes(2));
  if (!answer->has_value()) return absl::DeadlineExceededError("no answer within two minutes");
  return **answer;
}

bool Cluster::RunUntilState(const std::string& name, v1::PipelineState state, absl::Duration limit) {
  watched_ = name;
  return RunUntil([&] { return view_.state() == state; }, limit);
}

}  // namespace millrace::sim
