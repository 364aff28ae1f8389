#include "base/expression/take_rows.h"

#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "base/arrow_status.h"
#include "base/macros.h"

namespace millrace {

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> TakeRows(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                             const std::vector<uint32_t>& rows) {
  if (rows.size() == static_cast<size_t>(batch->num_rows())) return batch;
  auto numbers = std::make_shared<arrow::UInt32Array>(static_cast<int64_t>(rows.size()), arrow::Buffer::Wrap(rows));
  ASSIGN_OR_RETURN(arrow::Datum taken, FromArrow(arrow::compute::Take(arrow::Datum(batch), arrow::Datum(numbers))));
  return taken.record_batch();
}

absl::StatusOr<std::shared_ptr<arrow::Array>> TakeAt(const std::shared_ptr<arrow::Array>& values,
                                                     const std::vector<int64_t>& places) {
  arrow::Int64Builder builder;
  RETURN_IF_ERROR(FromArrow(builder.Reserve(static_cast<int64_t>(places.size()))));
  for (int64_t place : places) {
    if (place < 0) {
      builder.UnsafeAppendNull();
    } else {
      builder.UnsafeAppend(place);
    }
  }
  ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> numbers, FromArrow(builder.Finish()));
  ASSIGN_OR_RETURN(arrow::Datum taken, FromArrow(arrow::compute::Take(arrow::Datum(values), arrow::Datum(numbers))));
  return taken.make_array();
}

std::shared_ptr<arrow::Array> WithoutNulls(const std::shared_ptr<arrow::Array>& values) {
  if (values->null_count() == 0) return values;
  auto data = values->data()->Copy();
  data->buffers[0] = nullptr;
  data->null_count = 0;
  return arrow::MakeArray(std::move(data));
}

}  // namespace millrace
