#include "connectors/datagen/datagen_column.h"

#include "arrow/builder.h"
#include "arrow/type.h"
#include "arrow/util/decimal.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/key_group.h"
#include "base/random.h"

namespace millrace {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

// Nothing in common between neighbours in any of the three.
Random RandomOf(const DatagenField& field, const DatagenRow& row) {
  const uint64_t seed = Random(Random(row.seed).Next() ^ HashKeyBytes(field.name)).Next();
  return Random(seed ^ static_cast<uint64_t>(row.number));
}

__int128 Between(Random& random, __int128 min, __int128 max) {
  const auto range = static_cast<unsigned __int128>(max) - static_cast<unsigned __int128>(min) + 1;
  const unsigned __int128 value = static_cast<unsigned __int128>(random.Next()) << 64 | random.Next();
  // The bias of 128 bits modulo the range is irrelevant.
  return static_cast<__int128>(static_cast<unsigned __int128>(min) + (range == 0 ? value : value % range));
}

double Between(Random& random, double min, double max) {
  const double share = static_cast<double>(random.Next() >> 11) * 0x1.0p-53;
  return min * (1 - share) + max * share;
}

std::string Text(Random& random, const DatagenField& field, bool is_hex) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const int64_t length = field.varies ? 1 + static_cast<int64_t>(random.Below(static_cast<uint64_t>(field.length))) : field.length;
  std::string text;
  text.reserve(static_cast<size_t>(length));
  uint64_t bits = 0;
  for (int64_t i = 0; i < length; ++i) {
    if (i % 8 == 0) bits = random.Next();
    text += is_hex ? kHex[bits & 15] : static_cast<char>(bits);
    bits >>= 8;
  }
  return text;
}

int64_t FloorTo(int64_t value, int64_t unit) {
  const int64_t rest = value % unit;
  return value - rest - (rest < 0 ? unit : 0);
}

// Cuts what the type's precision does not hold.
int64_t Cut(int64_t micros, int precision) {
  int64_t unit = 1;
  for (int i = precision; i < 6; ++i) unit *= 10;
  return FloorTo(micros, unit);
}

template <typename Builder>
absl::Status Append(arrow::ArrayBuilder* builder, const auto& value) {
  return FromArrow(static_cast<Builder*>(builder)->Append(value));
}

}  // namespace

absl::Status AppendDatagenValue(const DatagenField& field, const DatagenRow& row, arrow::ArrayBuilder* builder) {
  Random random = RandomOf(field, row);
  if (field.null_rate > 0 && random.Chance(field.null_rate)) return FromArrow(builder->AppendNull());
  const int64_t in_sequence = field.start + row.number;
  auto integer = [&] { return field.is_sequence ? in_sequence : static_cast<int64_t>(Between(random, field.min, field.max)); };
  auto real = [&] { return field.is_sequence ? static_cast<double>(in_sequence) : Between(random, field.min_real, field.max_real); };
  switch (field.type->id()) {
    case arrow::Type::BOOL:
      return Append<arrow::BooleanBuilder>(builder, random.Chance(0.5));
    case arrow::Type::INT8:
      return Append<arrow::Int8Builder>(builder, static_cast<int8_t>(integer()));
    case arrow::Type::INT16:
      return Append<arrow::Int16Builder>(builder, static_cast<int16_t>(integer()));
    case arrow::Type::INT32:
      return Append<arrow::Int32Builder>(builder, static_cast<int32_t>(integer()));
    case arrow::Type::INT64:
      return Append<arrow::Int64Builder>(builder, integer());
    case arrow::Type::FLOAT:
      return Append<arrow::FloatBuilder>(builder, static_cast<float>(real()));
    case arrow::Type::DOUBLE:
      return Append<arrow::DoubleBuilder>(builder, real());
    case arrow::Type::DECIMAL128: {
      __int128 value = Between(random, field.min, field.max);
      if (field.is_sequence) {
        value = in_sequence;
        for (int i = 0; i < static_cast<const arrow::Decimal128Type&>(*field.type).scale(); ++i) value *= 10;
      }
      return Append<arrow::Decimal128Builder>(builder, arrow::Decimal128(static_cast<int64_t>(value >> 64), static_cast<uint64_t>(value)));
    }
    case arrow::Type::STRING:
      return Append<arrow::StringBuilder>(builder, field.is_sequence ? std::to_string(in_sequence) : Text(random, field, true));
    case arrow::Type::BINARY:
      return Append<arrow::BinaryBuilder>(builder, Text(random, field, false));
    case arrow::Type::DATE32:
      return Append<arrow::Date32Builder>(builder, static_cast<int32_t>(FloorTo(row.micros, kMicrosPerDay) / kMicrosPerDay));
    case arrow::Type::TIME32: {
      const int64_t micros = row.micros - FloorTo(row.micros, kMicrosPerDay);
      return Append<arrow::Time32Builder>(builder, static_cast<int32_t>(Cut(micros, field.precision) / 1000));
    }
    case arrow::Type::TIMESTAMP: {
      const int64_t older_ms = static_cast<int64_t>(random.Below(static_cast<uint64_t>(field.max_past_ms) + 1));
      return Append<arrow::TimestampBuilder>(builder, Cut(row.micros - older_ms * 1000, field.precision));
    }
    default:
      return Internal("generate column '", field.name, "': no rule for type ", field.type->ToString());
  }
}

}  // namespace millrace
