#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow/type_fwd.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/operator.h"

namespace millrace {

// A row for every element of an ARRAY or entry of a MAP, in their order: the input's columns, then the element's, or
// its fields' if it is a ROW, or key and value; then its number, from 1. Rows without elements, NULL or empty, are
// dropped, or kept once with NULLs.
//
// Thread:  as Operator.
class UnnestOperator final : public Operator {
 public:
  // Fails: InvalidArgument: the output has other columns.
  static absl::StatusOr<std::unique_ptr<Operator>> Make(const internal::v1::ChainNode& node);

  absl::Status Open(const OperatorContext& /*context*/) override { return absl::OkStatus(); }
  absl::Status ProcessBatch(uint32_t input, uint32_t port, const BatchPtr& rows, Output& out) override;
  absl::Status OnWatermark(EventTimeMicros /*watermark*/, Output& /*out*/) override { return absl::OkStatus(); }
  absl::StatusOr<std::unique_ptr<FrozenEntries>> BeforeBarrier(Epoch /*epoch*/, Output& /*out*/) override {
    return nullptr;
  }

 private:
  // Which rows, and which elements of all that the column holds, make up the next rows of the output.
  struct Picked {
    std::vector<uint32_t> rows;
    std::vector<int64_t> elements;  // −1: none
    std::vector<int32_t> numbers;   // 0: none
  };
  UnnestOperator() = default;
  absl::Status Emit(const BatchPtr& rows, const arrow::Array& nested, Picked& picked, Output& out) const;

  std::string uid_;
  std::shared_ptr<arrow::Schema> schema_;
  int column_ = -1;
  bool ordinality_ = false;
  bool outer_ = false;
};

}  // namespace millrace
