#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "connectors/format/json_scalar.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Options of a Kafka source, under Flink's names. What is not listed here or in the allow-list of 'properties.*' is
// refused.
struct KafkaOptions {
  // Where a read begins or ends.
  enum class Place { kEarliest, kLatest, kTimestamp, kOffsets, kNever };

  std::string bootstrap_servers;    // 'properties.bootstrap.servers' or 'bootstrap.servers'
  std::vector<std::string> topics;  // 'topic', several separated by ';'
  std::string group_id;             // 'properties.group.id': positions are committed there for lag tools. Empty: nowhere
  Place start = Place::kEarliest;   // 'scan.startup.mode'
  int64_t start_timestamp_ms = 0;
  std::map<int32_t, int64_t> start_offsets;  // partitions that are absent begin at their earliest record
  Place end = Place::kNever;                 // 'scan.bounded.mode'
  int64_t end_timestamp_ms = 0;
  std::map<int32_t, int64_t> end_offsets;  // partitions that are absent are not read
  absl::Duration discovery_interval = absl::Minutes(5);
  TimestampFormat timestamp_format = TimestampFormat::kSql;
  // Settings handed to librdkafka; those that IsSecretSetting hold references.
  std::map<std::string, std::string> client;

  // Adds one message per mistake, in options and columns.
  static KafkaOptions Parse(const v1::Source& source, std::vector<std::string>* mistakes);
};

// Whether a setting of librdkafka holds a secret: a plan then gives a reference, see base/secret_reference.h.
bool IsSecretSetting(std::string_view name);

}  // namespace millrace
