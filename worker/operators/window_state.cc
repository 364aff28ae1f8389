#include "worker/operators/window_state.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/key_sort.h"
#include "base/macros.h"
#include "base/planted_bug.h"
#include "state/state_key.h"

namespace millrace {

void FrozenWindows::Add(Slice slice, AggregateTable& table, std::span<const uint32_t> groups) {
  if (groups.empty()) return;
  Part& part = parts_.emplace_back();
  part.slice = slice;
  part.key_storage = table.key_storage();
  part.keys.reserve(groups.size());
  part.hashes.reserve(groups.size());
  for (uint32_t group : groups) {
    part.keys.push_back(table.key(group));
    part.hashes.push_back(table.hash(group));
    // Keys lie in their table, which may let go of them before this does.
    num_bytes_ += part.keys.back().size();
  }
  num_bytes_ += groups.size() * (sizeof(std::string_view) + sizeof(uint64_t));
  CellRows cells = table.cells();
  if (layout_.HoldsAddresses()) {
    for (uint32_t group : groups) {
      layout_.Pack(cells, group, part.packed);
      part.packed_ends.push_back(part.packed.size());
    }
    num_bytes_ += part.packed.size() + groups.size() * sizeof(size_t);
    return;
  }
  size_t stride = layout_.stride();
  part.words.resize(groups.size() * stride);
  num_bytes_ += part.words.size() * sizeof(uint64_t);
  uint64_t* into = part.words.data();
  for (uint32_t group : groups) into = std::copy_n(cells.words + group * stride, stride, into);
}

void FrozenWindows::AddValues(size_t number, Slice slice, AggregateTable& values, std::span<const uint32_t> fresh) {
  if (fresh.empty()) return;
  Part& part = parts_.emplace_back();
  part.table = static_cast<TableId>(kFirstValueTable + number);
  part.slice = slice;
  part.key_storage = values.key_storage();
  for (uint32_t value : fresh) {
    part.keys.push_back(values.key(value));
    part.hashes.push_back(values.cells().words[value]);
    num_bytes_ += part.keys.back().size();
  }
  num_bytes_ += fresh.size() * (sizeof(std::string_view) + sizeof(uint64_t));
}

absl::Status FrozenWindows::WriteTo(StateBackend& backend) {
  // State keys and values back to back, and where each of them ends.
  std::string bytes;
  std::vector<size_t> ends;
  for (Part& part : parts_) {
    for (size_t i = 0; i < part.keys.size(); ++i) {
      uint32_t modulus = num_key_groups_ - (MILLRACE_PLANTED(other_modulus) ? 1 : 0);
      AppendStateKey({KeyGroupOfHash(part.hashes[i], modulus), part.table, part.slice, part.keys[i]}, bytes);
      ends.push_back(bytes.size());
      if (part.table != kWindowTable) {
        // That it is there says it all.
      } else if (part.packed_ends.empty()) {
        layout_.Pack({part.words.data(), layout_.stride(), nullptr}, static_cast<uint32_t>(i), bytes);
      } else {
        size_t begin = i == 0 ? 0 : part.packed_ends[i - 1];
        bytes.append(part.packed, begin, part.packed_ends[i] - begin);
      }
      ends.push_back(bytes.size());
    }
  }
  parts_.clear();
  std::vector<std::string_view> keys;
  std::vector<std::string_view> values;
  size_t begin = 0;
  for (size_t i = 0; i < ends.size(); ++i) {
    (i % 2 == 0 ? keys : values).push_back(std::string_view(bytes).substr(begin, ends[i] - begin));
    begin = ends[i];
  }
  std::vector<StateWrite> writes;
  writes.reserve(keys.size());
  for (uint32_t row : KeyOrder(keys)) writes.push_back({keys[row], values[row]});
  if (!writes.empty()) RETURN_IF_ERROR(backend.Write(writes));
  if (MILLRACE_PLANTED(slice_floor_forgotten)) return absl::OkStatus();
  if (!floor_.has_value()) return absl::OkStatus();
  for (size_t i = 0; i < num_distinct_; ++i) {
    RETURN_IF_ERROR(backend.RaiseSliceFloor(static_cast<TableId>(kFirstValueTable + i), *floor_));
  }
  return backend.RaiseSliceFloor(kWindowTable, *floor_);
}

std::unique_ptr<FrozenEntries> FreezeWindows(WindowTables& windows, uint32_t num_key_groups,
                                             std::optional<Slice> floor) {
  auto frozen = std::make_unique<FrozenWindows>(floor, windows.layout(), num_key_groups, windows.num_distinct());
  for (auto& [slice, table] : windows.tables()) frozen->Add(slice, *table, table->TakeDirty());
  for (size_t i = 0; i < windows.num_distinct(); ++i) {
    for (auto& [slice, values] : windows.values(i)) frozen->AddValues(i, slice, *values, values->TakeDirty());
  }
  if (frozen->IsEmpty()) return nullptr;
  return frozen;
}

absl::Status RestoreWindows(StateBackend& backend, KeyGroupRange range, WindowTables& windows,
                            absl::FunctionRef<absl::Status()> after_key_group) {
  absl::Status damage;
  for (uint32_t group = range.first; group < range.end; ++group) {
    if (MILLRACE_PLANTED(key_groups_lost) && group % 16 == 0) continue;
    RETURN_IF_ERROR(backend.Scan(static_cast<KeyGroup>(group), kWindowTable, std::numeric_limits<Slice>::min(),
                                 std::numeric_limits<Slice>::max(), [&](std::string_view key, std::string_view value) {
                                   absl::StatusOr<StateKey> parsed = ParseStateKey(key);
                                   damage = parsed.ok() ? windows.AddStored(parsed->slice, parsed->key, value)
                                                        : parsed.status();
                                   return damage.ok();
                                 }));
    RETURN_IF_ERROR(damage);
    for (size_t i = 0; i < windows.num_distinct(); ++i) {
      RETURN_IF_ERROR(backend.Scan(static_cast<KeyGroup>(group), static_cast<TableId>(kFirstValueTable + i),
                                   std::numeric_limits<Slice>::min(), std::numeric_limits<Slice>::max(),
                                   [&](std::string_view key, std::string_view /*value*/) {
                                     absl::StatusOr<StateKey> parsed = ParseStateKey(key);
                                     damage = parsed.status();
                                     if (parsed.ok()) windows.AddStoredValue(parsed->slice, i, parsed->group, parsed->key);
                                     return damage.ok();
                                   }));
      RETURN_IF_ERROR(damage);
    }
    RETURN_IF_ERROR(after_key_group());
  }
  return absl::OkStatus();
}

}  // namespace millrace
