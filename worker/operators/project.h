#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "arrow/type.h"
#include "base/expression/evaluation_context.h"
#include "base/expression/expression_set.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/operator.h"
#include "worker/operators/failed_rows.h"

namespace millrace {

// Computes new columns. A column that is only selected or renamed is not copied. Rows for which one fails are dead
// letters (output 1).
//
// Thread:  as Operator.
// Fails:   as FailedRows.
class ProjectOperator final : public Operator {
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
  ProjectOperator(std::string uid, std::shared_ptr<arrow::Schema> schema, ExpressionSet columns)
      : schema_(std::move(schema)), columns_(std::move(columns)), failed_rows_(std::move(uid), schema_->field_names()) {}

  const std::shared_ptr<arrow::Schema> schema_;
  const ExpressionSet columns_;
  FailedRows failed_rows_;
  std::optional<EvaluationContext> evaluation_;  // once it is open
};

}  // namespace millrace
