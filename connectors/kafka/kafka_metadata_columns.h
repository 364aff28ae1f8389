#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "base/event_time.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Columns that a record fills beside its payload: topic STRING, partition INT, offset BIGINT, timestamp
// TIMESTAMP_LTZ(3) or TIMESTAMP(3), key BYTES, headers MAP<STRING, BYTES>.
class KafkaMetadataColumns {
 public:
  // InvalidArgument: there is no such metadata, or it has another type, or JSON cannot fill the column.
  static absl::Status Check(const v1::Column& column);

  KafkaMetadataColumns();
  ~KafkaMetadataColumns();
  KafkaMetadataColumns(KafkaMetadataColumns&&) noexcept;
  // `is_time`: it is the column of event time, and so the timestamp.
  absl::Status Add(const v1::Column& column, const arrow::Field& field, bool is_time);
  // What makes a record bad: a NOT NULL column for which it has nothing. Null: it is fine.
  const char* Refuses(const rd_kafka_message_t& record) const;
  // The record's event time, kNoWatermark if it has none. Nothing: event time does not come from here.
  std::optional<EventTimeMicros> TimeOf(const rd_kafka_message_t& record) const;
  absl::Status Append(const rd_kafka_message_t& record);
  // One array per column, in the order of Add.
  absl::StatusOr<std::vector<std::shared_ptr<arrow::Array>>> Flush();

 private:
  enum class Kind { kTopic, kPartition, kOffset, kTimestamp, kKey, kHeaders };
  struct Column {
    Kind kind;
    bool nullable;
    std::unique_ptr<arrow::ArrayBuilder> builder;
  };
  static absl::Status AppendHeaders(const rd_kafka_message_t& record, arrow::ArrayBuilder* builder);

  std::vector<Column> columns_;
  bool has_time_ = false;
};

}  // namespace millrace
