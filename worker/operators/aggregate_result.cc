#include <array>
#include <cmath>
#include <optional>

#include "arrow/api.h"
#include "arrow/util/decimal.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/macros.h"
#include "worker/operators/accumulator_math.h"
#include "worker/operators/aggregate_layout.h"

namespace millrace {
namespace {

using ArrayResult = absl::StatusOr<std::shared_ptr<arrow::Array>>;

struct Groups {
  const AggregateCell& cell;
  CellRows from;
  std::span<const uint32_t> groups;
};

// `value_of` gives a group's result, or nothing for NULL.
template <typename BuilderType, typename ValueOf>
ArrayResult Build(const Groups& g, ValueOf value_of) {
  BuilderType builder(g.cell.result, arrow::default_memory_pool());
  RETURN_IF_ERROR(FromArrow(builder.Reserve(static_cast<int64_t>(g.groups.size()))));
  for (uint32_t group : g.groups) {
    auto value = value_of(static_cast<const uint64_t*>(g.from.At(group, g.cell)));
    RETURN_IF_ERROR(FromArrow(value.has_value() ? builder.Append(*value) : builder.AppendNull()));
  }
  return FromArrow(builder.Finish());
}

template <typename BuilderType, typename Value>
ArrayResult FinishIntSum(const Groups& g) {
  bool average = g.cell.function == AggregateFunction::kAvg;
  return Build<BuilderType>(g, [&](const uint64_t* cell) -> std::optional<Value> {
    if (cell[1] == 0) return std::nullopt;
    auto sum = static_cast<int64_t>(cell[0]);
    return static_cast<Value>(average ? sum / static_cast<int64_t>(cell[1]) : sum);
  });
}

template <typename BuilderType, typename Value>
ArrayResult FinishDoubleSum(const Groups& g) {
  bool average = g.cell.function == AggregateFunction::kAvg;
  return Build<BuilderType>(g, [&](const uint64_t* cell) -> std::optional<Value> {
    if (cell[1] == 0) return std::nullopt;
    double sum = std::bit_cast<double>(cell[0]);
    return static_cast<Value>(average ? sum / static_cast<double>(cell[1]) : sum);
  });
}

template <typename BuilderType, typename Value>
ArrayResult FinishMoments(const Groups& g) {
  const AggregateFunction function = g.cell.function;
  const bool of_sample = function == AggregateFunction::kStddevSamp || function == AggregateFunction::kVarSamp;
  const bool root = function == AggregateFunction::kStddevSamp || function == AggregateFunction::kStddevPop;
  return Build<BuilderType>(g, [&](const uint64_t* cell) -> std::optional<Value> {
    if (cell[2] == 0 || (of_sample && cell[2] == 1)) return std::nullopt;
    double variance = std::bit_cast<double>(cell[1]) / static_cast<double>(of_sample ? cell[2] - 1 : cell[2]);
    return static_cast<Value>(root ? std::sqrt(variance) : variance);
  });
}

template <typename BuilderType, typename Value>
ArrayResult FinishExtreme(const Groups& g) {
  return Build<BuilderType>(g, [](const uint64_t* cell) -> std::optional<Value> {
    if (cell[1] == 0) return std::nullopt;
    auto value = static_cast<int64_t>(cell[0]);
    if constexpr (std::is_floating_point_v<Value>) {
      return static_cast<Value>(DoubleOfOrdered(value));
    } else {
      return static_cast<Value>(value);
    }
  });
}

// Sum, or quotient rounded half away from zero; nothing if it has over 38 digits.
std::optional<arrow::Decimal128> FinishDecimal(const uint64_t* cell, int32_t raise_scale, bool average) {
  if (cell[3] == 0) return std::nullopt;
  uint64_t sign = static_cast<int64_t>(cell[2]) < 0 ? ~uint64_t{0} : 0;
  arrow::Decimal256 value(arrow::BasicDecimal256(arrow::BasicDecimal256::LittleEndianArray,
                                                 std::array<uint64_t, 4>{cell[0], cell[1], cell[2], sign}));
  if (average) {
    bool negative = sign != 0;
    if (negative) value.Negate();
    value = arrow::Decimal256(value.IncreaseScaleBy(raise_scale));
    arrow::Decimal256 rows(arrow::BasicDecimal256(static_cast<int64_t>(cell[3])));
    auto divided = value.Divide(rows);
    if (!divided.ok()) return std::nullopt;
    auto [quotient, remainder] = *divided;
    if (remainder + remainder >= rows) quotient += arrow::Decimal256(1);
    value = quotient;
    if (negative) value.Negate();
  }
  if (!value.FitsInPrecision(38)) return std::nullopt;
  const auto& words = value.little_endian_array();
  return arrow::Decimal128(static_cast<int64_t>(words[1]), words[0]);
}

ArrayResult FinishDecimalSum(const Groups& g) {
  bool average = g.cell.function == AggregateFunction::kAvg;
  int32_t raise_scale = static_cast<const arrow::Decimal128Type&>(*g.cell.result).scale() -
                        static_cast<const arrow::Decimal128Type&>(*g.cell.argument).scale();
  return Build<arrow::Decimal128Builder>(
      g, [&](const uint64_t* cell) { return FinishDecimal(cell, raise_scale, average); });
}

template <typename BuilderType>
ArrayResult FinishBytes(const Groups& g) {
  return Build<BuilderType>(g, [](const uint64_t* cell) -> std::optional<std::string_view> {
    if (cell[3] == 0) return std::nullopt;
    return BytesOfCell(cell);
  });
}

ArrayResult FinishExtremeInt(const Groups& g) {
  using arrow::Type;
  switch (g.cell.result->id()) {
    case Type::BOOL:
      return FinishExtreme<arrow::BooleanBuilder, bool>(g);
    case Type::INT8:
      return FinishExtreme<arrow::Int8Builder, int8_t>(g);
    case Type::INT16:
      return FinishExtreme<arrow::Int16Builder, int16_t>(g);
    case Type::INT32:
      return FinishExtreme<arrow::Int32Builder, int32_t>(g);
    case Type::INT64:
      return FinishExtreme<arrow::Int64Builder, int64_t>(g);
    case Type::DATE32:
      return FinishExtreme<arrow::Date32Builder, int32_t>(g);
    case Type::TIME32:
      return FinishExtreme<arrow::Time32Builder, int32_t>(g);
    case Type::TIMESTAMP:
      return FinishExtreme<arrow::TimestampBuilder, int64_t>(g);
    case Type::FLOAT:
      return FinishExtreme<arrow::FloatBuilder, float>(g);
    case Type::DOUBLE:
      return FinishExtreme<arrow::DoubleBuilder, double>(g);
    default:
      return Internal("finish aggregate: no such result: ", g.cell.result->ToString());
  }
}

ArrayResult FinishSumOfInts(const Groups& g) {
  switch (g.cell.result->id()) {
    case arrow::Type::INT8:
      return FinishIntSum<arrow::Int8Builder, int8_t>(g);
    case arrow::Type::INT16:
      return FinishIntSum<arrow::Int16Builder, int16_t>(g);
    case arrow::Type::INT32:
      return FinishIntSum<arrow::Int32Builder, int32_t>(g);
    case arrow::Type::INT64:
      return FinishIntSum<arrow::Int64Builder, int64_t>(g);
    default:
      return Internal("finish aggregate: no such result: ", g.cell.result->ToString());
  }
}

}  // namespace

ArrayResult AggregateLayout::Finish(const AggregateCell& cell, CellRows from, std::span<const uint32_t> groups) const {
  Groups g{cell, from, groups};
  switch (cell.kind) {
    case CellKind::kCount:
      return Build<arrow::Int64Builder>(
          g, [](const uint64_t* words) { return std::optional<int64_t>(static_cast<int64_t>(words[0])); });
    case CellKind::kIntSum:
      return FinishSumOfInts(g);
    case CellKind::kDoubleSum:
      return cell.result->id() == arrow::Type::FLOAT ? FinishDoubleSum<arrow::FloatBuilder, float>(g)
                                                     : FinishDoubleSum<arrow::DoubleBuilder, double>(g);
    case CellKind::kDecimalSum:
      return FinishDecimalSum(g);
    case CellKind::kMoments:
      return cell.result->id() == arrow::Type::FLOAT ? FinishMoments<arrow::FloatBuilder, float>(g)
                                                     : FinishMoments<arrow::DoubleBuilder, double>(g);
    case CellKind::kExtremeInt:
      return FinishExtremeInt(g);
    case CellKind::kExtremeInt128:
      return Build<arrow::Decimal128Builder>(g, [](const uint64_t* words) -> std::optional<arrow::Decimal128> {
        if (words[2] == 0) return std::nullopt;
        return arrow::Decimal128(static_cast<int64_t>(words[1]), words[0]);
      });
    case CellKind::kExtremeBytes:
      return cell.result->id() == arrow::Type::STRING ? FinishBytes<arrow::StringBuilder>(g)
                                                      : FinishBytes<arrow::BinaryBuilder>(g);
  }
  return Internal("finish aggregate: no such cell");
}

}  // namespace millrace
