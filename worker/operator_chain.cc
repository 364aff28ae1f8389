#include "worker/operator_chain.h"

#include <arrow/record_batch.h>

#include <algorithm>

#include "base/check.h"
#include "base/error.h"
#include "base/macros.h"

namespace millrace {

// Hands an operator's rows on at once and remembers the first failure, which Output cannot return.
class OperatorChain::NodeOutput final : public Output {
 public:
  // `origins`: of the batch that the operator processes; null: there is none, or they are not known.
  NodeOutput(OperatorChain* chain, size_t node, const RowOrigins* origins = nullptr)
      : chain_(chain), node_(node), origins_(origins) {}
  void Emit(uint32_t output, BatchPtr rows) override { HandOn(output, rows, nullptr); }
  void EmitFrom(uint32_t output, BatchPtr rows, const std::vector<uint32_t>* taken) override {
    if (origins_ == nullptr || taken == nullptr) return HandOn(output, rows, origins_);
    const RowOrigins origins(*origins_, *taken);
    HandOn(output, rows, &origins);
  }
  std::vector<RecordPlace> PlacesOf(const std::vector<uint32_t>& rows) const override {
    return origins_ == nullptr ? std::vector<RecordPlace>() : origins_->PlacesOf(rows);
  }
  const absl::Status& status() const { return status_; }

 private:
  void HandOn(uint32_t output, const BatchPtr& rows, const RowOrigins* origins) {
    if (!status_.ok() || rows == nullptr || rows->num_rows() == 0) return;
    const auto& plan = *chain_->nodes_[node_].parts.plan;
    // A combiner's outputs are the two ports of one exchange.
    bool combiner = plan.has_local_combine() || plan.has_local_group();
    if (output == 1 && !combiner) {
      (plan.has_window_aggregate() ? chain_->rows_late_ : chain_->rows_set_aside_) += static_cast<uint64_t>(rows->num_rows());
    }
    status_ = chain_->Emit(node_, combiner ? 0 : output, combiner ? output : 0, rows, origins);
  }

  OperatorChain* const chain_;
  const size_t node_;
  const RowOrigins* const origins_;
  absl::Status status_;
};

absl::StatusOr<std::unique_ptr<OperatorChain>> OperatorChain::Make(
    std::vector<Node> nodes, std::map<std::pair<std::string, uint32_t>, std::vector<ExchangeWriter*>> exchanges_out,
    const std::map<uint32_t, size_t>& channels_in) {
  std::unique_ptr<OperatorChain> chain(new OperatorChain());
  chain->nodes_.resize(nodes.size());
  std::map<std::string, size_t> index_of;
  for (size_t i = 0; i < nodes.size(); ++i) {
    ChainNodeState& state = chain->nodes_[i];
    state.parts = std::move(nodes[i]);
    if (state.parts.sink != nullptr) chain->sinks_.push_back(i);
    const auto& plan = *state.parts.plan;
    index_of[plan.uid()] = i;
    size_t slots = 0;
    for (int input = 0; input < plan.inputs_size(); ++input) {
      const auto& from = plan.inputs(input);
      if (from.has_exchange()) {
        auto channels = channels_in.find(from.exchange());
        if (channels == channels_in.end()) return Internal("chain: ", plan.uid(), " reads an unknown exchange ", from.exchange());
        state.exchange_slots[from.exchange()] = slots;
        slots += channels->second;
        continue;
      }
      auto upstream = index_of.find(from.from_uid());
      if (upstream == index_of.end()) return Internal("chain: ", plan.uid(), " stands in front of its input ", from.from_uid());
      auto& targets = chain->nodes_[upstream->second].targets;
      if (targets.size() <= from.output()) targets.resize(from.output() + 1);
      targets[from.output()].push_back({i, static_cast<uint32_t>(input), slots++});
    }
    state.tracker = std::make_unique<WatermarkTracker>(slots, state.parts.restored_watermark);
  }
  for (auto& [from, writers] : exchanges_out) {
    auto found = index_of.find(from.first);
    if (found == index_of.end()) return Internal("chain: an exchange leaves from an unknown node ", from.first);
    auto& exchanges = chain->nodes_[found->second].exchanges;
    if (exchanges.size() <= from.second) exchanges.resize(from.second + 1);
    exchanges[from.second] = writers;
  }
  return chain;
}

size_t OperatorChain::IndexOf(const std::string& uid) const {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].parts.plan->uid() == uid) return i;
  }
  Check(false, "the node is in the chain");
  return 0;
}

size_t OperatorChain::SlotOf(size_t node, uint32_t exchange) const { return nodes_[node].exchange_slots.at(exchange); }

absl::Status OperatorChain::Emit(size_t node, uint32_t output, uint32_t port, const BatchPtr& rows, const RowOrigins* origins) {
  ChainNodeState& state = nodes_[node];
  if (probe_ != nullptr) probe_->Emitted(node, output, *rows);
  if (output < state.targets.size()) {
    for (const Target& target : state.targets[output]) {
      RETURN_IF_ERROR(ProcessBatch(target.node, target.input, 0, rows, origins));
      if (nodes_[target.node].tracker->OnActive(target.slot)) RETURN_IF_ERROR(TimeChanged(target.node));
    }
  }
  if (output < state.exchanges.size()) {
    for (ExchangeWriter* exchange : state.exchanges[output]) RETURN_IF_ERROR(exchange->Push(DataBatch{rows, port}));
  }
  return absl::OkStatus();
}

absl::Status OperatorChain::ProcessBatch(size_t node, uint32_t input, uint32_t port, const BatchPtr& rows, const RowOrigins* origins) {
  ChainNodeState& state = nodes_[node];
  ChainProbe::BatchWork work(probe_, node, *rows);
  if (state.parts.sink != nullptr) return Annotate(state.parts.sink->Write(*rows), "sink ", state.parts.plan->uid());
  NodeOutput out(this, node, origins);
  RETURN_IF_ERROR(Annotate(state.parts.op->ProcessBatch(input, port, rows, out), "operator ", state.parts.plan->uid()));
  RETURN_IF_ERROR(out.status());
  return CountState(state);
}

absl::Status OperatorChain::CountState(const ChainNodeState& state) const {
  if (state.parts.memory == nullptr) return absl::OkStatus();
  return Annotate(state.parts.memory->Update(*state.parts.op), "operator ", state.parts.plan->uid());
}

std::vector<ChainPart> OperatorChain::TakeParts(bool all) {
  std::vector<ChainPart> taken;
  for (size_t node : sinks_) {
    while (auto part = nodes_[node].parts.sink->TakePart(all)) {
      taken.push_back({nodes_[node].parts.plan->uid(), std::move(part)});
    }
  }
  return taken;
}

absl::Status OperatorChain::EmitFromSource(uint32_t output, const BatchPtr& rows, const RowOrigins* origins) {
  return Emit(0, output, 0, rows, origins);
}

absl::Status OperatorChain::ForwardRestoredWatermarks() {
  for (size_t node = 0; node < nodes_.size(); ++node) {
    const EventTimeMicros restored = nodes_[node].parts.restored_watermark;
    if (restored != kNoWatermark) RETURN_IF_ERROR(ForwardWatermark(node, restored));
  }
  return absl::OkStatus();
}

absl::Status OperatorChain::SourceWatermark(EventTimeMicros time) { return ForwardWatermark(0, time); }

absl::Status OperatorChain::SourceIdle() { return ForwardIdle(0); }

absl::Status OperatorChain::InputWatermark(size_t node, size_t slot, EventTimeMicros time) {
  return nodes_[node].tracker->OnWatermark(slot, time) ? TimeChanged(node) : absl::OkStatus();
}

absl::Status OperatorChain::InputIdle(size_t node, size_t slot) {
  return nodes_[node].tracker->OnIdle(slot) ? TimeChanged(node) : absl::OkStatus();
}

absl::Status OperatorChain::InputActive(size_t node, size_t slot) {
  return nodes_[node].tracker->OnActive(slot) ? TimeChanged(node) : absl::OkStatus();
}

absl::Status OperatorChain::InputEnded(size_t node, size_t slot) {
  return nodes_[node].tracker->OnEnded(slot) ? TimeChanged(node) : absl::OkStatus();
}

absl::Status OperatorChain::TimeChanged(size_t node) {
  ChainNodeState& state = nodes_[node];
  if (state.tracker->watermark() != kNoWatermark) {
    if (state.parts.op != nullptr) {
      NodeOutput out(this, node);
      ChainProbe::Work work(probe_, node);
      RETURN_IF_ERROR(
          Annotate(state.parts.op->OnWatermark(state.tracker->watermark(), out), "operator ", state.parts.plan->uid()));
      RETURN_IF_ERROR(out.status());
      RETURN_IF_ERROR(CountState(state));
    }
    RETURN_IF_ERROR(ForwardWatermark(node, state.tracker->watermark()));
  }
  if (!state.tracker->idle()) return absl::OkStatus();
  if (state.parts.op != nullptr) {
    NodeOutput out(this, node);
    RETURN_IF_ERROR(Annotate(state.parts.op->OnIdle(out), "operator ", state.parts.plan->uid()));
    RETURN_IF_ERROR(out.status());
    RETURN_IF_ERROR(CountState(state));
  }
  return ForwardIdle(node);
}

absl::Status OperatorChain::ForwardWatermark(size_t node, EventTimeMicros time) {
  if (probe_ != nullptr) probe_->WatermarkSent(node, time);
  for (const auto& targets : nodes_[node].targets) {
    for (const Target& target : targets) RETURN_IF_ERROR(InputWatermark(target.node, target.slot, time));
  }
  for (const auto& exchanges : nodes_[node].exchanges) {
    for (ExchangeWriter* exchange : exchanges) exchange->PushWatermark(time);
  }
  return absl::OkStatus();
}

absl::Status OperatorChain::ForwardIdle(size_t node) {
  for (const auto& targets : nodes_[node].targets) {
    for (const Target& target : targets) RETURN_IF_ERROR(InputIdle(target.node, target.slot));
  }
  for (const auto& exchanges : nodes_[node].exchanges) {
    for (ExchangeWriter* exchange : exchanges) exchange->PushIdle();
  }
  return absl::OkStatus();
}

absl::StatusOr<ChainSnapshot> OperatorChain::BeforeBarrier(Epoch epoch) {
  ChainSnapshot snapshot;
  for (size_t node = 0; node < nodes_.size(); ++node) {
    ChainNodeState& state = nodes_[node];
    ChainProbe::Work work(probe_, node);
    if (state.parts.op != nullptr) {
      NodeOutput out(this, node);
      ASSIGN_OR_RETURN(auto frozen, state.parts.op->BeforeBarrier(epoch, out));
      RETURN_IF_ERROR(out.status());
      RETURN_IF_ERROR(CountState(state));
      if (!state.parts.plan->state_fingerprint().empty()) {
        snapshot.operators.push_back({state.parts.plan->uid(), std::move(frozen), state.tracker->watermark()});
      }
    }
    if (state.parts.sink != nullptr) {
      if (probe_ != nullptr) probe_->SinkSeals(node, epoch, state.parts.sink->buffered_bytes());
      ASSIGN_OR_RETURN(auto staged, state.parts.sink->Seal(epoch));
      if (staged != nullptr) snapshot.sinks.push_back({state.parts.plan->uid(), std::move(staged)});
    }
  }
  return snapshot;
}

void OperatorChain::ReportFigures() const {
  for (size_t node = 0; probe_ != nullptr && node < nodes_.size(); ++node) {
    const Node& parts = nodes_[node].parts;
    probe_->InputsDiffer(node, nodes_[node].tracker->skew());
    if (parts.op != nullptr) probe_->Holds(node, parts.op->figures());
    if (parts.sink != nullptr) probe_->SinkHolds(node, parts.sink->buffered_bytes());
  }
}

bool OperatorChain::drained() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [](const ChainNodeState& state) {
    return state.exchange_slots.empty() || state.tracker->watermark() == kFinalWatermark;
  });
}

}  // namespace millrace
