#include "connectors/kafka/kafka_fingerprint.h"

#include <xxhash.h>

#include <bit>
#include <cstring>

namespace millrace {

static_assert(std::endian::native == std::endian::little, "fingerprints are little-endian");

KafkaFingerprint KafkaFingerprint::Of(const rd_kafka_message_t& record) {
  return {.offset = record.offset,
          .timestamp_ms = rd_kafka_message_timestamp(&record, nullptr),
          .value_hash = record.payload == nullptr ? 0 : XXH3_64bits(record.payload, record.len)};
}

std::optional<KafkaFingerprint> KafkaFingerprint::Decode(std::string_view bytes) {
  KafkaFingerprint fingerprint;
  if (bytes.size() != 24) return std::nullopt;
  std::memcpy(&fingerprint.offset, bytes.data(), 8);
  std::memcpy(&fingerprint.timestamp_ms, bytes.data() + 8, 8);
  std::memcpy(&fingerprint.value_hash, bytes.data() + 16, 8);
  return fingerprint;
}

std::string KafkaFingerprint::Encode() const {
  std::string bytes(24, '\0');
  std::memcpy(bytes.data(), &offset, 8);
  std::memcpy(bytes.data() + 8, &timestamp_ms, 8);
  std::memcpy(bytes.data() + 16, &value_hash, 8);
  return bytes;
}

}  // namespace millrace
