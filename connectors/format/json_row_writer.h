#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"
#include "connectors/format/json_scalar.h"

namespace millrace {

enum class JsonRowStyle {
  // An array, lossless: decimals are strings, bytes are hex, maps are pairs sorted by their text, rows are arrays.
  kResult,
  // An object, as Flink's format 'json' writes it: decimals are numbers with all digits, bytes are base64, maps and
  // rows are objects.
  kObject,
};

// Writes rows as JSON text.
//
//   type             kResult                               kObject
//   numbers          all digits; NaN and Infinity are strings
//   DECIMAL          "1.50"                                1.50
//   BYTES            "00ff"                                "AP8="
//   DATE, TIME       "2020-02-29", "23:59:59.001" (a fraction that is not zero)
//   TIMESTAMP        "2020-02-29 23:59:59.999"             the same, or with T (ISO-8601)
//   TIMESTAMP_LTZ    the same in UTC, with Z
//   INTERVAL         "+1-06", "+1 00:00:00.001"            refused
//   MAP              [[key,value],…]                       {key:value,…}; keys are strings
//
// Thread:  any, it is immutable.
// Blocks:  never.
class JsonRowWriter {
 public:
  struct Options {
    JsonRowStyle style = JsonRowStyle::kResult;
    // Of kObject.
    TimestampFormat timestamp_format = TimestampFormat::kSql;
  };
  // InvalidArgument: a column's type cannot be written so.
  static absl::StatusOr<JsonRowWriter> Make(const arrow::Schema& schema, const Options& options);
  // One row, without a line break. `rows` has the columns of the schema, in its order. InvalidArgument: a MAP's key is
  // NULL, which JSON has no word for; `out` is then what it was.
  absl::Status AppendRow(const arrow::RecordBatch& rows, int64_t row, std::string* out) const;

 private:
  JsonRowWriter(Options options, std::vector<std::string> keys) : options_(options), keys_(std::move(keys)) {}
  absl::Status AppendValue(const arrow::Array& column, int64_t row, std::string* out) const;
  absl::Status AppendMap(const arrow::MapArray& column, int64_t row, std::string* out) const;
  absl::Status AppendFields(const arrow::StructArray& column, int64_t row, std::string* out) const;

  Options options_;
  // Names of the columns as JSON, with the colon.
  std::vector<std::string> keys_;
};

}  // namespace millrace
