#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"

namespace millrace::v1 {
class Column;
}
namespace google::protobuf {
template <typename T>
class RepeatedPtrField;
}

namespace millrace {

// SQL types as Flink spells them, and the Arrow types that hold them:
//   BOOLEAN bool · TINYINT…BIGINT int8…int64 · FLOAT, DOUBLE · DECIMAL(p,s) decimal128, p ≤ 38 · CHAR(n), VARCHAR(n),
//   STRING utf8 · BINARY(n), VARBINARY(n), BYTES binary · DATE date32 · TIME(p) time32[ms] · TIMESTAMP(p) timestamp[us]
//   · TIMESTAMP_LTZ(p) timestamp[us, UTC], p ≤ 6 · INTERVAL YEAR TO MONTH month_interval · INTERVAL DAY TO SECOND(3)
//   duration[ms] · ARRAY<t> list · MAP<k,v> map · ROW<n t, …> struct
// Anything else, and a precision above those, is refused. A type is nullable unless it ends in NOT NULL.
struct DataType {
  std::shared_ptr<arrow::DataType> arrow;
  bool nullable = true;
  // Digits of the fraction of a second, for TIMESTAMP, TIMESTAMP_LTZ and TIME; else 0.
  int precision = 0;
  // Canonical spelling, such as "TIMESTAMP_LTZ(3) NOT NULL".
  std::string sql;
};

// Fails with InvalidArgument that names the offending part and what is accepted.
absl::StatusOr<DataType> ParseDataType(std::string_view sql);

// The canonical spelling for an Arrow type; timestamps get precision 6 unless `precision` says otherwise.
std::string SqlTypeOf(const arrow::DataType& type, bool nullable, int precision = 6);

// The field's metadata keeps the SQL spelling under key "millrace.sql_type".
absl::StatusOr<std::shared_ptr<arrow::Field>> FieldOf(const v1::Column& column);
absl::StatusOr<std::shared_ptr<arrow::Schema>> SchemaOf(const google::protobuf::RepeatedPtrField<v1::Column>& columns);

}  // namespace millrace
