#include "connectors/format/json_row_writer.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/escaping.h"
#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "arrow/util/decimal.h"
#include "base/data_type.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/value_text.h"

namespace millrace {
namespace {

template <typename To, typename From>
const To& As(const From& from) {
  return static_cast<const To&>(from);
}

std::string_view Text(const arrow::Array& column, int64_t row) { return As<arrow::BinaryArray>(column).GetView(row); }

absl::Status CheckType(const arrow::DataType& type, JsonRowStyle style) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL128:
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::DATE32:
    case arrow::Type::TIME32:
    case arrow::Type::TIMESTAMP:
      return absl::OkStatus();
    case arrow::Type::INTERVAL_MONTHS:
    case arrow::Type::DURATION:
      if (style == JsonRowStyle::kResult) return absl::OkStatus();
      return InvalidArgument("JSON has no INTERVAL; cast it to STRING or to a number");
    case arrow::Type::MAP:
      if (style == JsonRowStyle::kObject && As<arrow::MapType>(type).key_type()->id() != arrow::Type::STRING) {
        return InvalidArgument("JSON has only string keys, but the MAP's are ", SqlTypeOf(*As<arrow::MapType>(type).key_type(), true),
                               "; cast it to MAP<STRING, …>");
      }
      break;
    case arrow::Type::LIST:
    case arrow::Type::STRUCT:
      break;
    default:
      return InvalidArgument("JSON cannot be written of type ", type.ToString());
  }
  const auto& parts = type.id() == arrow::Type::MAP ? type.field(0)->type()->fields() : type.fields();
  for (const auto& part : parts) RETURN_IF_ERROR(CheckType(*part->type(), style));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JsonRowWriter> JsonRowWriter::Make(const arrow::Schema& schema, const Options& options) {
  std::vector<std::string> keys;
  for (const auto& field : schema.fields()) {
    RETURN_IF_ERROR(Annotate(CheckType(*field->type(), options.style), "column '", field->name(), "'"));
    std::string& key = keys.emplace_back();
    AppendJsonString(field->name(), &key);
    key += ':';
  }
  return JsonRowWriter(options, std::move(keys));
}

absl::Status JsonRowWriter::AppendRow(const arrow::RecordBatch& rows, int64_t row, std::string* out) const {
  const bool is_object = options_.style == JsonRowStyle::kObject;
  const size_t begin = out->size();
  *out += is_object ? '{' : '[';
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (i > 0) *out += ',';
    if (is_object) *out += keys_[i];
    if (absl::Status status = AppendValue(*rows.column(static_cast<int>(i)), row, out); !status.ok()) {
      out->resize(begin);
      return Annotate(status, "write column '", rows.column_name(static_cast<int>(i)), "' as JSON");
    }
  }
  *out += is_object ? '}' : ']';
  return absl::OkStatus();
}

absl::Status JsonRowWriter::AppendValue(const arrow::Array& column, int64_t row, std::string* out) const {
  if (column.IsNull(row)) {
    *out += "null";
    return absl::OkStatus();
  }
  const bool is_object = options_.style == JsonRowStyle::kObject;
  auto quoted = [out](auto&& append) {
    *out += '"';
    append();
    *out += '"';
  };
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      *out += As<arrow::BooleanArray>(column).Value(row) ? "true" : "false";
      break;
    case arrow::Type::INT8:
      *out += std::to_string(As<arrow::Int8Array>(column).Value(row));
      break;
    case arrow::Type::INT16:
      *out += std::to_string(As<arrow::Int16Array>(column).Value(row));
      break;
    case arrow::Type::INT32:
      *out += std::to_string(As<arrow::Int32Array>(column).Value(row));
      break;
    case arrow::Type::INT64:
      *out += std::to_string(As<arrow::Int64Array>(column).Value(row));
      break;
    case arrow::Type::FLOAT: {
      const float value = As<arrow::FloatArray>(column).Value(row);
      if (std::isfinite(value)) {
        AppendJavaFloat(value, out);
      } else {
        quoted([&] { AppendJavaFloat(value, out); });
      }
      break;
    }
    case arrow::Type::DOUBLE: {
      const double value = As<arrow::DoubleArray>(column).Value(row);
      if (std::isfinite(value)) {
        AppendJavaDouble(value, out);
      } else {
        quoted([&] { AppendJavaDouble(value, out); });
      }
      break;
    }
    case arrow::Type::DECIMAL128: {
      const arrow::Decimal128 value(As<arrow::Decimal128Array>(column).GetValue(row));
      const int32_t scale = As<arrow::Decimal128Type>(*column.type()).scale();
      if (is_object) {
        AppendDecimal(value, scale, out);
      } else {
        quoted([&] { AppendDecimal(value, scale, out); });
      }
      break;
    }
    case arrow::Type::STRING:
      AppendJsonString(Text(column, row), out);
      break;
    case arrow::Type::BINARY:
      quoted([&] { *out += is_object ? absl::Base64Escape(AbslView(Text(column, row))) : absl::BytesToHexString(AbslView(Text(column, row))); });
      break;
    case arrow::Type::DATE32:
      quoted([&] { AppendDate(As<arrow::Date32Array>(column).Value(row), out); });
      break;
    case arrow::Type::TIME32:
      quoted([&] { AppendTimeOfDay(int64_t{1000} * As<arrow::Time32Array>(column).Value(row), out); });
      break;
    case arrow::Type::TIMESTAMP: {
      const bool is_iso = is_object && options_.timestamp_format == TimestampFormat::kIso8601;
      quoted([&] {
        AppendTimestamp(As<arrow::TimestampArray>(column).Value(row), is_iso ? 'T' : ' ', out);
        if (!As<arrow::TimestampType>(*column.type()).timezone().empty()) *out += 'Z';
      });
      break;
    }
    case arrow::Type::INTERVAL_MONTHS:
      quoted([&] { AppendYearToMonth(As<arrow::MonthIntervalArray>(column).Value(row), out); });
      break;
    case arrow::Type::DURATION:
      quoted([&] { AppendDayToSecond(As<arrow::DurationArray>(column).Value(row), out); });
      break;
    case arrow::Type::LIST: {
      const auto& list = As<arrow::ListArray>(column);
      *out += '[';
      for (int64_t at = list.value_offset(row); at < list.value_offset(row + 1); ++at) {
        if (at > list.value_offset(row)) *out += ',';
        RETURN_IF_ERROR(AppendValue(*list.values(), at, out));
      }
      *out += ']';
      break;
    }
    case arrow::Type::MAP:
      return AppendMap(As<arrow::MapArray>(column), row, out);
    case arrow::Type::STRUCT:
      return AppendFields(As<arrow::StructArray>(column), row, out);
    default:
      return Internal("there is no rule for type ", column.type()->ToString());
  }
  return absl::OkStatus();
}

absl::Status JsonRowWriter::AppendMap(const arrow::MapArray& column, int64_t row, std::string* out) const {
  const bool is_object = options_.style == JsonRowStyle::kObject;
  std::vector<std::string> entries;
  for (int64_t at = column.value_offset(row); at < column.value_offset(row + 1); ++at) {
    std::string& entry = entries.emplace_back();
    if (is_object && column.keys()->IsNull(at)) return InvalidArgument("the key of a MAP is NULL");
    if (!is_object) entry += '[';
    RETURN_IF_ERROR(AppendValue(*column.keys(), at, &entry));
    entry += is_object ? ':' : ',';
    RETURN_IF_ERROR(AppendValue(*column.items(), at, &entry));
    if (!is_object) entry += ']';
  }
  if (!is_object) std::sort(entries.begin(), entries.end());
  *out += is_object ? '{' : '[';
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) *out += ',';
    *out += entries[i];
  }
  *out += is_object ? '}' : ']';
  return absl::OkStatus();
}

absl::Status JsonRowWriter::AppendFields(const arrow::StructArray& column, int64_t row, std::string* out) const {
  const bool is_object = options_.style == JsonRowStyle::kObject;
  *out += is_object ? '{' : '[';
  for (int i = 0; i < column.num_fields(); ++i) {
    if (i > 0) *out += ',';
    if (is_object) {
      AppendJsonString(column.type()->field(i)->name(), out);
      *out += ':';
    }
    RETURN_IF_ERROR(AppendValue(*column.field(i), row, out));
  }
  *out += is_object ? '}' : ']';
  return absl::OkStatus();
}

}  // namespace millrace
