#include "tests/base/expression/reference/value.h"

#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "arrow/api.h"
#include "arrow/util/decimal.h"

namespace millrace::reference {

bool Value::operator==(const Value& other) const {
  if (is.index() != other.is.index()) return false;
  if (!std::holds_alternative<double>(is)) return is == other.is;
  const double a = real(), b = other.real();
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

std::string Value::Show() const {
  switch (is.index()) {
    case 0:
      return "NULL";
    case 1:
      return boolean() ? "true" : "false";
    case 2:
      return absl::StrCat(number());
    case 3:
      return decimal().Text() + "d";
    case 4: {
      char text[64];
      std::snprintf(text, sizeof(text), "%.17g", real());
      return text;
    }
    case 5:
      return absl::StrCat("'", absl::Utf8SafeCEscape(text()), "'");
    default: {
      std::string shown;
      for (const Value& item : items()) absl::StrAppend(&shown, shown.empty() ? "" : ", ", item.Show());
      return absl::StrCat("[", shown, "]");
    }
  }
}

namespace {

template <typename ArrayType>
auto At(const arrow::Array& values, int64_t row) {
  return static_cast<const ArrayType&>(values).Value(row);
}

}  // namespace

Value ValueAt(const arrow::Array& values, int64_t row) {
  if (values.IsNull(row)) return Null();
  switch (values.type_id()) {
    case arrow::Type::BOOL:
      return At<arrow::BooleanArray>(values, row);
    case arrow::Type::INT8:
      return int64_t{At<arrow::Int8Array>(values, row)};
    case arrow::Type::INT16:
      return int64_t{At<arrow::Int16Array>(values, row)};
    case arrow::Type::INT32:
      return int64_t{At<arrow::Int32Array>(values, row)};
    case arrow::Type::INT64:
      return At<arrow::Int64Array>(values, row);
    case arrow::Type::FLOAT:
      return static_cast<double>(At<arrow::FloatArray>(values, row));
    case arrow::Type::DOUBLE:
      return At<arrow::DoubleArray>(values, row);
    case arrow::Type::DECIMAL128: {
      const arrow::Decimal128 value(static_cast<const arrow::Decimal128Array&>(values).GetValue(row));
      return Whole::Of(value.ToIntegerString());
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return std::string(static_cast<const arrow::BinaryArray&>(values).GetView(row));
    case arrow::Type::DATE32:
      return int64_t{At<arrow::Date32Array>(values, row)};
    case arrow::Type::TIME32:
      return int64_t{At<arrow::Time32Array>(values, row)};
    case arrow::Type::TIMESTAMP:
      return At<arrow::TimestampArray>(values, row);
    case arrow::Type::INTERVAL_MONTHS:
      return int64_t{At<arrow::MonthIntervalArray>(values, row)};
    case arrow::Type::DURATION:
      return At<arrow::DurationArray>(values, row);
    case arrow::Type::LIST: {
      const auto& lists = static_cast<const arrow::ListArray&>(values);
      std::vector<Value> items;
      for (int64_t i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i) {
        items.push_back(ValueAt(*lists.values(), i));
      }
      return items;
    }
    case arrow::Type::MAP: {
      const auto& maps = static_cast<const arrow::MapArray&>(values);
      std::vector<Value> items;
      for (int64_t i = maps.value_offset(row); i < maps.value_offset(row + 1); ++i) {
        items.push_back(ValueAt(*maps.keys(), i));
        items.push_back(ValueAt(*maps.items(), i));
      }
      return items;
    }
    case arrow::Type::STRUCT: {
      const auto& rows = static_cast<const arrow::StructArray&>(values);
      std::vector<Value> fields;
      for (int i = 0; i < rows.num_fields(); ++i) fields.push_back(ValueAt(*rows.field(i), row));
      return fields;
    }
    default:
      return std::string("no such type");
  }
}

}  // namespace millrace::reference
