#pragma once

#include <memory>
#include <optional>

#include "base/expression/evaluation_context.h"
#include "base/expression/expression.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/operator.h"
#include "worker/operators/failed_rows.h"

namespace millrace {

// Keeps the rows for which the condition is TRUE: neither FALSE nor NULL. A batch that passes whole is handed on as it
// is. Rows for which the condition fails are dead letters (output 1).
//
// Thread:  as Operator.
// Fails:   as FailedRows.
class FilterOperator final : public Operator {
 public:
  static absl::StatusOr<std::unique_ptr<Operator>> Make(const internal::v1::ChainNode& node);

  absl::Status Open(const OperatorContext& context) override {
    failed_rows_.Open(context.pipeline, context.dead_letters_connected);
    evaluation_.emplace(context.clock, context.seed);
    return absl::OkStatus();
  }
  absl::Status ProcessBatch(uint32_t input, uint32_t port, const BatchPtr& rows, Output& out) override;
  absl::Status OnWatermark(EventTimeMicros /*watermark*/, Output& /*out*/) override { return absl::OkStatus(); }
  absl::StatusOr<std::unique_ptr<FrozenEntries>> BeforeBarrier(Epoch /*epoch*/, Output& /*out*/) override {
    return nullptr;
  }

 private:
  FilterOperator(std::string uid, ExpressionPtr condition)
      : condition_(std::move(condition)), failed_rows_(std::move(uid)) {}

  const ExpressionPtr condition_;
  FailedRows failed_rows_;
  std::optional<EvaluationContext> evaluation_;  // once it is open
};

}  // namespace millrace
