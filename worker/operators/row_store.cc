#include "worker/operators/row_store.h"

#include <algorithm>

#include "arrow/api.h"
#include "arrow/array/builder_base.h"
#include "base/arrow_status.h"
#include "base/check.h"
#include "base/macros.h"
#include "worker/row_bytes.h"

namespace millrace {
namespace {

constexpr uint32_t kRowsPerChunk = 8192;

absl::StatusOr<std::vector<std::unique_ptr<arrow::ArrayBuilder>>> MakeBuilders(const arrow::Schema& schema) {
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders;
  for (const auto& field : schema.fields()) {
    ASSIGN_OR_RETURN(builders.emplace_back(), FromArrow(arrow::MakeBuilder(field->type())));
  }
  return builders;
}

absl::StatusOr<BatchPtr> Finish(const std::shared_ptr<arrow::Schema>& schema, int64_t num_rows,
                                const std::vector<std::unique_ptr<arrow::ArrayBuilder>>& builders) {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const auto& builder : builders) {
    ASSIGN_OR_RETURN(columns.emplace_back(), FromArrow(builder->Finish()));
  }
  return arrow::RecordBatch::Make(schema, num_rows, std::move(columns));
}

}  // namespace

RowStore::RowStore(std::shared_ptr<arrow::Schema> schema, uint64_t first_number)
    : schema_(std::move(schema)), next_number_(first_number) {}
RowStore::RowStore(RowStore&&) noexcept = default;
RowStore& RowStore::operator=(RowStore&&) noexcept = default;
RowStore::~RowStore() = default;

absl::StatusOr<RowStore::Place> RowStore::Add(const arrow::RecordBatch& rows, int64_t first, int64_t num) {
  if (open_rows_ >= kRowsPerChunk) RETURN_IF_ERROR(Seal());
  if (open_.empty()) {
    ASSIGN_OR_RETURN(open_, MakeBuilders(*schema_));
  }
  for (int i = 0; i < rows.num_columns(); ++i) {
    RETURN_IF_ERROR(FromArrow(open_[static_cast<size_t>(i)]->AppendArraySlice(arrow::ArraySpan(*rows.column_data(i)), first, num)));
  }
  const Place place{next_number_, open_rows_};
  open_rows_ += static_cast<uint32_t>(num);
  open_bytes_ += num == rows.num_rows() ? RowBytes(rows) : RowBytes(*rows.Slice(first, num));
  return place;
}

void RowStore::AddChunk(uint64_t number, BatchPtr rows) {
  Check(number >= next_number_ && open_rows_ == 0, "chunks are stored in the order of their numbers");
  sealed_bytes_ += RowBytes(*rows);
  chunks_.emplace_back(number, std::move(rows));
  next_number_ = number + 1;
}

absl::Status RowStore::Seal() {
  if (open_rows_ == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(BatchPtr chunk, Finish(schema_, open_rows_, open_));
  open_rows_ = 0;
  open_bytes_ = 0;
  AddChunk(next_number_, std::move(chunk));
  return absl::OkStatus();
}

absl::StatusOr<BatchPtr> RowStore::Gather(std::span<const Place> places) const {
  std::vector<size_t> chunks;
  for (const Place& place : places) {
    auto found = std::lower_bound(chunks_.begin(), chunks_.end(), place.chunk,
                                  [](const auto& chunk, uint64_t number) { return chunk.first < number; });
    Check(found != chunks_.end() && found->first == place.chunk, "a chunk is sealed before its rows are gathered");
    chunks.push_back(static_cast<size_t>(found - chunks_.begin()));
  }
  ASSIGN_OR_RETURN(auto builders, MakeBuilders(*schema_));
  std::vector<arrow::ArraySpan> spans(chunks_.size());
  for (int i = 0; i < schema_->num_fields(); ++i) {
    std::vector<bool> is_set(chunks_.size(), false);
    arrow::ArrayBuilder& builder = *builders[static_cast<size_t>(i)];
    RETURN_IF_ERROR(FromArrow(builder.Reserve(static_cast<int64_t>(places.size()))));
    for (size_t k = 0; k < places.size(); ++k) {
      const size_t chunk = chunks[k];
      if (!is_set[chunk]) spans[chunk] = arrow::ArraySpan(*chunks_[chunk].second->column_data(i));
      is_set[chunk] = true;
      RETURN_IF_ERROR(FromArrow(builder.AppendArraySlice(spans[chunk], places[k].row, 1)));
    }
  }
  return Finish(schema_, static_cast<int64_t>(places.size()), builders);
}

}  // namespace millrace
