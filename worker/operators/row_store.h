#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "worker/stream_event.h"

namespace millrace {

// Rows at rest in memory, in chunks that are numbered and never change once they are full or sealed; so they can be
// written elsewhere as they are.
//
// Owns:    its rows, copied out of the batches in which they came.
// Thread:  confined to the task's.
class RowStore {
 public:
  // Of a row: number of its chunk, place in it.
  struct Place {
    uint64_t chunk = 0;
    uint32_t row = 0;
  };
  // Chunks are numbered from `first_number`.
  RowStore(std::shared_ptr<arrow::Schema> schema, uint64_t first_number);
  RowStore(RowStore&&) noexcept;
  RowStore& operator=(RowStore&&) noexcept;
  ~RowStore();

  // Copies these rows, and says where the first is; the others stand behind it.
  absl::StatusOr<Place> Add(const arrow::RecordBatch& rows, int64_t first, int64_t num);
  // A chunk as it was stored, numbered above those before; later ones get higher numbers.
  void AddChunk(uint64_t number, BatchPtr rows);
  // Rows that come later go into another chunk.
  absl::Status Seal();
  // Sealed ones, by number, ascending.
  const std::vector<std::pair<uint64_t, BatchPtr>>& chunks() const { return chunks_; }
  // Of the chunk that rows go into now.
  uint64_t next_number() const { return next_number_; }
  // A batch of these rows, in this order. All chunks are sealed.
  absl::StatusOr<BatchPtr> Gather(std::span<const Place> places) const;
  // Memory held, roughly.
  uint64_t num_bytes() const { return sealed_bytes_ + open_bytes_; }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> open_;
  std::vector<std::pair<uint64_t, BatchPtr>> chunks_;
  uint64_t next_number_;
  uint32_t open_rows_ = 0;
  uint64_t open_bytes_ = 0;
  uint64_t sealed_bytes_ = 0;
};

}  // namespace millrace
