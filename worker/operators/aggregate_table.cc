#include "worker/operators/aggregate_table.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace millrace {
namespace {

constexpr int kFirstSlotBits = 4;
constexpr size_t kLookAhead = 32;

uint64_t TagOf(uint64_t hash) { return hash << 32; }
uint32_t GroupOf(uint64_t slot) { return static_cast<uint32_t>(slot) - 1; }

}  // namespace

AggregateTable::AggregateTable(const AggregateLayout* layout)
    : layout_(layout), slots_(size_t{1} << kFirstSlotBits), shift_(64 - kFirstSlotBits) {}

void AggregateTable::FindOrInsert(std::span<const std::string_view> keys, std::span<const uint64_t> hashes,
                                  std::span<uint32_t> groups) {
  for (size_t first = 0; first < keys.size(); first += kLookAhead) {
    size_t end = std::min(first + kLookAhead, keys.size());
    for (size_t i = first; i < end; ++i) __builtin_prefetch(&slots_[SlotOf(hashes[i])]);
    for (size_t i = first; i < end; ++i) {
      Slot slot = slots_[SlotOf(hashes[i])];
      if (slot == 0) continue;
      __builtin_prefetch(&keys_[GroupOf(slot)]);
      __builtin_prefetch(words_.data() + GroupOf(slot) * layout_->stride());
    }
    for (size_t i = first; i < end; ++i) groups[i] = FindOrInsertOne(keys[i], hashes[i]);
  }
}

uint32_t AggregateTable::FindOrInsertOne(std::string_view key, uint64_t hash) {
  size_t mask = slots_.size() - 1;
  size_t place = SlotOf(hash);
  for (; slots_[place] != 0; place = (place + 1) & mask) {
    Slot slot = slots_[place];
    if (((slot ^ TagOf(hash)) >> 32) == 0 && keys_[GroupOf(slot)] == key) return GroupOf(slot);
  }
  Check(keys_.size() < 0xfffffffe, "a slice's groups are counted in 32 bits");
  auto group = static_cast<uint32_t>(keys_.size());
  slots_[place] = TagOf(hash) | (group + 1);
  keys_.push_back(arena_->Copy(key));
  hashes_.push_back(hash);
  words_.resize(words_.size() + layout_->stride());
  is_dirty_.push_back(0);
  if (keys_.size() * 3 > slots_.size() * 2) Grow();
  return group;
}

void AggregateTable::Grow() {
  slots_.assign(slots_.size() * 2, 0);
  --shift_;
  size_t mask = slots_.size() - 1;
  for (uint32_t group = 0; group < hashes_.size(); ++group) {
    size_t place = SlotOf(hashes_[group]);
    while (slots_[place] != 0) place = (place + 1) & mask;
    slots_[place] = TagOf(hashes_[group]) | (group + 1);
  }
}

void AggregateTable::MarkDirty(std::span<const uint32_t> groups) {
  for (uint32_t group : groups) {
    if (is_dirty_[group] != 0) continue;
    is_dirty_[group] = 1;
    dirty_.push_back(group);
  }
}

std::vector<uint32_t> AggregateTable::TakeDirty() {
  for (uint32_t group : dirty_) is_dirty_[group] = 0;
  return std::exchange(dirty_, {});
}

size_t AggregateTable::num_bytes() const {
  // As if all groups were dirty, so that it changes only when groups are added or strings grow.
  return slots_.capacity() * sizeof(Slot) + keys_.capacity() * sizeof(std::string_view) +
         (hashes_.capacity() + words_.capacity()) * sizeof(uint64_t) +
         is_dirty_.capacity() * (sizeof(uint8_t) + sizeof(uint32_t)) + arena_->reserved_bytes();
}

}  // namespace millrace
