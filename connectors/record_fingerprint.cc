#include "connectors/record_fingerprint.h"

#include <xxhash.h>

#include <bit>
#include <cstring>

namespace millrace {

static_assert(std::endian::native == std::endian::little, "fingerprints are little-endian");

RecordFingerprint RecordFingerprint::Of(int64_t offset, int64_t timestamp_ms, const void* value, size_t value_size) {
  return {.offset = offset, .timestamp_ms = timestamp_ms, .value_hash = value == nullptr ? 0 : XXH3_64bits(value, value_size)};
}

std::optional<RecordFingerprint> RecordFingerprint::Decode(std::string_view bytes) {
  RecordFingerprint fingerprint;
  if (bytes.size() != 24) return std::nullopt;
  std::memcpy(&fingerprint.offset, bytes.data(), 8);
  std::memcpy(&fingerprint.timestamp_ms, bytes.data() + 8, 8);
  std::memcpy(&fingerprint.value_hash, bytes.data() + 16, 8);
  return fingerprint;
}

std::string RecordFingerprint::Encode() const {
  std::string bytes(24, '\0');
  std::memcpy(bytes.data(), &offset, 8);
  std::memcpy(bytes.data() + 8, &timestamp_ms, 8);
  std::memcpy(bytes.data() + 16, &value_hash, 8);
  return bytes;
}

}  // namespace millrace
