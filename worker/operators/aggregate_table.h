#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "worker/operators/aggregate_layout.h"

namespace millrace {

// The groups of one time slice: key bytes → accumulators. Open addressing over structures of arrays; a batch of keys is
// looked up together so that cache misses overlap. Knows which groups changed since it was last asked.
//
// Owns:    its groups. Borrows the layout.
// Thread:  confined to the task's.
class AggregateTable {
 public:
  explicit AggregateTable(const AggregateLayout* layout);

  // groups[i] becomes the group of keys[i], made empty if it is new. Keys may repeat. hashes[i] =
  // HashKeyBytes(keys[i]).
  void FindOrInsert(std::span<const std::string_view> keys, std::span<const uint64_t> hashes,
                    std::span<uint32_t> groups);
  // The words of all groups; valid until the next FindOrInsert.
  CellRows cells() { return {words_.data(), layout_->stride(), arena_.get()}; }

  size_t num_groups() const { return keys_.size(); }
  std::string_view key(uint32_t group) const { return keys_[group]; }
  uint64_t hash(uint32_t group) const { return hashes_[group]; }
  // What key() points into: it stays as it is, also when groups are added, as long as this is held.
  std::shared_ptr<const void> key_storage() const { return arena_; }

  void MarkDirty(std::span<const uint32_t> groups);
  // The groups marked since the last call, each once.
  std::vector<uint32_t> TakeDirty();

  // Memory held, roughly. Changes in FindOrInsert, and when cells are updated; never otherwise.
  size_t num_bytes() const;

 private:
  // Hash's low half above, group + 1 below; 0 is free.
  using Slot = uint64_t;

  size_t SlotOf(uint64_t hash) const { return (hash * 0x9e3779b97f4a7c15ull) >> shift_; }
  uint32_t FindOrInsertOne(std::string_view key, uint64_t hash);
  void Grow();

  const AggregateLayout* const layout_;
  std::vector<Slot> slots_;
  int shift_;
  std::vector<std::string_view> keys_;
  std::vector<uint64_t> hashes_;
  std::vector<uint64_t> words_;
  std::vector<uint8_t> is_dirty_;
  std::vector<uint32_t> dirty_;
  const std::shared_ptr<ByteArena> arena_ = std::make_shared<ByteArena>();
};

}  // namespace millrace
