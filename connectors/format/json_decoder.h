#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/format/decoder.h"
#include "connectors/format/json_column.h"
#include "connectors/format/json_record_filter.h"

namespace millrace {

// Decodes JSON objects into the columns asked for, and no others; what is skipped is checked all the same.
//
// A record is bad if it is not one JSON object (UTF-8, grammar, text behind it, deeper than 64, larger than 16 MiB), or
// if a column does not take its value; docs/bad-records.md has examples:
//   · conversions are Flink's as long as nothing is lost ("12" → 12, 5.0 → 5); 1.7 → INT, a value out of range, more
//     digits than a DECIMAL or TIMESTAMP has, are bad, never null, never rounded
//   · FLOAT and DOUBLE take the nearest value; DECIMAL is exact, from the text
//   · STRING takes anything: objects and arrays become their JSON text without white space
//   · of a key that comes twice the last value counts; a missing one is null, bad if the column is NOT NULL
//
// Fails:   ResourceExhausted: no memory for the row.
class JsonDecoder final : public Decoder {
 public:
  struct Options {
    TimestampFormat timestamp_format = TimestampFormat::kSql;
    // Records for which it is not TRUE are dropped. Absent: none is.
    std::optional<internal::v1::RecordFilter> record_filter = std::nullopt;
    // The column of event time, a TIMESTAMP or TIMESTAMP_LTZ. "", or none of the schema's: there is none.
    std::string time_column = "";
  };
  // `schema`: fields of base/data_type.h, one per column. InvalidArgument: a type that JSON cannot fill, or a filter
  // that does not fit.
  static absl::StatusOr<std::unique_ptr<JsonDecoder>> Make(std::shared_ptr<arrow::Schema> schema, const Options& options);
  ~JsonDecoder() override;

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  absl::StatusOr<Decoded> Append(const RawRecord& record) override;
  EventTimeMicros dropped_time() const override { return dropped_time_; }
  std::string refusal() const override;
  int64_t num_rows() const override { return num_rows_; }
  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Flush() override;

 private:
  JsonDecoder(std::shared_ptr<arrow::Schema> schema, const std::vector<std::string>& names);
  // Finds the token of every column's value. Null, or what is wrong with the record.
  const char* FindValues();

  const std::shared_ptr<arrow::Schema> schema_;
  JsonIndex index_;
  JsonFieldMatcher matcher_;
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders_;
  // Each borrows its builder.
  std::vector<std::unique_ptr<JsonColumn>> columns_;
  std::vector<uint32_t> values_;
  JsonRow row_;
  // Of each column, the number of its first cell in the row.
  std::vector<uint32_t> first_cells_;
  std::optional<JsonRecordFilter> filter_;
  // Number of the column of event time, or −1.
  int time_column_ = -1;
  EventTimeMicros dropped_time_ = kNoWatermark;
  // Of the last bad record: what was wrong with it as a whole, or the column that did not take it.
  const char* malformed_ = nullptr;
  size_t refused_column_ = 0;
  int64_t num_rows_ = 0;
};

}  // namespace millrace
