#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow/type_fwd.h"
#include "base/key_bytes.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/operator.h"
#include "worker/operators/window_tables.h"

namespace millrace {

// Pre-aggregates rows in front of the exchange to a window_aggregate (docs/ARCHITECTURE.md, "Time"). It decides no
// lateness: rows that some receiver may refuse, and all rows while a receiver does not count this channel, pass as they
// are. So do all rows for a while once keys turn out not to repeat. It has no state: it flushes before a watermark, an
// idle mark and a barrier go on. In front of a group_aggregate (local_group) no row is late, and only a barrier and the
// final watermark make it flush.
//
// Outputs: 0 raw rows, 1 partial aggregates (PartialAggregateSchema).
// Thread:  as Operator.
// Fails:   as WindowTables::Add.
class LocalCombineOperator final : public Operator {
 public:
  static absl::StatusOr<std::unique_ptr<Operator>> Make(const internal::v1::ChainNode& node);

  absl::Status Open(const OperatorContext& context) override;
  absl::Status ProcessBatch(uint32_t input, uint32_t port, const BatchPtr& rows, Output& out) override;
  absl::Status OnWatermark(EventTimeMicros watermark, Output& out) override;
  absl::Status OnIdle(Output& out) override;
  absl::StatusOr<std::unique_ptr<FrozenEntries>> BeforeBarrier(Epoch epoch, Output& out) override;
  uint64_t num_bytes() const override { return windows_->num_bytes(); }

 private:
  LocalCombineOperator() = default;
  absl::Status Flush(Output& out);
  absl::Status FlushTable(Slice slice, AggregateTable& table, Output& out);
  // Steps aside if the groups sent since the last judgement were made of too few rows each.
  void JudgeRepetition();

  std::string uid_;
  bool for_all_time_ = false;
  std::unique_ptr<WindowTables> windows_;
  std::unique_ptr<KeyDecoder> decoder_;
  const DownstreamProgress* downstream_ = nullptr;

  // Rows combined and groups made since the last judgement.
  size_t rows_combined_ = 0;
  size_t groups_made_ = 0;
  // Rows that still pass uncombined because keys did not repeat.
  size_t rows_to_bypass_ = 0;
};

}  // namespace millrace
