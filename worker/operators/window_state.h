#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/ids.h"
#include "state/state_backend.h"
#include "worker/operator.h"
#include "worker/operators/window_tables.h"

namespace millrace {

// State of a window_aggregate, in its only table:
//   [key group][table 1][slice: start of the window, µs][key bytes] → packed aggregates (aggregate_layout.h)
// On disk: never renumber.
inline constexpr TableId kWindowTable = 1;

// The groups that changed since the last barrier, copied; and below which slice everything has fired.
class FrozenWindows final : public FrozenEntries {
 public:
  explicit FrozenWindows(std::optional<Slice> floor) : floor_(floor) {}
  // Copies the group's row. Task thread.
  void Add(KeyGroup key_group, Slice slice, std::string_view key, const AggregateLayout& layout, CellRows cells,
           uint32_t group);
  bool IsEmpty() const { return entries_.empty() && !floor_.has_value(); }
  absl::Status WriteTo(StateBackend& backend) override;

 private:
  // A key and its value, in bytes_.
  struct Entry {
    size_t key_offset;
    size_t value_offset;
    size_t end;
  };
  std::string_view KeyOf(const Entry& entry) const {
    return std::string_view(bytes_).substr(entry.key_offset, entry.value_offset - entry.key_offset);
  }

  const std::optional<Slice> floor_;
  std::string bytes_;
  std::vector<Entry> entries_;
};

// Freezes and unmarks every dirty group. Null if there is none, and nothing has fired.
std::unique_ptr<FrozenEntries> FreezeWindows(WindowTables& windows, uint32_t num_key_groups,
                                             std::optional<Slice> floor);

// Adds the groups of a range that the backend holds. IoPool, before anything else.
absl::Status RestoreWindows(StateBackend& backend, KeyGroupRange range, WindowTables& windows);

}  // namespace millrace
