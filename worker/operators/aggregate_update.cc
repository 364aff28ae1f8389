#include <cstring>

#include "arrow/api.h"
#include "base/check.h"
#include "worker/operators/accumulator_math.h"
#include "worker/operators/aggregate_layout.h"

namespace millrace {
namespace {

// The rows of one batch that go to the groups of one table.
struct Rows {
  const arrow::Array& column;
  std::span<const uint32_t> rows;
  std::span<const uint32_t> groups;
  const AggregateCell& cell;
  CellRows into;
};

template <typename ArrayType, typename Fold>
void ForEachValue(const Rows& r, Fold fold) {
  const auto& values = static_cast<const ArrayType&>(r.column);
  if (values.null_count() == 0) {
    for (size_t i = 0; i < r.rows.size(); ++i) fold(values.GetView(r.rows[i]), r.into.At(r.groups[i], r.cell));
    return;
  }
  for (size_t i = 0; i < r.rows.size(); ++i) {
    if (values.IsValid(r.rows[i])) fold(values.GetView(r.rows[i]), r.into.At(r.groups[i], r.cell));
  }
}

Int128 DecimalOf(std::string_view bytes) {
  Int128 value;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

template <typename ArrayType>
void SumInts(const Rows& r) {
  ForEachValue<ArrayType>(r, [](int64_t value, uint64_t* cell) {
    cell[0] += static_cast<uint64_t>(value);
    cell[1] += 1;
  });
}

template <typename ArrayType>
void SumDoubles(const Rows& r) {
  ForEachValue<ArrayType>(r, [](double value, uint64_t* cell) { AddDouble(value, 1, cell); });
}

template <bool kIsMax, typename ArrayType>
void ExtremeInts(const Rows& r) {
  ForEachValue<ArrayType>(r, [](auto value, uint64_t* cell) {
    if constexpr (std::is_floating_point_v<decltype(value)>) {
      TakeExtremeInt<kIsMax>(OrderedOf(value), cell);
    } else {
      TakeExtremeInt<kIsMax>(static_cast<int64_t>(value), cell);
    }
  });
}

template <bool kIsMax>
void Extremes(const Rows& r) {
  using arrow::Type;
  switch (r.column.type_id()) {
    case Type::BOOL:
      return ExtremeInts<kIsMax, arrow::BooleanArray>(r);
    case Type::INT8:
      return ExtremeInts<kIsMax, arrow::Int8Array>(r);
    case Type::INT16:
      return ExtremeInts<kIsMax, arrow::Int16Array>(r);
    case Type::INT32:
      return ExtremeInts<kIsMax, arrow::Int32Array>(r);
    case Type::INT64:
      return ExtremeInts<kIsMax, arrow::Int64Array>(r);
    case Type::DATE32:
      return ExtremeInts<kIsMax, arrow::Date32Array>(r);
    case Type::TIME32:
      return ExtremeInts<kIsMax, arrow::Time32Array>(r);
    case Type::TIMESTAMP:
      return ExtremeInts<kIsMax, arrow::TimestampArray>(r);
    case Type::FLOAT:
      return ExtremeInts<kIsMax, arrow::FloatArray>(r);
    case Type::DOUBLE:
      return ExtremeInts<kIsMax, arrow::DoubleArray>(r);
    case Type::DECIMAL128:
      return ForEachValue<arrow::Decimal128Array>(
          r, [](std::string_view value, uint64_t* cell) { TakeExtremeInt128<kIsMax>(DecimalOf(value), cell); });
    case Type::STRING:
    case Type::BINARY:
      return ForEachValue<arrow::BinaryArray>(
          r, [&](std::string_view value, uint64_t* cell) { TakeExtremeBytes<kIsMax>(value, cell, *r.into.arena); });
    default:
      Check(false, "AggregateLayout::Make admits only the types above");
  }
}

void Sums(const Rows& r) {
  using arrow::Type;
  switch (r.column.type_id()) {
    case Type::INT8:
      return SumInts<arrow::Int8Array>(r);
    case Type::INT16:
      return SumInts<arrow::Int16Array>(r);
    case Type::INT32:
      return SumInts<arrow::Int32Array>(r);
    case Type::INT64:
      return SumInts<arrow::Int64Array>(r);
    case Type::FLOAT:
      return SumDoubles<arrow::FloatArray>(r);
    case Type::DOUBLE:
      return SumDoubles<arrow::DoubleArray>(r);
    case Type::DECIMAL128:
      return ForEachValue<arrow::Decimal128Array>(r, [](std::string_view bytes, uint64_t* cell) {
        Int128 value = DecimalOf(bytes);
        uint64_t wide[3];
        StoreInt128(value, wide);
        wide[2] = value < 0 ? ~uint64_t{0} : 0;
        AddInt192(wide, 1, cell);
      });
    default:
      Check(false, "AggregateLayout::Make admits only the types above");
  }
}

void Moments(const Rows& r) {
  const auto add = [](double value, uint64_t* cell) { AddMoments(value, 0, 1, cell); };
  if (r.column.type_id() == arrow::Type::FLOAT) return ForEachValue<arrow::FloatArray>(r, add);
  ForEachValue<arrow::DoubleArray>(r, add);
}

void Count(const Rows& r) {
  bool nulls = r.column.null_count() > 0;
  for (size_t i = 0; i < r.rows.size(); ++i) {
    if (!nulls || r.column.IsValid(r.rows[i])) r.into.At(r.groups[i], r.cell)[0] += 1;
  }
}

}  // namespace

void AggregateLayout::UpdateCell(const AggregateCell& cell, const arrow::RecordBatch& batch, std::span<const uint32_t> rows,
                                 std::span<const uint32_t> groups, CellRows into) {
  if (cell.column < 0) {
    for (uint32_t group : groups) into.At(group, cell)[0] += 1;
    return;
  }
  std::shared_ptr<arrow::Array> column = batch.column(cell.column);
  Rows r{*column, rows, groups, cell, into};
  switch (cell.function) {
    case AggregateFunction::kCount:
      return Count(r);
    case AggregateFunction::kSum:
    case AggregateFunction::kAvg:
      return Sums(r);
    case AggregateFunction::kMin:
      return Extremes<false>(r);
    case AggregateFunction::kMax:
      return Extremes<true>(r);
    case AggregateFunction::kStddevPop:
    case AggregateFunction::kStddevSamp:
    case AggregateFunction::kVarPop:
    case AggregateFunction::kVarSamp:
      return Moments(r);
  }
}

void AggregateLayout::Update(const arrow::RecordBatch& batch, std::span<const uint32_t> rows,
                             std::span<const uint32_t> groups, CellRows into) const {
  std::vector<uint32_t> kept_rows;
  std::vector<uint32_t> kept_groups;
  for (const AggregateCell& cell : cells_) {
    if (cell.distinct) continue;
    if (cell.filter < 0) {
      UpdateCell(cell, batch, rows, groups, into);
      continue;
    }
    const std::shared_ptr<arrow::Array> column = batch.column(cell.filter);
    const auto& filter = static_cast<const arrow::BooleanArray&>(*column);
    kept_rows.clear();
    kept_groups.clear();
    for (size_t i = 0; i < rows.size(); ++i) {
      if (filter.IsNull(rows[i]) || !filter.Value(rows[i])) continue;
      kept_rows.push_back(rows[i]);
      kept_groups.push_back(groups[i]);
    }
    UpdateCell(cell, batch, kept_rows, kept_groups, into);
  }
}

}  // namespace millrace
