#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "arrow/type_fwd.h"
#include "base/data_type.h"

namespace millrace::sql {

// Types as the binder makes them. Names of these functions say Sql where base has its own.

// The type with the spelling that it has in SQL. `precision`: of times and timestamps.
DataType SqlType(const std::shared_ptr<arrow::DataType>& arrow, bool nullable, int precision = 0);
// CHAR(n) and BINARY(n), also of no characters, which only literals have.
DataType FixedText(bool binary, int64_t length, bool nullable);
// INTERVAL YEAR TO MONTH: a number of months. INTERVAL DAY TO SECOND(3): a number of milliseconds.
DataType MonthsInterval(bool nullable);
DataType MillisInterval(bool nullable);
// The type of a bare NULL until its place gives it one.
DataType UntypedNull();
bool IsUntypedNull(const DataType& type);

DataType WithNull(DataType type, bool nullable);
// The spelling without NOT NULL.
std::string SpelledNullable(const DataType& type);
// Whether they differ at most in NOT NULL.
bool IsSameType(const DataType& a, const DataType& b);

bool IsText(const DataType& type);
bool IsBytes(const DataType& type);
bool IsBoolean(const DataType& type);
bool IsInterval(const DataType& type);
bool IsNumeric(const DataType& type);
bool IsTimestamp(const DataType& type);
// TIMESTAMP_LTZ
bool IsZonedTimestamp(const DataType& type);

// The type that values of all of these are brought to (CASE, UNION ALL, VALUES); may be NULL if one of them may.
// nullopt: there is none.
std::optional<DataType> CommonSqlType(std::span<const DataType> types);

}  // namespace millrace::sql
