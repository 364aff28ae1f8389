#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/data_type.h"
#include "base/expression/function.h"

namespace millrace {

// What rules of result types are made of.

enum class TypeFamily {
  kBoolean,
  kNumber,
  kString,
  kBytes,
  kDate,
  kTime,
  kTimestamp,
  kTimestampLtz,
  kMonths,   // INTERVAL YEAR TO MONTH
  kMillis,   // INTERVAL DAY TO SECOND(3)
  kNested,
};

TypeFamily FamilyOf(const DataType& type);
bool IsInteger(const DataType& type);
bool IsFloating(const DataType& type);
bool IsDecimal(const DataType& type);
bool IsExact(const DataType& type);  // an integer or a DECIMAL
bool AnyNullable(std::span<const CallArgument> args);

// `arrow` with the spelling that it has in SQL.
DataType MakeType(std::shared_ptr<arrow::DataType> arrow, bool nullable, int precision = 0);
// `sql`, which has to be a type.
DataType MakeType(const std::string& sql, bool nullable);
DataType WithNullability(DataType type, bool nullable);

struct DecimalDigits {
  int precision;
  int scale;
};
// Of an integer or a DECIMAL.
DecimalDigits DigitsOf(const DataType& type);
// At most 38 digits: too many are cut off behind the point, but for the first six.
std::shared_ptr<arrow::DataType> FittedDecimal(int precision, int scale);
// n of CHAR(n), VARCHAR(n), BINARY(n), VARBINARY(n); −1 for STRING and BYTES. `fixed`: CHAR or BINARY.
struct TextLength {
  int64_t length;
  bool fixed;
};
TextLength LengthOf(const DataType& type);

// The type that all values are brought to by CASE, COALESCE, comparisons, arrays…; nothing: there is none.
std::optional<DataType> CommonType(std::span<const DataType> types);
std::vector<DataType> TypesOf(std::span<const CallArgument> args);

// What a parameter takes, and what it is converted to.
enum class ArgumentKind {
  kAny,        // as it is
  kString,     // CHAR, VARCHAR, STRING as they are
  kBytes,      // BINARY, VARBINARY, BYTES as they are
  kText,       // strings or bytes as they are
  kBoolean,
  kInt,        // TINYINT, SMALLINT, INT → INT
  kBigint,     // integers → BIGINT
  kNumber,     // any number as it is
  kDouble,     // numbers → DOUBLE
  kExact,      // integers and DECIMAL as they are
  kDate,
  kTime,
  kTimestamp,  // TIMESTAMP(p) as it is
  kTimestampLtz,
  kMonths,
  kMillis,
};

struct TakesOptions {
  // Parameters at the end that may be left out.
  size_t optional = 0;
  // The last parameter may be repeated.
  bool repeated = false;
  // The result may be NULL even if no argument is; else it may be if an argument may.
  bool nullable = false;
  bool never_null = false;
};

// A function with these parameters and a fixed result ("STRING").
ResolveRule Takes(std::vector<ArgumentKind> parameters, const std::string& result, TakesOptions options = {});
// The same with a result that follows from the converted arguments (whose nullability is set afterwards by `options`).
ResolveRule Takes(std::vector<ArgumentKind> parameters, std::function<DataType(std::span<const CallArgument>)> result,
                  TakesOptions options = {});

}  // namespace millrace
