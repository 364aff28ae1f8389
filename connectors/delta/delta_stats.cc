#include "connectors/delta/delta_stats.h"

#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.h"
#include "connectors/delta/delta_text.h"
#include "connectors/delta/json_writer.h"

namespace millrace {
namespace {

constexpr int kMaxLeaves = 32;
constexpr int kPrefixChars = 32;
constexpr std::string_view kHighestChar = "\xf4\x8f\xbf\xbf";  // U+10FFFF

// Bytes of the first `chars` characters, or of all.
size_t PrefixBytes(std::string_view utf8, int chars) {
  size_t at = 0;
  while (at < utf8.size() && chars-- > 0) {
    ++at;
    while (at < utf8.size() && (static_cast<unsigned char>(utf8[at]) & 0xc0) == 0x80) ++at;
  }
  return at;
}

// Bounds as JSON text.
struct Bounds {
  std::string min;
  std::string max;
};

template <typename Number>
std::string NumberText(Number value) {
  char text[64];
  auto end = std::to_chars(text, text + sizeof(text), value);
  return std::string(text, end.ptr);
}

template <typename ArrayType>
auto Extremes(const arrow::ArrayVector& chunks) {
  using Value = decltype(std::declval<ArrayType>().GetView(0));
  std::optional<std::pair<Value, Value>> found;
  for (const auto& chunk : chunks) {
    const auto& array = static_cast<const ArrayType&>(*chunk);
    for (int64_t i = 0; i < array.length(); ++i) {
      if (array.IsNull(i)) continue;
      Value value = array.GetView(i);
      if constexpr (std::is_floating_point_v<Value>) {
        if (!std::isfinite(value)) return std::optional<std::pair<Value, Value>>();
      }
      if (!found.has_value()) {
        found.emplace(value, value);
      } else if (value < found->first) {
        found->first = value;
      } else if (found->second < value) {
        found->second = value;
      }
    }
  }
  return found;
}

template <typename ArrayType, typename Spell>
std::optional<Bounds> SpelledExtremes(const arrow::ArrayVector& chunks, Spell spell) {
  auto found = Extremes<ArrayType>(chunks);
  if (!found.has_value()) return std::nullopt;
  return Bounds{spell(found->first), spell(found->second)};
}

std::optional<Bounds> DecimalBounds(const arrow::ArrayVector& chunks, int32_t scale) {
  std::optional<arrow::Decimal128> min;
  std::optional<arrow::Decimal128> max;
  for (const auto& chunk : chunks) {
    const auto& array = static_cast<const arrow::Decimal128Array&>(*chunk);
    for (int64_t i = 0; i < array.length(); ++i) {
      if (array.IsNull(i)) continue;
      arrow::Decimal128 value(array.GetValue(i));
      if (!min.has_value() || value < *min) min = value;
      if (!max.has_value() || *max < value) max = value;
    }
  }
  if (!min.has_value()) return std::nullopt;
  return Bounds{DeltaDecimal(*min, scale), DeltaDecimal(*max, scale)};
}

std::string Quoted(std::string_view text) { return JsonWriter().String(text).text(); }

std::optional<Bounds> StringBounds(const arrow::ArrayVector& chunks) {
  auto found = Extremes<arrow::StringArray>(chunks);
  if (!found.has_value()) return std::nullopt;
  std::string_view lower = DeltaStringLowerBound(found->first);
  std::string upper = DeltaStringUpperBound(found->second);
  // Text that is not UTF-8 would make the log unreadable.
  Bounds bounds;
  if (simdjson::validate_utf8(lower.data(), lower.size())) bounds.min = Quoted(lower);
  bool has_upper = !upper.empty() || found->second.empty();
  if (has_upper && simdjson::validate_utf8(upper.data(), upper.size())) bounds.max = Quoted(upper);
  return bounds;
}

std::optional<Bounds> BoundsOf(const arrow::DataType& type, const arrow::ArrayVector& chunks) {
  using arrow::Type;
  auto number = [](auto value) { return NumberText(value); };
  switch (type.id()) {
    case Type::INT8:
      return SpelledExtremes<arrow::Int8Array>(chunks,
                                               [](int8_t value) { return NumberText(static_cast<int>(value)); });
    case Type::INT16:
      return SpelledExtremes<arrow::Int16Array>(chunks, number);
    case Type::INT32:
      return SpelledExtremes<arrow::Int32Array>(chunks, number);
    case Type::INT64:
      return SpelledExtremes<arrow::Int64Array>(chunks, number);
    case Type::FLOAT:
      return SpelledExtremes<arrow::FloatArray>(chunks, number);
    case Type::DOUBLE:
      return SpelledExtremes<arrow::DoubleArray>(chunks, number);
    case Type::DATE32:
      return SpelledExtremes<arrow::Date32Array>(chunks, [](int32_t days) { return Quoted(DeltaDate(days)); });
    case Type::TIMESTAMP: {
      bool zoned = !static_cast<const arrow::TimestampType&>(type).timezone().empty();
      return SpelledExtremes<arrow::TimestampArray>(
          chunks, [zoned](int64_t micros) { return Quoted(DeltaStatsTimestamp(micros, zoned)); });
    }
    case Type::DECIMAL128:
      return DecimalBounds(chunks, static_cast<const arrow::Decimal128Type&>(type).scale());
    case Type::STRING:
      return StringBounds(chunks);
    default:
      return std::nullopt;
  }
}

// Collects the three objects of statistics side by side; members without content are left out.
class StatsWriter {
 public:
  void Column(const arrow::Field& field, const arrow::ArrayVector& chunks) {
    if (leaves_left_ == 0) return;
    if (field.type()->id() == arrow::Type::STRUCT) {
      StatsWriter inner(leaves_left_);
      for (int i = 0; i < field.type()->num_fields(); ++i) {
        arrow::ArrayVector children;
        for (const auto& chunk : chunks) {
          // With the struct's own nulls merged in.
          auto child = static_cast<const arrow::StructArray&>(*chunk).GetFlattenedField(i);
          if (!child.ok()) return;
          children.push_back(std::move(child).ValueUnsafe());
        }
        inner.Column(*field.type()->field(i), children);
      }
      leaves_left_ = inner.leaves_left_;
      auto nest = [&](JsonWriter& outer, const std::string& members) {
        if (!members.empty()) outer.Key(field.name()).Raw(Cat("{", members, "}"));
      };
      nest(min_, inner.min());
      nest(max_, inner.max());
      nest(nulls_, inner.nulls());
      return;
    }
    --leaves_left_;
    int64_t null_count = 0;
    for (const auto& chunk : chunks) null_count += chunk->null_count();
    nulls_.Key(field.name()).Int(null_count);
    std::optional<Bounds> bounds = BoundsOf(*field.type(), chunks);
    if (!bounds.has_value()) return;
    if (!bounds->min.empty()) min_.Key(field.name()).Raw(bounds->min);
    if (!bounds->max.empty()) max_.Key(field.name()).Raw(bounds->max);
  }
  StatsWriter() = default;
  const std::string& min() const { return min_.text(); }
  const std::string& max() const { return max_.text(); }
  const std::string& nulls() const { return nulls_.text(); }

 private:
  explicit StatsWriter(int leaves_left) : leaves_left_(leaves_left) {}

  int leaves_left_ = kMaxLeaves;
  JsonWriter min_;
  JsonWriter max_;
  JsonWriter nulls_;
};

}  // namespace

std::string_view DeltaStringLowerBound(std::string_view utf8) {
  return utf8.substr(0, PrefixBytes(utf8, kPrefixChars));
}

std::string DeltaStringUpperBound(std::string_view utf8) {
  for (int chars = kPrefixChars; chars <= 2 * kPrefixChars; ++chars) {
    size_t size = PrefixBytes(utf8, chars);
    if (size == utf8.size()) return std::string(utf8);
    std::string_view dropped = utf8.substr(size);
    // The character appended must sort after the first one dropped.
    if (static_cast<unsigned char>(dropped.front()) < 0x7f) return Cat(utf8.substr(0, size), "\x7f");
    if (!dropped.starts_with(kHighestChar)) return Cat(utf8.substr(0, size), kHighestChar);
  }
  return "";
}

std::string DeltaStats(const arrow::Table& rows) {
  StatsWriter columns;
  for (int i = 0; i < rows.num_columns(); ++i) columns.Column(*rows.schema()->field(i), rows.column(i)->chunks());
  JsonWriter json;
  json.BeginObject().Key("numRecords").Int(rows.num_rows());
  json.Key("minValues").Raw(Cat("{", columns.min(), "}"));
  json.Key("maxValues").Raw(Cat("{", columns.max(), "}"));
  json.Key("nullCount").Raw(Cat("{", columns.nulls(), "}"));
  return json.Key("tightBounds").Bool(true).EndObject().Take();
}

}  // namespace millrace
