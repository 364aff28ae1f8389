#pragma once

#include <librdkafka/rdkafka.h>

#include <optional>
#include <string>
#include <string_view>

namespace millrace {

// What the last record consumed from a partition looked like. If another record stands at its offset after a restore,
// the topic was deleted and made anew, and positions mean nothing any more.
//
// On disk: never reorder.  [offset 8][timestamp 8][XXH3-64 of the value 8], little-endian
struct KafkaFingerprint {
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
  uint64_t value_hash = 0;

  static KafkaFingerprint Of(const rd_kafka_message_t& record);
  static std::optional<KafkaFingerprint> Decode(std::string_view bytes);
  std::string Encode() const;
  bool operator==(const KafkaFingerprint&) const = default;
};

}  // namespace millrace
