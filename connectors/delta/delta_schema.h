#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "arrow/type_fwd.h"

namespace millrace {

// Arrow schemas and the schemaString of Delta's metaData:
//   bool boolean · int8 byte · int16 short · int32 integer · int64 long · float, double · decimal128(p,s) decimal(p,s)
//   · utf8 string · binary · date32 date · timestamp[us,UTC] timestamp · timestamp[us] timestamp_ntz · list, map,
//   struct
// Fails with InvalidArgument that names the column and the type.
absl::StatusOr<std::string> DeltaSchemaString(const arrow::Schema& schema);
// Refuses columns with an invariant: we could not enforce it.
absl::StatusOr<std::shared_ptr<arrow::Schema>> ParseDeltaSchema(std::string_view schema_string);

// The table then needs feature timestampNtz.
bool HasTimestampNtz(const arrow::Schema& schema);

// Whether rows of `rows` may be appended to a table of `table`: each column is there with the same type and is not
// nullable where the table's is not; columns that only the table has are nullable; the partitioning is the same.
// InvalidArgument, one line per column.
absl::Status CheckRowsFitTable(const arrow::Schema& rows, const std::vector<std::string>& rows_partition_by,
                               const arrow::Schema& table, const std::vector<std::string>& table_partition_by);

// One message per mistake: types without a Delta counterpart, names that Delta forbids, partition columns of unfit
// types.
std::vector<std::string> ValidateDeltaColumns(const arrow::Schema& schema,
                                              const std::vector<std::string>& partition_by);

}  // namespace millrace
