#include "connectors/kafka/kafka_metadata_columns.h"

#include <map>

#include "arrow/builder.h"
#include "arrow/type.h"
#include "base/arrow_status.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/nearest_name.h"
#include "connectors/format/json_decoder.h"

namespace millrace {
namespace {

const std::vector<std::string>& Names() {
  static const auto& names = *new std::vector<std::string>{"topic", "partition", "offset", "timestamp", "key", "headers"};
  return names;
}

}  // namespace

absl::Status KafkaMetadataColumns::Check(const v1::Column& column) {
  auto field = FieldOf(column);
  if (!field.ok()) return Annotate(field.status(), "column '", column.name(), "'");
  if (column.metadata().empty()) return JsonDecoder::Make(arrow::schema({*field}), {}).status();
  static const auto& accepted = *new std::map<std::string, std::string>{
      {"topic", "STRING"}, {"partition", "INT"}, {"offset", "BIGINT"}, {"timestamp", "TIMESTAMP_LTZ(3)"},
      {"key", "BYTES"}, {"headers", "MAP<STRING, BYTES>"}};
  auto found = accepted.find(column.metadata());
  if (found == accepted.end()) {
    return InvalidArgument("column '", column.name(), "': there is no metadata '", column.metadata(), "'",
                           NameAdvice(column.metadata(), Names()));
  }
  const arrow::DataType& type = *(*field)->type();
  auto wanted = ParseDataType(found->second);
  bool fits = column.metadata() == "timestamp" ? type.id() == arrow::Type::TIMESTAMP : wanted.ok() && type.Equals(*wanted->arrow);
  if (column.metadata() == "headers" && type.id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(type);
    fits = map.key_type()->id() == arrow::Type::STRING && map.item_type()->id() == arrow::Type::BINARY;
  }
  if (fits) return absl::OkStatus();
  return InvalidArgument("column '", column.name(), "': metadata '", column.metadata(), "' is ", found->second, ", not ", column.type());
}

KafkaMetadataColumns::KafkaMetadataColumns() = default;
KafkaMetadataColumns::~KafkaMetadataColumns() = default;
KafkaMetadataColumns::KafkaMetadataColumns(KafkaMetadataColumns&&) noexcept = default;

absl::Status KafkaMetadataColumns::Add(const v1::Column& column, const arrow::Field& field, bool is_time) {
  RETURN_IF_ERROR(Check(column));
  ASSIGN_OR_RETURN(auto builder, FromArrow(arrow::MakeBuilder(field.type())));
  size_t kind = std::find(Names().begin(), Names().end(), column.metadata()) - Names().begin();
  columns_.push_back({static_cast<Kind>(kind), field.nullable(), std::move(builder)});
  has_time_ = has_time_ || is_time;
  return absl::OkStatus();
}

const char* KafkaMetadataColumns::Refuses(const rd_kafka_message_t& record) const {
  for (const Column& column : columns_) {
    if (column.nullable) continue;
    if (column.kind == Kind::kKey && record.key == nullptr) return "the record has no key, but the column is NOT NULL";
    if (column.kind == Kind::kTimestamp && rd_kafka_message_timestamp(&record, nullptr) < 0) {
      return "the record has no timestamp, but the column is NOT NULL";
    }
  }
  return nullptr;
}

std::optional<EventTimeMicros> KafkaMetadataColumns::TimeOf(const rd_kafka_message_t& record) const {
  if (!has_time_) return std::nullopt;
  const int64_t millis = rd_kafka_message_timestamp(&record, nullptr);
  return millis < 0 ? kNoWatermark : millis * kMicrosPerMilli;
}

absl::Status KafkaMetadataColumns::AppendHeaders(const rd_kafka_message_t& record, arrow::ArrayBuilder* builder) {
  auto* map = static_cast<arrow::MapBuilder*>(builder);
  auto* keys = static_cast<arrow::StringBuilder*>(map->key_builder());
  auto* values = static_cast<arrow::BinaryBuilder*>(map->item_builder());
  RETURN_IF_ERROR(FromArrow(map->Append()));
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&record, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  // Of a name that comes twice the last value counts, as in Flink.
  std::map<std::string_view, std::pair<const void*, size_t>> last;
  for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    last[name] = {value, size};
  }
  for (const auto& [header, bytes] : last) {
    RETURN_IF_ERROR(FromArrow(keys->Append(header)));
    if (bytes.first == nullptr) {
      RETURN_IF_ERROR(FromArrow(values->AppendNull()));
    } else {
      RETURN_IF_ERROR(FromArrow(values->Append(static_cast<const uint8_t*>(bytes.first), static_cast<int32_t>(bytes.second))));
    }
  }
  return absl::OkStatus();
}

absl::Status KafkaMetadataColumns::Append(const rd_kafka_message_t& record) {
  for (Column& column : columns_) {
    arrow::ArrayBuilder* builder = column.builder.get();
    arrow::Status status;
    switch (column.kind) {
      case Kind::kTopic:
        status = static_cast<arrow::StringBuilder*>(builder)->Append(rd_kafka_topic_name(record.rkt));
        break;
      case Kind::kPartition:
        status = static_cast<arrow::Int32Builder*>(builder)->Append(record.partition);
        break;
      case Kind::kOffset:
        status = static_cast<arrow::Int64Builder*>(builder)->Append(record.offset);
        break;
      case Kind::kTimestamp: {
        int64_t millis = rd_kafka_message_timestamp(&record, nullptr);
        auto* timestamps = static_cast<arrow::TimestampBuilder*>(builder);
        status = millis < 0 ? timestamps->AppendNull() : timestamps->Append(millis * kMicrosPerMilli);
        break;
      }
      case Kind::kKey: {
        auto* keys = static_cast<arrow::BinaryBuilder*>(builder);
        status = record.key == nullptr
                     ? keys->AppendNull()
                     : keys->Append(static_cast<const uint8_t*>(record.key), static_cast<int32_t>(record.key_len));
        break;
      }
      case Kind::kHeaders:
        RETURN_IF_ERROR(AppendHeaders(record, builder));
        break;
    }
    if (!status.ok()) return FromArrow(status);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::shared_ptr<arrow::Array>>> KafkaMetadataColumns::Flush() {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (Column& column : columns_) {
    ASSIGN_OR_RETURN(arrays.emplace_back(), FromArrow(column.builder->Finish()));
  }
  return arrays;
}

}  // namespace millrace
