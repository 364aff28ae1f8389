#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

// hash → key group → subtask: the only code that decides it, for routing, state ownership and restore alike.
//
// Frozen, with a golden test: XXH3-64, seed 0, over the key bytes of base/key_bytes.h; group = hash mod 720. The number
// is stored with each lineage. 720 has many divisors, so that most parallelisms share groups evenly.
inline constexpr uint32_t kNumKeyGroups = 720;

using KeyGroup = uint16_t;

// Half-open: [first, end).
struct KeyGroupRange {
  uint32_t first = 0;
  uint32_t end = 0;
  bool Contains(uint32_t group) const { return group >= first && group < end; }
  bool operator==(const KeyGroupRange&) const = default;
};

uint64_t HashKeyBytes(std::string_view key_bytes);

inline KeyGroup KeyGroupOfHash(uint64_t hash, uint32_t num_key_groups = kNumKeyGroups) {
  return static_cast<KeyGroup>(hash % num_key_groups);
}

// Groups are dealt in contiguous ranges whose sizes differ by at most one.
inline uint32_t SubtaskOfKeyGroup(uint32_t group, uint32_t parallelism, uint32_t num_key_groups = kNumKeyGroups) {
  return static_cast<uint32_t>(static_cast<uint64_t>(group) * parallelism / num_key_groups);
}

// Where all rows go that have no key: state without a key is that of the empty one, and lies in its group.
inline uint32_t OwnerOfEmptyKey(uint32_t parallelism, uint32_t num_key_groups = kNumKeyGroups) {
  return SubtaskOfKeyGroup(KeyGroupOfHash(HashKeyBytes(""), num_key_groups), parallelism, num_key_groups);
}

// The inverse: the groups for which SubtaskOfKeyGroup is `subtask`.
inline KeyGroupRange KeyGroupsOfSubtask(uint32_t subtask, uint32_t parallelism, uint32_t num_key_groups = kNumKeyGroups) {
  auto first = [&](uint64_t index) {
    return static_cast<uint32_t>((index * num_key_groups + parallelism - 1) / parallelism);
  };
  return {first(subtask), first(subtask + 1)};
}

}  // namespace millrace
