#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "arrow/type_fwd.h"
#include "base/key_bytes.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/operator.h"
#include "worker/operators/window_tables.h"

namespace millrace {

// Aggregates rows per key and tumbling event-time window, and emits a window once, when the watermark has passed it.
//
// Input:   port 0 raw rows, port 1 partial aggregates of a local_combine.
// Outputs: 0  keys, window_start, window_end, aggregates; windows ascending, within one by key bytes: the order is
// deterministic.
//          1  late: rows whose window our watermark had passed, with that window_end and the watermark.
// Owns:    its windows' groups.
// Thread:  as Operator.
// Fails:   InvalidArgument: a row without time. Internal: a partial aggregate of a passed window, which a combiner must
//          not make.
class WindowAggregateOperator final : public Operator {
 public:
  static absl::StatusOr<std::unique_ptr<Operator>> Make(const internal::v1::ChainNode& node);

  absl::Status Open(const OperatorContext& context) override;
  absl::Status Restore(StateBackend& backend) override;
  absl::Status ProcessBatch(uint32_t input, uint32_t port, const BatchPtr& rows, Output& out) override;
  absl::Status OnWatermark(EventTimeMicros watermark, Output& out) override;
  absl::StatusOr<std::unique_ptr<FrozenEntries>> BeforeBarrier(Epoch epoch, Output& out) override;
  OperatorFigures figures() const override { return windows_->figures(); }
  uint64_t num_bytes() const override { return windows_->num_bytes(); }

 private:
  WindowAggregateOperator() = default;
  absl::Status EmitLate(const BatchPtr& rows, const std::vector<uint32_t>& late, Output& out);
  absl::Status Fire(Slice slice, AggregateTable& table, Output& out);

  std::string uid_;
  int time_column_ = -1;
  std::shared_ptr<arrow::Schema> output_schema_;
  std::shared_ptr<arrow::Schema> late_schema_;
  std::unique_ptr<WindowTables> windows_;
  std::unique_ptr<KeyDecoder> decoder_;

  KeyGroupRange key_groups_;
  uint32_t num_key_groups_ = kNumKeyGroups;
  StateMemory* memory_ = nullptr;
  EventTimeMicros watermark_ = kNoWatermark;
  // The end of the slices that fired since the last barrier; state below it is to go.
  std::optional<Slice> floor_;
};

}  // namespace millrace
