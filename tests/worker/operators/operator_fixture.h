#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/api.h"
#include "arrow/json/from_string.h"
#include "base/data_type.h"
#include "base/memory_blob_store.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "state/memory_backend.h"
#include "worker/operators/registry.h"

namespace millrace {

// Keeps what an operator emits.
struct CollectedOutput final : public Output {
  void Emit(uint32_t output, BatchPtr rows) override { emitted.emplace_back(output, std::move(rows)); }
  // The rows of one output, each as its values joined by '|'.
  std::vector<std::string> Rows(uint32_t output) const {
    std::vector<std::string> rows;
    for (const auto& [number, batch] : emitted) {
      if (number != output) continue;
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        std::string line;
        for (const auto& column : batch->columns()) {
          if (!line.empty()) line += "|";
          line += (*column->GetScalar(row))->ToString();
        }
        rows.push_back(std::move(line));
      }
    }
    return rows;
  }
  std::vector<std::pair<uint32_t, BatchPtr>> emitted;
};

struct FixedProgress final : public DownstreamProgress {
  bool ChannelsCount() const override { return counts; }
  EventTimeMicros ReachedWatermark() const override { return reached; }
  bool counts = true;
  EventTimeMicros reached = kNoWatermark;
};

using Columns = std::vector<std::pair<std::string, std::string>>;

inline internal::v1::Schema SchemaMessage(const Columns& columns) {
  internal::v1::Schema schema;
  for (const auto& [name, type] : columns) {
    auto* column = schema.add_columns();
    column->set_name(name);
    column->set_type(type);
  }
  return schema;
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  EXPECT_TRUE(value.ok()) << value.status();
  return *std::move(value);
}

inline std::shared_ptr<arrow::Schema> ArrowSchema(const Columns& columns) {
  return Must(SchemaOf(SchemaMessage(columns).columns()));
}

// A batch from JSON rows such as [["a", 1], ["b", null]].
inline BatchPtr BatchOf(const std::shared_ptr<arrow::Schema>& schema, const std::vector<std::string>& columns_json) {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (int i = 0; i < schema->num_fields(); ++i) {
    arrays.push_back(arrow::json::ArrayFromJSONString(schema->field(i)->type(), columns_json[i]).ValueOrDie());
  }
  int64_t num_rows = arrays[0]->length();
  return arrow::RecordBatch::Make(schema, num_rows, std::move(arrays));
}

}  // namespace millrace
