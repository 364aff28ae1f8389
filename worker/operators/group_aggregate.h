#pragma once

#include <memory>
#include <optional>
#include <string>

#include "arrow/type_fwd.h"
#include "base/key_bytes.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/operator.h"
#include "worker/operators/window_tables.h"

namespace millrace {

// Aggregates rows per key over all of its input, and emits once, when that has ended: at the final watermark. Without
// keys there is one row even if none came; it comes from who owns the key group of the empty key.
//
// Input:   port 0 raw rows, port 1 partial aggregates of a local_group.
// Output:  keys, aggregates.
// Owns:    its groups.
// Thread:  as Operator.
class GroupAggregateOperator final : public Operator {
 public:
  static absl::StatusOr<std::unique_ptr<Operator>> Make(const internal::v1::ChainNode& node);

  absl::Status Open(const OperatorContext& context) override;
  absl::Status Restore(StateBackend& backend) override;
  absl::Status ProcessBatch(uint32_t input, uint32_t port, const BatchPtr& rows, Output& out) override;
  absl::Status OnWatermark(EventTimeMicros watermark, Output& out) override;
  absl::StatusOr<std::unique_ptr<FrozenEntries>> BeforeBarrier(Epoch epoch, Output& out) override;
  OperatorFigures figures() const override;
  uint64_t num_bytes() const override { return groups_->num_bytes(); }

 private:
  GroupAggregateOperator() = default;
  absl::Status Emit(AggregateTable& table, Output& out);

  std::string uid_;
  std::shared_ptr<arrow::Schema> output_schema_;
  std::unique_ptr<WindowTables> groups_;
  std::unique_ptr<KeyDecoder> decoder_;

  KeyGroupRange key_groups_;
  uint32_t num_key_groups_ = kNumKeyGroups;
  StateMemory* memory_ = nullptr;
  bool ended_ = false;
  // What was emitted since the last barrier is to go from the state.
  std::optional<Slice> floor_;
};

}  // namespace millrace
