#pragma once

#include <memory>
#include <string>

#include "arrow/type_fwd.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/operator.h"

namespace millrace {

// Hands on the rows of all its inputs as they come, under the names of its output. Its watermark is what the chain
// makes of those of its inputs.
//
// Thread:  as Operator.
class UnionOperator final : public Operator {
 public:
  // Fails: InvalidArgument: an input has other types than the output.
  static absl::StatusOr<std::unique_ptr<Operator>> Make(const internal::v1::ChainNode& node);

  absl::Status Open(const OperatorContext& /*context*/) override { return absl::OkStatus(); }
  absl::Status ProcessBatch(uint32_t input, uint32_t port, const BatchPtr& rows, Output& out) override;
  absl::Status OnWatermark(EventTimeMicros /*watermark*/, Output& /*out*/) override { return absl::OkStatus(); }
  absl::StatusOr<std::unique_ptr<FrozenEntries>> BeforeBarrier(Epoch /*epoch*/, Output& /*out*/) override {
    return nullptr;
  }

 private:
  explicit UnionOperator(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {}

  const std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace millrace
