#include "connectors/print/row_text.h"

#include "absl/strings/str_format.h"
#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "arrow/util/decimal.h"
#include "base/error.h"
#include "base/value_text.h"

namespace millrace {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

template <typename Array>
auto ValueOf(const arrow::Array& column, int64_t row) {
  return static_cast<const Array&>(column).Value(row);
}

// As LocalTime.toString: seconds only if they, or what is behind them, are not zero; 3 or 6 digits of a fraction.
void AppendJavaTime(int64_t micros, bool with_seconds, std::string* out) {
  const int64_t seconds = micros / kMicrosPerSecond;
  absl::StrAppendFormat(out, "%02d:%02d", seconds / 3600, seconds / 60 % 60);
  const int64_t fraction = micros % kMicrosPerSecond;
  if (!with_seconds && seconds % 60 == 0 && fraction == 0) return;
  absl::StrAppendFormat(out, ":%02d", seconds % 60);
  if (fraction % 1000 != 0) {
    absl::StrAppendFormat(out, ".%06d", fraction);
  } else if (fraction != 0) {
    absl::StrAppendFormat(out, ".%03d", fraction / 1000);
  }
}

void AppendJavaTimestamp(int64_t micros, bool is_instant, std::string* out) {
  int64_t days = micros / kMicrosPerDay;
  if (micros % kMicrosPerDay < 0) --days;
  AppendDate(days, out);
  *out += 'T';
  AppendJavaTime(micros - days * kMicrosPerDay, is_instant, out);
  if (is_instant) *out += 'Z';
}

void AppendValue(const arrow::Array& column, int64_t row, std::string* out);

void AppendList(const arrow::Array& items, int64_t begin, int64_t end, std::string* out) {
  *out += '[';
  for (int64_t at = begin; at < end; ++at) {
    if (at > begin) *out += ", ";
    AppendValue(items, at, out);
  }
  *out += ']';
}

void AppendMap(const arrow::MapArray& column, int64_t row, std::string* out) {
  *out += '{';
  for (int64_t at = column.value_offset(row); at < column.value_offset(row + 1); ++at) {
    if (at > column.value_offset(row)) *out += ", ";
    AppendValue(*column.keys(), at, out);
    *out += '=';
    AppendValue(*column.items(), at, out);
  }
  *out += '}';
}

void AppendFields(const arrow::ArrayVector& columns, int64_t row, std::string* out) {
  *out += "+I[";
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) *out += ", ";
    AppendValue(*columns[i], row, out);
  }
  *out += ']';
}

void AppendBytes(std::string_view bytes, std::string* out) {
  *out += '[';
  for (size_t i = 0; i < bytes.size(); ++i) {
    absl::StrAppendFormat(out, "%s%d", i > 0 ? ", " : "", static_cast<int>(static_cast<signed char>(bytes[i])));
  }
  *out += ']';
}

void AppendValue(const arrow::Array& column, int64_t row, std::string* out) {
  if (column.IsNull(row)) {
    *out += "null";
    return;
  }
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      *out += ValueOf<arrow::BooleanArray>(column, row) ? "true" : "false";
      return;
    case arrow::Type::INT8:
      *out += std::to_string(ValueOf<arrow::Int8Array>(column, row));
      return;
    case arrow::Type::INT16:
      *out += std::to_string(ValueOf<arrow::Int16Array>(column, row));
      return;
    case arrow::Type::INT32:
      *out += std::to_string(ValueOf<arrow::Int32Array>(column, row));
      return;
    case arrow::Type::INT64:
      *out += std::to_string(ValueOf<arrow::Int64Array>(column, row));
      return;
    case arrow::Type::FLOAT:
      AppendJavaFloat(ValueOf<arrow::FloatArray>(column, row), out);
      return;
    case arrow::Type::DOUBLE:
      AppendJavaDouble(ValueOf<arrow::DoubleArray>(column, row), out);
      return;
    case arrow::Type::DECIMAL128:
      AppendDecimal(arrow::Decimal128(static_cast<const arrow::Decimal128Array&>(column).GetValue(row)),
                    static_cast<const arrow::Decimal128Type&>(*column.type()).scale(), out);
      return;
    case arrow::Type::STRING:
      *out += static_cast<const arrow::StringArray&>(column).GetView(row);
      return;
    case arrow::Type::BINARY:
      AppendBytes(static_cast<const arrow::BinaryArray&>(column).GetView(row), out);
      return;
    case arrow::Type::DATE32:
      AppendDate(ValueOf<arrow::Date32Array>(column, row), out);
      return;
    case arrow::Type::TIME32:
      AppendJavaTime(int64_t{1000} * ValueOf<arrow::Time32Array>(column, row), false, out);
      return;
    case arrow::Type::TIMESTAMP:
      AppendJavaTimestamp(ValueOf<arrow::TimestampArray>(column, row),
                          !static_cast<const arrow::TimestampType&>(*column.type()).timezone().empty(), out);
      return;
    case arrow::Type::INTERVAL_MONTHS:
      AppendYearToMonth(ValueOf<arrow::MonthIntervalArray>(column, row), out);
      return;
    case arrow::Type::DURATION:
      AppendDayToSecond(ValueOf<arrow::DurationArray>(column, row), out);
      return;
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(column);
      AppendList(*list.values(), list.value_offset(row), list.value_offset(row + 1), out);
      return;
    }
    case arrow::Type::MAP:
      AppendMap(static_cast<const arrow::MapArray&>(column), row, out);
      return;
    case arrow::Type::STRUCT: {
      arrow::ArrayVector fields;
      for (int i = 0; i < column.type()->num_fields(); ++i) fields.push_back(static_cast<const arrow::StructArray&>(column).field(i));
      AppendFields(fields, row, out);
      return;
    }
    default:
      *out += Cat("<", column.type()->ToString(), ">");
  }
}

}  // namespace

void AppendRowText(const arrow::RecordBatch& rows, int64_t row, std::string* out) { AppendFields(rows.columns(), row, out); }

}  // namespace millrace
