#include "tests/base/expression/random/random_values.h"

#include <bit>
#include <cmath>
#include <limits>

#include "absl/strings/escaping.h"
#include "arrow/api.h"
#include "arrow/util/bit_util.h"
#include "arrow/util/decimal.h"
#include "arrow/util/key_value_metadata.h"
#include "base/check.h"
#include "base/expression/type_rules.h"
#include "tests/base/expression/reference/functions.h"

namespace millrace {
namespace {

using reference::Value;
using reference::Whole;

constexpr int64_t kDayMicros = 86'400'000'000;
// 0001-01-01, 9999-12-31, the first day of the Gregorian calendar, days around 1970, a leap day, changes of clocks.
constexpr int64_t kDays[] = {0,      1,      -1,     -719'162, 2'932'896, -141'427, -141'428, 18'321,
                             18'322, 18'323, 18'714, 18'931,   17'897,    11'016,   10'956,   31'788};
constexpr const char* kWords[] = {
    "",         "a",       "abc",  "Hello World", " padded ",  "12",       "-7",
    "3.5",      "1e3",     "true", "t",           "no",        "日本",     "😀",
    "aß😀b",    "%",       "a_b",  "\\",          "a,b,,c",    "0.5",      "+8",
    "NaN",      "x=1&y=2", "\t",   "\n",          "e\xCC\x81", "ÀÉ",       "99999999999999999999",
    "Infinity", "FALSE",   "aa",   "aaa",         "b",         "12:34:56", "7:8"};
constexpr const char* kTimes[] = {"2020-02-29",
                                  "2021-02-30",
                                  "2020-1-5",
                                  "1999-12-31 23:59:59.999",
                                  "2020-01-01 00:00:00",
                                  "12:34:56.789",
                                  "23:59",
                                  "2021-03-28 02:30:00",
                                  "2020-02-29 10:11:12",
                                  "1582-10-10",
                                  "9999-12-31 23:59:59",
                                  "2020-13-01",
                                  "0042-07-01 01:02:03.456789"};

int64_t RandomInteger(int bits, Choices& choices) {
  const int64_t most = bits == 64 ? std::numeric_limits<int64_t>::max() : (int64_t{1} << (bits - 1)) - 1;
  switch (choices.Of(6)) {
    case 0:
      return static_cast<int64_t>(choices.Of(8)) - 2;
    case 1:
      return most - static_cast<int64_t>(choices.Of(2));
    case 2:
      return -most - 1 + static_cast<int64_t>(choices.Of(2));
    case 3:
      return static_cast<int64_t>(choices.Of(256)) % most - 100;
    default: {
      const auto value = static_cast<int64_t>(choices.Bits(bits / 8));
      return bits == 64 ? value : static_cast<int64_t>(static_cast<uint64_t>(value) << (64 - bits)) >> (64 - bits);
    }
  }
}

double RandomReal(bool is_float, Choices& choices) {
  constexpr double kSpecial[] = {0.0,  -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 0.1, 1e10, 1e-5, 123456.789, 9007199254740993.0,
                                 4.35, 1e23};
  const double infinity = std::numeric_limits<double>::infinity();
  double value = 0;
  switch (choices.Of(5)) {
    case 0:
      value = choices.Among({infinity, -infinity, std::numeric_limits<double>::quiet_NaN(),
                             is_float ? 3.4028234663852886e38 : std::numeric_limits<double>::max(),
                             is_float ? 1.401298464324817e-45 : std::numeric_limits<double>::denorm_min()});
      break;
    case 1:
    case 2:
      value = choices.Among(kSpecial);
      break;
    case 3:
      value = static_cast<double>(static_cast<int16_t>(choices.Bits(2))) / 8;
      break;
    default:
      value = is_float ? std::bit_cast<float>(static_cast<uint32_t>(choices.Bits(4)))
                       : std::bit_cast<double>(choices.Bits(8));
  }
  return is_float ? static_cast<double>(static_cast<float>(value)) : value;
}

Whole RandomDecimal(int precision, Choices& choices) {
  std::string digits;
  switch (choices.Of(4)) {
    case 0:
      return Whole(static_cast<int64_t>(choices.Of(5)) - 2);
    case 1:
      digits.assign(static_cast<size_t>(precision), '9');
      break;
    case 2:
      digits = "5" + std::string(choices.Of(static_cast<size_t>(precision)), choices.Of(2) == 0 ? '0' : '9');
      break;
    default:
      for (size_t i = 0, count = 1 + choices.Of(static_cast<size_t>(precision)); i < count; ++i) {
        digits += static_cast<char>('0' + choices.Of(10));
      }
  }
  return Whole::Of((choices.Of(2) == 0 ? "" : "-") + digits);
}

std::string RandomText(Choices& choices) {
  std::string text;
  switch (choices.Of(4)) {
    case 0:
    case 1:
      return choices.Among(kWords);
    case 2:
      return choices.Among(kTimes);
    default:
      for (size_t i = 0, count = choices.Of(4); i < count; ++i) text += choices.Among(kWords);
      return text;
  }
}

int64_t RandomDay(Choices& choices) {
  if (choices.Of(3) < 2) return choices.Among(kDays);
  return static_cast<int64_t>(choices.Bits(3) % 3'652'059) - 719'162;
}

int64_t RandomTimeOfDay(Choices& choices) {
  constexpr int64_t kMillis[] = {0, 1, 86'399'999, 43'200'000, 9'000'000, 3'600'000, 5'400'000, 59'999};
  return choices.Of(2) == 0 ? choices.Among(kMillis) : static_cast<int64_t>(choices.Bits(4) % 86'400'000);
}

// `value` with no more digits of a second than the type has.
int64_t Cut(int64_t value, int64_t unit_micros, int precision) {
  int64_t unit = 1'000'000 / unit_micros;
  for (int i = 0; i < precision && unit > 1; ++i) unit /= 10;
  const int64_t rest = value % unit;
  return value - (rest < 0 ? rest + unit : rest);
}

template <typename BuilderType, typename T>
void Append(arrow::ArrayBuilder& builder, T value) {
  Check(static_cast<BuilderType&>(builder).Append(value).ok(), "memory for a value");
}

void AppendValue(arrow::ArrayBuilder& builder, const Value& value) {
  if (value.null()) return Check(builder.AppendNull().ok(), "memory for a value");
  switch (builder.type()->id()) {
    case arrow::Type::BOOL:
      return Append<arrow::BooleanBuilder>(builder, value.boolean());
    case arrow::Type::INT8:
      return Append<arrow::Int8Builder>(builder, static_cast<int8_t>(value.number()));
    case arrow::Type::INT16:
      return Append<arrow::Int16Builder>(builder, static_cast<int16_t>(value.number()));
    case arrow::Type::INT32:
      return Append<arrow::Int32Builder>(builder, static_cast<int32_t>(value.number()));
    case arrow::Type::INT64:
      return Append<arrow::Int64Builder>(builder, value.number());
    case arrow::Type::FLOAT:
      return Append<arrow::FloatBuilder>(builder, static_cast<float>(value.real()));
    case arrow::Type::DOUBLE:
      return Append<arrow::DoubleBuilder>(builder, value.real());
    case arrow::Type::DECIMAL128:
      return Append<arrow::Decimal128Builder>(builder, *arrow::Decimal128::FromString(value.decimal().Text()));
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return Append<arrow::BinaryBuilder>(builder, value.text());
    case arrow::Type::DATE32:
      return Append<arrow::Date32Builder>(builder, static_cast<int32_t>(value.number()));
    case arrow::Type::TIME32:
      return Append<arrow::Time32Builder>(builder, static_cast<int32_t>(value.number()));
    case arrow::Type::TIMESTAMP:
      return Append<arrow::TimestampBuilder>(builder, value.number());
    case arrow::Type::INTERVAL_MONTHS:
      return Append<arrow::MonthIntervalBuilder>(builder, static_cast<int32_t>(value.number()));
    case arrow::Type::DURATION:
      return Append<arrow::DurationBuilder>(builder, value.number());
    case arrow::Type::LIST: {
      auto& lists = static_cast<arrow::ListBuilder&>(builder);
      Check(lists.Append().ok(), "memory for a value");
      for (const Value& item : value.items()) AppendValue(*lists.value_builder(), item);
      return;
    }
    case arrow::Type::MAP: {
      auto& maps = static_cast<arrow::MapBuilder&>(builder);
      Check(maps.Append().ok(), "memory for a value");
      for (size_t i = 0; i < value.items().size(); ++i) {
        AppendValue(i % 2 == 0 ? *maps.key_builder() : *maps.item_builder(), value.items()[i]);
      }
      return;
    }
    default: {
      auto& rows = static_cast<arrow::StructBuilder&>(builder);
      Check(rows.Append().ok(), "memory for a value");
      for (size_t i = 0; i < value.items().size(); ++i) {
        AppendValue(*rows.field_builder(static_cast<int>(i)), value.items()[i]);
      }
    }
  }
}

std::shared_ptr<arrow::Array> RandomColumn(const DataType& type, int64_t rows, Choices& choices) {
  std::unique_ptr<arrow::ArrayBuilder> builder;
  Check(arrow::MakeBuilder(arrow::default_memory_pool(), type.arrow, &builder).ok(), "there is a builder");
  for (int64_t row = 0; row < rows; ++row) AppendValue(*builder, RandomValue(type, choices));
  std::shared_ptr<arrow::Array> array = builder->Finish().ValueOrDie();
  if (!type.nullable || rows == 0 || choices.Once(4)) return array;
  // What lies under a NULL is as good a value as any.
  auto data = array->data()->Copy();
  std::shared_ptr<arrow::Buffer> bitmap = arrow::AllocateEmptyBitmap(rows).ValueOrDie();
  for (int64_t row = 0; row < rows; ++row) {
    arrow::bit_util::SetBitTo(bitmap->mutable_data(), row, !choices.Once(4));
  }
  data->buffers[0] = std::move(bitmap);
  data->null_count = arrow::kUnknownNullCount;
  return arrow::MakeArray(std::move(data));
}

}  // namespace

Value RandomValue(const DataType& type, Choices& choices) {
  switch (FamilyOf(type)) {
    case TypeFamily::kBoolean:
      return choices.Of(2) == 0;
    case TypeFamily::kNumber:
      if (IsInteger(type)) return RandomInteger(type.arrow->bit_width(), choices);
      if (IsDecimal(type)) return RandomDecimal(DigitsOf(type).precision, choices);
      return RandomReal(type.arrow->id() == arrow::Type::FLOAT, choices);
    case TypeFamily::kString: {
      // As long as the type says.
      return reference::CastAsSql(RandomText(choices), MakeType("STRING", true), type, "").value;
    }
    case TypeFamily::kBytes:
      return choices.Of(3) == 0 ? std::string("\xff\x00\x80", choices.Of(4)) : RandomText(choices);
    case TypeFamily::kDate:
      return RandomDay(choices);
    case TypeFamily::kTime:
      return Cut(RandomTimeOfDay(choices), 1000, type.precision);
    case TypeFamily::kTimestamp:
    case TypeFamily::kTimestampLtz: {
      const int64_t micros = RandomDay(choices) * kDayMicros + RandomTimeOfDay(choices) * 1000 +
                             (choices.Once(3) ? static_cast<int64_t>(choices.Of(256)) : 0);
      return Cut(micros, 1, type.precision);
    }
    case TypeFamily::kMonths:
      return static_cast<int64_t>(choices.Of(256)) - 100;
    case TypeFamily::kMillis: {
      const int64_t days = static_cast<int64_t>(choices.Of(100)) - 40;
      return choices.Of(2) == 0 ? days * 86'400'000 : static_cast<int64_t>(static_cast<int32_t>(choices.Bits(4)));
    }
    case TypeFamily::kNested:
      break;
  }
  std::vector<Value> items;
  if (type.arrow->id() == arrow::Type::STRUCT) {
    for (const auto& field : type.arrow->fields()) {
      const DataType own = MakeType(field->type(), true, 6);
      items.push_back(choices.Once(4) ? Value() : RandomValue(own, choices));
    }
    return items;
  }
  if (type.arrow->id() == arrow::Type::MAP) {
    const auto& map = static_cast<const arrow::MapType&>(*type.arrow);
    for (size_t i = 0, count = choices.Of(4); i < count; ++i) {
      items.emplace_back("k" + std::to_string(i));
      items.push_back(choices.Once(4) ? Value() : RandomValue(MakeType(map.item_type(), true, 6), choices));
    }
    return items;
  }
  const DataType item = MakeType(type.arrow->field(0)->type(), true, 6);
  for (size_t i = 0, count = choices.Of(5); i < count; ++i) {
    items.push_back(choices.Once(4) ? Value() : RandomValue(item, choices));
  }
  return items;
}

std::optional<std::string> LiteralText(const Value& value, const DataType& type) {
  switch (FamilyOf(type)) {
    case TypeFamily::kNested:
      return std::nullopt;
    case TypeFamily::kBoolean:
      return value.boolean() ? "true" : "false";
    case TypeFamily::kBytes:
      return absl::BytesToHexString(value.text());
    case TypeFamily::kMonths:
    case TypeFamily::kMillis:
      return std::to_string(value.number());
    case TypeFamily::kNumber:
      if (IsFloating(type) && std::isnan(value.real())) return "nan";
      if (IsFloating(type) && std::isinf(value.real())) return value.real() < 0 ? "-inf" : "inf";
      break;
    default:
      break;
  }
  const reference::Result text = reference::CastAsSql(value, type, MakeType("STRING", true), "");
  return text.ok() ? std::optional(text.value.text()) : std::nullopt;
}

std::shared_ptr<arrow::Schema> RandomSchema(Choices& choices) {
  constexpr const char* kTypes[] = {"INT",
                                    "STRING",
                                    "BIGINT",
                                    "DOUBLE",
                                    "DECIMAL(10, 2)",
                                    "BOOLEAN",
                                    "TIMESTAMP(3)",
                                    "DATE",
                                    "TINYINT",
                                    "SMALLINT",
                                    "FLOAT",
                                    "DECIMAL(38, 18)",
                                    "DECIMAL(38, 0)",
                                    "DECIMAL(3, 3)",
                                    "VARCHAR(5)",
                                    "CHAR(3)",
                                    "BYTES",
                                    "TIME(0)",
                                    "TIMESTAMP(6)",
                                    "TIMESTAMP(0)",
                                    "TIMESTAMP_LTZ(3)",
                                    "TIMESTAMP_LTZ(6)",
                                    "INTERVAL YEAR TO MONTH",
                                    "INTERVAL DAY TO SECOND(3)",
                                    "ARRAY<INT>",
                                    "ARRAY<STRING>",
                                    "MAP<STRING, INT>",
                                    "ROW<a INT, b STRING>",
                                    "INT NOT NULL",
                                    "STRING NOT NULL",
                                    "DOUBLE NOT NULL",
                                    "ARRAY<DECIMAL(10, 2)>",
                                    "TIME(3)",
                                    "ARRAY<DATE>"};
  google::protobuf::RepeatedPtrField<v1::Column> columns;
  for (size_t i = 0, count = 2 + choices.Of(7); i < count; ++i) {
    v1::Column& column = *columns.Add();
    column.set_name("c" + std::to_string(i));
    column.set_type(choices.Among(kTypes));
  }
  return SchemaOf(columns).value();
}

BatchPtr RandomBatch(const std::shared_ptr<arrow::Schema>& schema, Choices& choices) {
  constexpr int64_t kRows[] = {3, 1, 0, 2, 8, 17, 70};
  const int64_t rows = choices.Among(kRows);
  const int64_t before = choices.Of(2) == 0 ? 0 : static_cast<int64_t>(choices.Of(11));
  const int64_t all = before + rows + static_cast<int64_t>(choices.Of(2));
  arrow::ArrayVector arrays;
  for (const auto& field : schema->fields()) {
    const DataType type = ParseDataType(field->metadata()->Get("millrace.sql_type").ValueOrDie()).value();
    arrays.push_back(RandomColumn(type, all, choices));
  }
  return arrow::RecordBatch::Make(schema, all, std::move(arrays))->Slice(before, rows);
}

}  // namespace millrace
