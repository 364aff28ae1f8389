#include "connectors/dead_letter.h"

#include <arrow/api.h>

#include <utility>

#include "base/check.h"
#include "base/data_type.h"
#include "base/dead_letter_columns.h"

namespace millrace {
namespace {

// Indices into kDeadLetterColumns.
enum : int {
  kReason,
  kPipeline,
  kOperator,
  kError,
  kTopic,
  kPartition,
  kOffset,
  kTimestamp,
  kEventTime,
  kWatermark,
  kKey,
  kValue,
  kAttempt
};

void CheckAppended(const arrow::Status& status) {
  Check(status.ok(), "a dead letter can be appended: only lack of memory prevents it");
}

}  // namespace

google::protobuf::RepeatedPtrField<v1::Column> DeadLetterColumns() {
  google::protobuf::RepeatedPtrField<v1::Column> columns;
  for (const DeadLetterColumn& column : kDeadLetterColumns) {
    v1::Column& added = *columns.Add();
    added.set_name(column.name);
    added.set_type(column.type);
  }
  return columns;
}

const std::shared_ptr<arrow::Schema>& DeadLetterSchema() {
  static const auto& schema = *new std::shared_ptr<arrow::Schema>(SchemaOf(DeadLetterColumns()).value());
  return schema;
}

DeadLetterBuilder::DeadLetterBuilder(std::string pipeline, std::string operator_uid)
    : pipeline_(std::move(pipeline)), operator_uid_(std::move(operator_uid)) {
  auto builder = arrow::RecordBatchBuilder::Make(DeadLetterSchema(), arrow::default_memory_pool());
  Check(builder.ok(), "the envelope's columns have builders");
  builder_ = std::move(builder).ValueUnsafe();
}

DeadLetterBuilder::~DeadLetterBuilder() = default;

void DeadLetterBuilder::Append(const DeadLetter& letter) {
  auto text = [this](int column, std::string_view value) {
    CheckAppended(builder_->GetFieldAs<arrow::StringBuilder>(column)->Append(value));
  };
  auto bytes = [this](int column, const void* data, size_t size) {
    auto* builder = builder_->GetFieldAs<arrow::BinaryBuilder>(column);
    if (data == nullptr) return CheckAppended(builder->AppendNull());
    CheckAppended(builder->Append(static_cast<const char*>(data), static_cast<int32_t>(size)));
  };
  auto null = [this](int column) { CheckAppended(builder_->GetField(column)->AppendNull()); };
  text(kReason, letter.reason);
  text(kPipeline, pipeline_);
  text(kOperator, operator_uid_);
  text(kError, letter.error);
  if (letter.topic.data() == nullptr) {
    for (int column : {kTopic, kPartition, kOffset}) null(column);
  } else {
    text(kTopic, letter.topic);
    CheckAppended(builder_->GetFieldAs<arrow::Int32Builder>(kPartition)->Append(letter.partition));
    CheckAppended(builder_->GetFieldAs<arrow::Int64Builder>(kOffset)->Append(letter.offset));
  }
  if (letter.timestamp_ms < 0) {
    null(kTimestamp);
  } else {
    CheckAppended(builder_->GetFieldAs<arrow::TimestampBuilder>(kTimestamp)->Append(letter.timestamp_ms * 1000));
  }
  null(kEventTime);
  null(kWatermark);
  bytes(kKey, letter.key, letter.key_size);
  bytes(kValue, letter.value, letter.value_size);
  null(kAttempt);
  ++num_rows_;
}

std::shared_ptr<arrow::RecordBatch> DeadLetterBuilder::Flush() {
  if (num_rows_ == 0) return nullptr;
  auto batch = builder_->Flush();
  Check(batch.ok(), "dead letters make a batch");
  num_rows_ = 0;
  return std::move(batch).ValueUnsafe();
}

}  // namespace millrace
