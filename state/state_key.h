#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/key_group.h"
#include "state/state_backend.h"

namespace millrace {

// The key of a row of state. Frozen, with a golden test. Comparing bytes compares (group, table, slice, key).
//
//   0           2        4                                  12
//   +-----------+--------+----------------------------------+------------ …
//   | key group | table  | slice                            | key bytes
//   | u16 BE    | u16 BE | i64 BE, sign bit flipped         | base/key_bytes.h
//   +-----------+--------+----------------------------------+------------ …
struct StateKey {
  KeyGroup group = 0;
  TableId table = 0;
  Slice slice = 0;
  std::string_view key;
};

inline constexpr size_t kStateKeyPrefixBytes = 12;

// Appends the encoded key to `out`, which may hold other keys already.
void AppendStateKey(const StateKey& key, std::string& out);
std::string EncodeStateKey(const StateKey& key);
// The result borrows from `encoded`. DataLoss if it is too short.
absl::StatusOr<StateKey> ParseStateKey(std::string_view encoded);

// Where the rows of a key group begin: below every key of that group and above every key of the one before.
std::string FirstKeyOfGroup(uint32_t group);

// What every backend demands of its callers: whole keys, ascending, each once. Internal names the first that breaks it.
absl::Status CheckAscending(std::span<const StateWrite> writes);
absl::Status CheckAscending(std::span<const std::string_view> keys);

}  // namespace millrace
