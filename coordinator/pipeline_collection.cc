// When old checkpoints are collected, and what may go.
#include <algorithm>

#include "base/error.h"
#include "base/planted_bug.h"
#include "coordinator/pipeline_machine.h"

namespace millrace {
namespace {

constexpr absl::Duration kFirstCollectBackoff = absl::Seconds(1);
constexpr absl::Duration kMaxCollectBackoff = absl::Minutes(1);

}  // namespace

std::optional<Epoch> PipelineMachine::FirstOpenEpoch() const {
  switch (phase_) {
    case Phase::kIdle:
      // Nothing is deployed, and whoever raises the generation again begins above the highest epoch.
      return synced() ? std::optional(Epoch(durable_.highest_epoch() + 1)) : std::nullopt;
    case Phase::kRedrive:
    case Phase::kMark:
    case Phase::kFence:
    case Phase::kJudge:
    case Phase::kSettle:
    case Phase::kPlace:
    case Phase::kDeploy:
    case Phase::kRun:
      // The generation is durable: what older ones left unfinished stays so.
      return Epoch(std::max(durable_.completed_epoch(), first_epoch_));
    default:
      return std::nullopt;
  }
}

void PipelineMachine::PumpCollection() {
  if (!collection_due_ || collecting_ || now_ < collect_at_) return;
  std::optional<Epoch> first_open = FirstOpenEpoch();
  if (!first_open) return;
  collection_due_ = false;
  collecting_ = true;
  CollectionOrder order{durable_.name(), durable_.lineage(), Generation(durable_.generation()), Term(durable_.term()), {}, *first_open};
  order.retained = {durable_.retained_manifests().begin(), durable_.retained_manifests().end()};
  if (order.retained.empty() && durable_.completed_epoch() > 0) order.retained.push_back(durable_.completed_manifest());
  if (MILLRACE_PLANTED(restored_checkpoint_collected) && durable_.completed_epoch() < first_epoch_) order.retained.clear();
  actions_.push_back(action::CollectCheckpoints{std::move(order)});
}

void PipelineMachine::On(const event::CheckpointsCollected& event) {
  collecting_ = false;
  if (event.status.ok() || absl::IsAborted(event.status)) {
    collect_backoff_ = absl::ZeroDuration();
    return;
  }
  collection_due_ = true;
  collect_backoff_ = std::clamp(collect_backoff_ * 2, kFirstCollectBackoff, kMaxCollectBackoff);
  collect_at_ = now_ + collect_backoff_;
}

}  // namespace millrace
