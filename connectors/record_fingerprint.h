#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

// What the last record consumed from a partition looked like. If another record stands at its offset after a restore,
// the topic was deleted and made anew, and positions mean nothing any more.
//
// On disk: never reorder.  [offset 8][timestamp 8][XXH3-64 of the value 8], little-endian
struct RecordFingerprint {
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
  uint64_t value_hash = 0;

  // `value`: null if the record has none.
  static RecordFingerprint Of(int64_t offset, int64_t timestamp_ms, const void* value, size_t value_size);
  static std::optional<RecordFingerprint> Decode(std::string_view bytes);
  std::string Encode() const;
  bool operator==(const RecordFingerprint&) const = default;
};

}  // namespace millrace
