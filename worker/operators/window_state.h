#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "base/ids.h"
#include "state/state_backend.h"
#include "worker/operator.h"
#include "worker/operators/window_tables.h"

namespace millrace {

// State of a window_aggregate; of a group_aggregate, with slice 0:
//   [key group][table 1][slice: start of the window, local µs][key bytes] → packed aggregates (aggregate_layout.h)
//   [key group][table 16 + n][slice][key bytes, value bytes] → nothing: a value that the n-th distinct aggregate has
//                                                              counted; of the key group of its group's key
// On disk: never renumber.
inline constexpr TableId kWindowTable = 1;
inline constexpr TableId kFirstValueTable = 16;

// The groups that changed since the last barrier, copied; and below which slice everything has fired. Copying is all
// that happens on the task thread: state keys are made, and sorted, when they are written.
class FrozenWindows final : public FrozenEntries {
 public:
  // Copies the layout: an operator may end before what it froze is written.
  FrozenWindows(std::optional<Slice> floor, const AggregateLayout& layout, uint32_t num_key_groups, size_t num_distinct = 0)
      : floor_(floor), layout_(layout), num_key_groups_(num_key_groups), num_distinct_(num_distinct) {}
  // Copies the rows of these groups. Task thread.
  void Add(Slice slice, AggregateTable& table, std::span<const uint32_t> groups);
  // Copies these values of distinct aggregate `number`.
  void AddValues(size_t number, Slice slice, AggregateTable& values, std::span<const uint32_t> fresh);
  bool IsEmpty() const { return parts_.empty() && !floor_.has_value(); }
  absl::Status WriteTo(StateBackend& backend) override;
  uint64_t num_bytes() const override { return num_bytes_; }

 private:
  // Frozen groups of one slice.
  struct Part {
    TableId table = kWindowTable;
    Slice slice;
    std::shared_ptr<const void> key_storage;
    std::vector<std::string_view> keys;
    // Of the groups' keys; of values, their key groups.
    std::vector<uint64_t> hashes;
    // The groups' words, packed later; empty if some of them are addresses of bytes that may change.
    std::vector<uint64_t> words;
    // Then: packed groups back to back, and where each ends.
    std::string packed;
    std::vector<size_t> packed_ends;
  };

  const std::optional<Slice> floor_;
  const AggregateLayout layout_;
  const uint32_t num_key_groups_;
  const size_t num_distinct_;
  std::vector<Part> parts_;
  uint64_t num_bytes_ = 0;
};

// Freezes and unmarks every dirty group. Null if there is none, and nothing has fired.
std::unique_ptr<FrozenEntries> FreezeWindows(WindowTables& windows, uint32_t num_key_groups,
                                             std::optional<Slice> floor);

// Adds the groups of a range that the backend holds; `after_key_group` may end it. IoPool, before anything else.
absl::Status RestoreWindows(StateBackend& backend, KeyGroupRange range, WindowTables& windows,
                            absl::FunctionRef<absl::Status()> after_key_group);

}  // namespace millrace
