#include "base/expression/format_value.h"

#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "arrow/api.h"
#include "base/check.h"
#include "base/element_types.h"
#include "base/error.h"
#include "base/expression/type_rules.h"
#include "base/expression/zone_math.h"
#include "base/value_text.h"

namespace millrace {
namespace {

void AppendFraction(int64_t micros, int precision, std::string& out) {
  if (precision == 0) return;
  const std::string digits = absl::StrFormat("%06d", micros);
  out += "." + digits.substr(0, static_cast<size_t>(precision));
}

template <typename ArrayType, typename Append>
Formatter Of(Append append) {
  return [append](const arrow::Array& values, int64_t row, std::string& out) {
    append(static_cast<const ArrayType&>(values).Value(row), out);
  };
}

template <typename ArrayType>
Formatter OfInteger() {
  return Of<ArrayType>([](int64_t value, std::string& out) { absl::StrAppend(&out, value); });
}

Formatter PartFormatter(const DataType& part, absl::TimeZone zone) {
  Formatter value = MakeFormatter(part, zone);
  return [value](const arrow::Array& values, int64_t row, std::string& out) {
    if (values.IsNull(row)) {
      out += "NULL";
    } else {
      value(values, row, out);
    }
  };
}

Formatter NestedFormatter(const DataType& type, absl::TimeZone zone) {
  const absl::StatusOr<std::vector<DataType>> elements = ElementTypesOf(type);
  Check(elements.ok(), "a type is spelled as one");
  std::vector<Formatter> parts;
  for (const DataType& element : *elements) parts.push_back(PartFormatter(element, zone));
  if (type.arrow->id() == arrow::Type::LIST) {
    return [item = parts[0]](const arrow::Array& values, int64_t row, std::string& out) {
      const auto& list = static_cast<const arrow::ListArray&>(values);
      out += '[';
      for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
        if (i > list.value_offset(row)) out += ", ";
        item(*list.values(), i, out);
      }
      out += ']';
    };
  }
  if (type.arrow->id() == arrow::Type::MAP) {
    return [key = parts[0], item = parts[1]](const arrow::Array& values, int64_t row, std::string& out) {
      const auto& map = static_cast<const arrow::MapArray&>(values);
      out += '{';
      for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
        if (i > map.value_offset(row)) out += ", ";
        key(*map.keys(), i, out);
        out += '=';
        item(*map.items(), i, out);
      }
      out += '}';
    };
  }
  return [fields = std::move(parts)](const arrow::Array& values, int64_t row, std::string& out) {
    const auto& rows = static_cast<const arrow::StructArray&>(values);
    out += '(';
    for (size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) out += ", ";
      fields[i](*rows.field(static_cast<int>(i)), row, out);
    }
    out += ')';
  };
}

}  // namespace

void AppendDate(int64_t days, std::string& out) {
  const absl::CivilDay day = absl::CivilDay(1970, 1, 1) + days;
  absl::StrAppendFormat(&out, "%04d-%02d-%02d", day.year() % 10'000, day.month(), day.day());
}

void AppendTime(int64_t millis, int precision, std::string& out) {
  absl::StrAppendFormat(&out, "%02d:%02d:%02d", millis / 3'600'000, millis / 60'000 % 60, millis / 1000 % 60);
  AppendFraction(millis % 1000 * 1000, precision, out);
}

void AppendTimestamp(int64_t micros, int precision, std::string& out) {
  constexpr int64_t kDay = 86'400'000'000;
  AppendDate(FloorDivide(micros, kDay), out);
  out += ' ';
  const int64_t of_day = FloorModulo(micros, kDay);
  AppendTime(of_day / 1000, 0, out);
  AppendFraction(of_day % 1'000'000, precision, out);
}

std::string DecodeUtf8(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    size_t good = length == 0 ? 0 : 1;
    while (good > 0 && good < length && i + good < bytes.size()) {
      const auto next = static_cast<unsigned char>(bytes[i + good]);
      // The second byte rules out overlong forms, surrogates, and what is above U+10FFFF.
      unsigned char low = 0x80, high = 0xBF;
      if (good == 1 && lead == 0xE0) low = 0xA0;
      if (good == 1 && lead == 0xED) high = 0x9F;
      if (good == 1 && lead == 0xF0) low = 0x90;
      if (good == 1 && lead == 0xF4) high = 0x8F;
      if (next < low || next > high) break;
      ++good;
    }
    if (length > 0 && good == length) {
      out += bytes.substr(i, length);
      i += length;
    } else {
      out += "\xEF\xBF\xBD";
      i += std::max<size_t>(good, 1);
    }
  }
  return out;
}

std::string FitText(std::string_view text, int64_t length, bool pads) {
  int64_t characters = 0;
  size_t end = 0;
  while (end < text.size() && characters < length) {
    ++end;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    ++characters;
  }
  std::string fitted(text.substr(0, end));
  if (pads) fitted.append(static_cast<size_t>(length - characters), ' ');
  return fitted;
}

Formatter MakeFormatter(const DataType& type, absl::TimeZone zone) {
  const int precision = type.precision;
  switch (type.arrow->id()) {
    case arrow::Type::BOOL:
      return Of<arrow::BooleanArray>([](bool value, std::string& out) { out += value ? "TRUE" : "FALSE"; });
    case arrow::Type::INT8:
      return OfInteger<arrow::Int8Array>();
    case arrow::Type::INT16:
      return OfInteger<arrow::Int16Array>();
    case arrow::Type::INT32:
      return OfInteger<arrow::Int32Array>();
    case arrow::Type::INT64:
      return OfInteger<arrow::Int64Array>();
    case arrow::Type::FLOAT:
      return Of<arrow::FloatArray>([](float value, std::string& out) { AppendJavaFloat(value, &out); });
    case arrow::Type::DOUBLE:
      return Of<arrow::DoubleArray>([](double value, std::string& out) { AppendJavaDouble(value, &out); });
    case arrow::Type::DECIMAL128:
      return [](const arrow::Array& values, int64_t row, std::string& out) {
        const auto& decimals = static_cast<const arrow::Decimal128Array&>(values);
        const int32_t scale = static_cast<const arrow::Decimal128Type&>(*values.type()).scale();
        AppendDecimal(arrow::Decimal128(decimals.GetValue(row)), scale, &out);
      };
    case arrow::Type::STRING:
      return [](const arrow::Array& values, int64_t row, std::string& out) {
        out += static_cast<const arrow::StringArray&>(values).GetView(row);
      };
    case arrow::Type::BINARY:
      return [](const arrow::Array& values, int64_t row, std::string& out) {
        auto view = static_cast<const arrow::BinaryArray&>(values).GetView(row);
        out += DecodeUtf8({view.data(), view.size()});
      };
    case arrow::Type::DATE32:
      return Of<arrow::Date32Array>([](int32_t days, std::string& out) { AppendDate(days, out); });
    case arrow::Type::TIME32:
      return Of<arrow::Time32Array>([precision](int32_t ms, std::string& out) { AppendTime(ms, precision, out); });
    case arrow::Type::TIMESTAMP:
      if (FamilyOf(type) == TypeFamily::kTimestamp) {
        return Of<arrow::TimestampArray>(
            [precision](int64_t micros, std::string& out) { AppendTimestamp(micros, precision, out); });
      }
      return Of<arrow::TimestampArray>([precision, zone](int64_t micros, std::string& out) {
        AppendTimestamp(LocalMicros(micros, zone), precision, out);
      });
    case arrow::Type::INTERVAL_MONTHS:
      return Of<arrow::MonthIntervalArray>([](int32_t months, std::string& out) { AppendYearToMonth(months, &out); });
    case arrow::Type::DURATION:
      return Of<arrow::DurationArray>([](int64_t millis, std::string& out) { AppendDayToSecond(millis, &out); });
    default:
      return NestedFormatter(type, zone);
  }
}

}  // namespace millrace
