#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "arrow/type_fwd.h"
#include "millrace/v1/plan.pb.h"

namespace arrow {
class RecordBatchBuilder;
}

namespace millrace {

// The envelope of base/dead_letter_columns.h, as the plan and as Arrow spell it.
google::protobuf::RepeatedPtrField<v1::Column> DeadLetterColumns();
const std::shared_ptr<arrow::Schema>& DeadLetterSchema();

// One bad record.
struct DeadLetter {
  std::string_view reason = "decode";
  std::string_view error;
  std::string_view topic;  // not set: neither it nor partition and offset are known
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp_ms = -1;  // -1: unknown
  const void* key = nullptr;  // nullptr: no key
  size_t key_size = 0;
  const void* value = nullptr;
  size_t value_size = 0;
};

// Collects dead letters into batches of DeadLetterSchema().
class DeadLetterBuilder {
 public:
  DeadLetterBuilder(std::string pipeline, std::string operator_uid);
  ~DeadLetterBuilder();
  void Append(const DeadLetter& letter);
  int64_t num_rows() const { return num_rows_; }
  // Rows since the last Flush; null if there are none.
  std::shared_ptr<arrow::RecordBatch> Flush();

 private:
  const std::string pipeline_;
  const std::string operator_uid_;
  std::unique_ptr<arrow::RecordBatchBuilder> builder_;
  int64_t num_rows_ = 0;
};

}  // namespace millrace
