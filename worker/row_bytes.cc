#include "worker/row_bytes.h"

#include <arrow/array/data.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

namespace millrace {
namespace {

template <typename Offset>
uint64_t Span(const arrow::ArrayData& column) {
  const Offset* offsets = column.GetValues<Offset>(1);
  return offsets == nullptr ? 0 : static_cast<uint64_t>(offsets[column.length] - offsets[0]);
}

uint64_t ColumnBytes(const arrow::ArrayData& column, int64_t length);

// Of `num` of the child's values.
uint64_t ShareOf(const arrow::ArrayData& child, uint64_t num) {
  if (child.length == 0) return 0;
  return ColumnBytes(child, child.length) * num / static_cast<uint64_t>(child.length);
}

uint64_t ColumnBytes(const arrow::ArrayData& column, int64_t length) {
  if (length == 0) return 0;
  const uint64_t rows = static_cast<uint64_t>(length);
  switch (column.type->id()) {
    case arrow::Type::NA:
      return 0;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return rows * sizeof(int32_t) + Span<int32_t>(column);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return rows * sizeof(int64_t) + Span<int64_t>(column);
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return rows * sizeof(int32_t) + ShareOf(*column.child_data[0], Span<int32_t>(column));
    case arrow::Type::STRUCT: {
      uint64_t bytes = 0;
      for (const auto& child : column.child_data) bytes += ShareOf(*child, rows);
      return bytes;
    }
    default: {
      if (!arrow::is_fixed_width(column.type->id())) return 0;
      uint64_t bits = static_cast<uint64_t>(static_cast<const arrow::FixedWidthType&>(*column.type).bit_width());
      return (rows * bits + 7) / 8;
    }
  }
}

}  // namespace

uint64_t RowBytes(const arrow::RecordBatch& rows) {
  uint64_t bytes = 0;
  for (int i = 0; i < rows.num_columns(); ++i) {
    const arrow::ArrayData& column = *rows.column_data(i);
    bytes += ColumnBytes(column, column.length);
  }
  return bytes;
}

}  // namespace millrace
