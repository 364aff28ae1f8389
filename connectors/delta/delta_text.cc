#include "connectors/delta/delta_text.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <simdjson.h>

#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "base/error.h"

namespace millrace {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

int64_t FloorDivide(int64_t value, int64_t divisor) {
  int64_t quotient = value / divisor;
  return quotient * divisor > value ? quotient - 1 : quotient;
}

std::string Seconds(int64_t seconds, char separator) {
  absl::CivilSecond civil = absl::CivilSecond(1970, 1, 1) + seconds;
  return absl::StrFormat("%04d-%02d-%02d%c%02d:%02d:%02d", civil.year(), civil.month(), civil.day(), separator,
                         civil.hour(), civil.minute(), civil.second());
}

}  // namespace

std::string DeltaDate(int32_t days) {
  absl::CivilDay day = absl::CivilDay(1970, 1, 1) + days;
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

std::string DeltaPartitionTimestamp(int64_t micros, bool zoned) {
  int64_t seconds = FloorDivide(micros, kMicrosPerSecond);
  return absl::StrFormat("%s.%06d%s", Seconds(seconds, zoned ? 'T' : ' '), micros - seconds * kMicrosPerSecond,
                         zoned ? "Z" : "");
}

std::string DeltaStatsTimestamp(int64_t micros, bool zoned) {
  int64_t seconds = FloorDivide(micros, kMicrosPerSecond);
  return absl::StrFormat("%s.%03d%s", Seconds(seconds, 'T'), (micros - seconds * kMicrosPerSecond) / 1000,
                         zoned ? "Z" : "");
}

std::string DeltaDecimal(const arrow::Decimal128& value, int32_t scale) {
  const std::string text = value.ToIntegerString();
  if (scale <= 0) return text;
  std::string_view digits = text;
  const std::string_view sign = digits.starts_with('-') ? "-" : "";
  digits.remove_prefix(sign.size());
  const auto places = static_cast<size_t>(scale);
  if (digits.size() <= places) return Cat(sign, "0.", std::string(places - digits.size(), '0'), digits);
  return Cat(sign, digits.substr(0, digits.size() - places), ".", digits.substr(digits.size() - places));
}

absl::StatusOr<std::optional<std::string>> DeltaPartitionText(const arrow::Array& column, int64_t row) {
  using arrow::Type;
  if (column.IsNull(row)) return std::nullopt;
  switch (column.type_id()) {
    case Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(column).Value(row) ? "true" : "false";
    case Type::INT8:
      return Cat(static_cast<int>(static_cast<const arrow::Int8Array&>(column).Value(row)));
    case Type::INT16:
      return Cat(static_cast<const arrow::Int16Array&>(column).Value(row));
    case Type::INT32:
      return Cat(static_cast<const arrow::Int32Array&>(column).Value(row));
    case Type::INT64:
      return Cat(static_cast<const arrow::Int64Array&>(column).Value(row));
    case Type::DATE32:
      return DeltaDate(static_cast<const arrow::Date32Array&>(column).Value(row));
    case Type::TIMESTAMP:
      return DeltaPartitionTimestamp(static_cast<const arrow::TimestampArray&>(column).Value(row),
                                     !static_cast<const arrow::TimestampType&>(*column.type()).timezone().empty());
    case Type::DECIMAL128:
      return DeltaDecimal(arrow::Decimal128(static_cast<const arrow::Decimal128Array&>(column).GetValue(row)),
                          static_cast<const arrow::Decimal128Type&>(*column.type()).scale());
    case Type::STRING: {
      std::string_view text = static_cast<const arrow::StringArray&>(column).GetView(row);
      if (text.empty()) return std::nullopt;
      if (!simdjson::validate_utf8(text.data(), text.size())) {
        return InvalidArgument("a partition value is not UTF-8, so the table's log cannot hold it");
      }
      return std::string(text);
    }
    default:
      return InvalidArgument("a column of type ", column.type()->ToString(), " cannot partition a Delta table");
  }
}

}  // namespace millrace
