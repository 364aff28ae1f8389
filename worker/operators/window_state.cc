#include "worker/operators/window_state.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/macros.h"
#include "state/state_key.h"

namespace millrace {
namespace {

constexpr size_t kRowsPerWrite = 4096;

}  // namespace

void FrozenWindows::Add(KeyGroup key_group, Slice slice, std::string_view key, const AggregateLayout& layout,
                        CellRows cells, uint32_t group) {
  Entry entry;
  entry.key_offset = bytes_.size();
  AppendStateKey({key_group, kWindowTable, slice, key}, bytes_);
  entry.value_offset = bytes_.size();
  layout.Pack(cells, group, bytes_);
  entry.end = bytes_.size();
  entries_.push_back(entry);
}

absl::Status FrozenWindows::WriteTo(StateBackend& backend) {
  std::sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) { return KeyOf(a) < KeyOf(b); });
  std::vector<StateWrite> writes;
  for (size_t first = 0; first < entries_.size(); first += kRowsPerWrite) {
    writes.clear();
    for (size_t i = first; i < std::min(first + kRowsPerWrite, entries_.size()); ++i) {
      const Entry& entry = entries_[i];
      writes.push_back(
          {KeyOf(entry), std::string_view(bytes_).substr(entry.value_offset, entry.end - entry.value_offset)});
    }
    RETURN_IF_ERROR(backend.Write(writes));
  }
  return floor_.has_value() ? backend.RaiseSliceFloor(kWindowTable, *floor_) : absl::OkStatus();
}

std::unique_ptr<FrozenEntries> FreezeWindows(WindowTables& windows, uint32_t num_key_groups,
                                             std::optional<Slice> floor) {
  auto frozen = std::make_unique<FrozenWindows>(floor);
  for (auto& [slice, table] : windows.tables()) {
    CellRows cells = table->cells();
    for (uint32_t group : table->TakeDirty()) {
      frozen->Add(KeyGroupOfHash(table->hash(group), num_key_groups), slice, table->key(group), windows.layout(), cells,
                  group);
    }
  }
  if (frozen->IsEmpty()) return nullptr;
  return frozen;
}

absl::Status RestoreWindows(StateBackend& backend, KeyGroupRange range, WindowTables& windows) {
  absl::Status damage;
  for (uint32_t group = range.first; group < range.end; ++group) {
    RETURN_IF_ERROR(backend.Scan(static_cast<KeyGroup>(group), kWindowTable, std::numeric_limits<Slice>::min(),
                                 std::numeric_limits<Slice>::max(), [&](std::string_view key, std::string_view value) {
                                   absl::StatusOr<StateKey> parsed = ParseStateKey(key);
                                   damage = parsed.ok() ? windows.AddStored(parsed->slice, parsed->key, value)
                                                        : parsed.status();
                                   return damage.ok();
                                 }));
    RETURN_IF_ERROR(damage);
  }
  return absl::OkStatus();
}

}  // namespace millrace
