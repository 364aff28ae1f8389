#include "coordinator/sql/sql_types.h"

#include <algorithm>
#include <vector>

#include "arrow/type.h"
#include "arrow/type_traits.h"
#include "base/error.h"
#include "base/expression/function_registry.h"

namespace millrace::sql {
namespace {

constexpr std::string_view kNotNull = " NOT NULL";

DataType Spelled(std::shared_ptr<arrow::DataType> arrow, std::string sql, bool nullable) {
  DataType type{.arrow = std::move(arrow), .nullable = true, .precision = 0, .sql = std::move(sql)};
  return WithNull(std::move(type), nullable);
}

}  // namespace

DataType SqlType(const std::shared_ptr<arrow::DataType>& arrow, bool nullable, int precision) {
  DataType type{.arrow = arrow, .nullable = nullable, .precision = precision, .sql = ""};
  type.sql = SqlTypeOf(*arrow, nullable, precision);
  return type;
}

DataType FixedText(bool binary, int64_t length, bool nullable) {
  return Spelled(binary ? arrow::binary() : arrow::utf8(), Cat(binary ? "BINARY(" : "CHAR(", length, ")"), nullable);
}

DataType MonthsInterval(bool nullable) { return Spelled(arrow::month_interval(), "INTERVAL YEAR TO MONTH", nullable); }
DataType MillisInterval(bool nullable) {
  return Spelled(arrow::duration(arrow::TimeUnit::MILLI), "INTERVAL DAY TO SECOND(3)", nullable);
}

DataType UntypedNull() { return Spelled(arrow::null(), "NULL", true); }
bool IsUntypedNull(const DataType& type) { return type.arrow->id() == arrow::Type::NA; }

DataType WithNull(DataType type, bool nullable) {
  const bool spelled = std::string_view(type.sql).ends_with(kNotNull);
  if (nullable && spelled) type.sql.resize(type.sql.size() - kNotNull.size());
  if (!nullable && !spelled) type.sql += kNotNull;
  type.nullable = nullable;
  return type;
}

std::string SpelledNullable(const DataType& type) { return WithNull(type, true).sql; }
bool IsSameType(const DataType& a, const DataType& b) { return SpelledNullable(a) == SpelledNullable(b); }

bool IsText(const DataType& type) { return type.arrow->id() == arrow::Type::STRING; }
bool IsBytes(const DataType& type) { return type.arrow->id() == arrow::Type::BINARY; }
bool IsBoolean(const DataType& type) { return type.arrow->id() == arrow::Type::BOOL; }
bool IsInterval(const DataType& type) {
  return type.arrow->id() == arrow::Type::INTERVAL_MONTHS || type.arrow->id() == arrow::Type::DURATION;
}
bool IsNumeric(const DataType& type) {
  const arrow::Type::type id = type.arrow->id();
  return arrow::is_signed_integer(id) || arrow::is_floating(id) || id == arrow::Type::DECIMAL128;
}
bool IsTimestamp(const DataType& type) { return type.arrow->id() == arrow::Type::TIMESTAMP; }
bool IsZonedTimestamp(const DataType& type) {
  return IsTimestamp(type) && !static_cast<const arrow::TimestampType&>(*type.arrow).timezone().empty();
}

std::optional<DataType> CommonSqlType(std::span<const DataType> types) {
  std::vector<CallArgument> arguments;
  bool nullable = false;
  for (const DataType& type : types) {
    nullable |= type.nullable;
    if (!IsUntypedNull(type)) arguments.push_back({type, nullptr});
  }
  if (arguments.empty()) return std::nullopt;
  const bool alike = std::all_of(arguments.begin(), arguments.end(), [&](const CallArgument& argument) {
    return IsSameType(argument.type, arguments[0].type);
  });
  if (alike) return WithNull(arguments[0].type, nullable);
  absl::StatusOr<ResolvedCall> common = ResolveCall("coalesce", arguments);
  if (!common.ok()) return std::nullopt;
  return WithNull(common->result, nullable);
}

}  // namespace millrace::sql
