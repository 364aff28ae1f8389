#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/type_fwd.h"
#include "millrace/internal/v1/control.pb.h"
#include "worker/operator.h"
#include "worker/operators/row_store.h"
#include "worker/operators/sort_key.h"

namespace millrace {

// Orders all rows of its input, and emits them when that has ended: at the final watermark. Rows with equal keys stay
// in the order in which they came. With a limit it keeps little more than the rows that may still be among the first.
//
// State, in its only table; all rows are in the key group of the empty key, for one subtask has them all:
//   [key group][table 2][slice 0][number of a chunk, u64 BE] → its rows, an Arrow IPC record batch
// On disk: never renumber.
//
// Owns:    the rows.
// Thread:  as Operator.
class SortOperator final : public Operator {
 public:
  static absl::StatusOr<std::unique_ptr<Operator>> Make(const internal::v1::ChainNode& node);

  absl::Status Open(const OperatorContext& context) override;
  absl::Status Restore(StateBackend& backend) override;
  absl::Status ProcessBatch(uint32_t input, uint32_t port, const BatchPtr& rows, Output& out) override;
  absl::Status OnWatermark(EventTimeMicros watermark, Output& out) override;
  absl::StatusOr<std::unique_ptr<FrozenEntries>> BeforeBarrier(Epoch epoch, Output& out) override;
  OperatorFigures figures() const override;
  uint64_t num_bytes() const override;

 private:
  struct Entry {
    std::string key;
    uint64_t arrival = 0;
    RowStore::Place place;
    bool operator<(const Entry& other) const { return key != other.key ? key < other.key : arrival < other.arrival; }
  };

  SortOperator(std::shared_ptr<arrow::Schema> schema, SortKeyEncoder encoder)
      : schema_(std::move(schema)), encoder_(std::move(encoder)), rows_(schema_, 0) {}
  absl::Status AddChunk(uint64_t number, std::string_view bytes);
  void AddEntry(std::string key, RowStore::Place place);
  // Lets go of rows that cannot be among the first, once there are many.
  absl::Status Prune();

  const std::shared_ptr<arrow::Schema> schema_;
  SortKeyEncoder encoder_;
  uint64_t offset_ = 0;
  // Rows of interest are the first so many.
  std::optional<uint64_t> most_;

  RowStore rows_;
  std::vector<Entry> entries_;
  uint64_t key_bytes_ = 0;
  uint64_t next_arrival_ = 0;
  // A row whose key is not below this one comes too late. Set once there are enough rows.
  std::optional<std::string> worst_;
  bool ended_ = false;

  // Chunks from here on are not in the state yet; `dropped_` still are.
  uint64_t first_dirty_ = 0;
  std::vector<uint64_t> dropped_;

  KeyGroupRange key_groups_;
  uint32_t num_key_groups_ = kNumKeyGroups;
  StateMemory* memory_ = nullptr;
  std::vector<std::string> keys_;  // of the current batch
};

}  // namespace millrace
