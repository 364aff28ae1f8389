#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "connectors/sink.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/chain_probe.h"
#include "worker/operator.h"
#include "worker/row_origins.h"
#include "worker/shuffle/exchange_writer.h"
#include "worker/state_memory.h"
#include "worker/watermark_tracker.h"

namespace millrace {

// What a barrier took from a chain: everything that the IoPool has to make durable for one epoch.
struct ChainSnapshot {
  struct OperatorPart {
    std::string uid;
    std::unique_ptr<FrozenEntries> frozen;  // null: nothing was dirty
    EventTimeMicros watermark = kNoWatermark;
  };
  struct SinkPart {
    std::string uid;
    std::unique_ptr<StagedEpoch> staged;
  };
  std::vector<OperatorPart> operators;  // stateful ones, all of them
  std::vector<SinkPart> sinks;          // those that have staged something
};

// Rows that a sink let go of before its epoch ended.
struct ChainPart {
  std::string uid;
  std::unique_ptr<StagedPart> part;
};

// Operators and sinks of one stage, fused: rows go from one to the next by call, on one thread. Inputs from outside the
// chain come from the stage's source or from exchanges.
//
// Owns:    its operators and sinks. Borrows the exchange writers.
// Thread:  task thread.
// Fails:   the first failure of any operator ends the chain.
class OperatorChain {
 public:
  struct Node {
    const internal::v1::ChainNode* plan = nullptr;  // borrowed
    std::unique_ptr<Operator> op;                   // exactly one of op, sink, or neither for the source
    std::unique_ptr<Sink> sink;
    EventTimeMicros restored_watermark = kNoWatermark;
    // Of an operator. Null: nobody counts what it holds.
    std::unique_ptr<StateMemory> memory;
  };
  // `nodes` in the stage's order. `exchanges_out`: by (node uid, output). `channels_in`: number of channels of every
  // exchange.
  static absl::StatusOr<std::unique_ptr<OperatorChain>> Make(
      std::vector<Node> nodes, std::map<std::pair<std::string, uint32_t>, std::vector<ExchangeWriter*>> exchanges_out,
      const std::map<uint32_t, size_t>& channels_in);

  // Borrowed; null: nothing is measured.
  void SetProbe(ChainProbe* probe) { probe_ = probe; }
  // Tells the probe what operators and sinks hold.
  void ReportFigures() const;

  // Rows that enter at a node's input: `node` is an index into nodes. The source's own outputs enter with
  // EmitFromSource.
  // `origins`: null: it is not known.
  absl::Status ProcessBatch(size_t node, uint32_t input, uint32_t port, const BatchPtr& rows,
                            const RowOrigins* origins = nullptr);
  absl::Status EmitFromSource(uint32_t output, const BatchPtr& rows, const RowOrigins* origins = nullptr);
  // Once, before anything else: hands on what operators had reached in the restored checkpoint. Those behind them that
  // keep no state have forgotten it, and it is not said again.
  absl::Status ForwardRestoredWatermarks();

  // Time from the source, or from channel `slot` of an exchange into a node.
  absl::Status SourceWatermark(EventTimeMicros time);
  absl::Status SourceIdle();
  absl::Status InputWatermark(size_t node, size_t slot, EventTimeMicros time);
  absl::Status InputIdle(size_t node, size_t slot);
  absl::Status InputActive(size_t node, size_t slot);
  absl::Status InputEnded(size_t node, size_t slot);

  // Full buffers of its sinks; with `all`, because memory is short, whatever is buffered.
  std::vector<ChainPart> TakeParts(bool all);
  // Every node lets go of what has no state and freezes what is dirty, front to back.
  absl::StatusOr<ChainSnapshot> BeforeBarrier(Epoch epoch);

  size_t IndexOf(const std::string& uid) const;
  // First slot of an exchange's channels in the node's tracker.
  size_t SlotOf(size_t node, uint32_t exchange) const;
  EventTimeMicros WatermarkOf(size_t node) const { return nodes_[node].tracker->watermark(); }
  // Lowest watermark of all nodes that have inputs from exchanges; the chain is drained when it is final.
  bool drained() const;
  uint64_t rows_late() const { return rows_late_; }
  // For which an operator's expression failed.
  uint64_t rows_set_aside() const { return rows_set_aside_; }
  const Node& node(size_t index) const { return nodes_[index].parts; }

 private:
  struct Target {
    size_t node = 0;
    uint32_t input = 0;
    size_t slot = 0;
  };
  struct ChainNodeState {
    Node parts;
    std::unique_ptr<WatermarkTracker> tracker;
    std::map<uint32_t, size_t> exchange_slots;
    std::vector<std::vector<Target>> targets;             // by output
    std::vector<std::vector<ExchangeWriter*>> exchanges;  // by output
  };
  class NodeOutput;

  OperatorChain() = default;
  absl::Status Emit(size_t node, uint32_t output, uint32_t port, const BatchPtr& rows, const RowOrigins* origins);
  absl::Status TimeChanged(size_t node);
  absl::Status CountState(const ChainNodeState& state) const;
  absl::Status ForwardWatermark(size_t node, EventTimeMicros time);
  absl::Status ForwardIdle(size_t node);

  std::vector<ChainNodeState> nodes_;
  std::vector<size_t> sinks_;
  ChainProbe* probe_ = nullptr;
  uint64_t rows_late_ = 0;
  uint64_t rows_set_aside_ = 0;
};

}  // namespace millrace
