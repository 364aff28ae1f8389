#include "base/expression/comparison.h"

#include <algorithm>

#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "base/arrow_status.h"
#include "base/expression/cast.h"
#include "base/expression/nodes.h"
#include "base/expression/type_rules.h"
#include "base/macros.h"

namespace millrace {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

bool IsTemporal(TypeFamily family) {
  return family == TypeFamily::kDate || family == TypeFamily::kTime || family == TypeFamily::kTimestamp ||
         family == TypeFamily::kTimestampLtz;
}

// Whether nested values are of one type, whatever within them may be NULL.
bool AreAlike(const arrow::DataType& a, const arrow::DataType& b) {
  if (a.id() != b.id() || a.num_fields() != b.num_fields()) return false;
  if (a.num_fields() == 0) return a.Equals(b);
  for (int i = 0; i < a.num_fields(); ++i) {
    const arrow::Field &x = *a.field(i), &y = *b.field(i);
    if (x.name() != y.name() || !AreAlike(*x.type(), *y.type())) return false;
  }
  return true;
}

// The same values under a type that is alike: Arrow takes values of types that are not the same for different.
std::shared_ptr<arrow::ArrayData> UnderType(const TypePtr& type, const arrow::ArrayData& data) {
  std::shared_ptr<arrow::ArrayData> same = data.Copy();
  same->type = type;
  for (size_t i = 0; i < same->child_data.size(); ++i) {
    same->child_data[i] = UnderType(type->field(static_cast<int>(i))->type(), *data.child_data[i]);
  }
  return same;
}

}  // namespace

// As Java promotes them, DECIMAL exactly. Flink looks for equality of FLOAT and DOUBLE in the type of the first.
std::shared_ptr<arrow::DataType> ComparedNumber(std::string_view name, const DataType& a, const DataType& b) {
  if (IsFloating(a) && IsFloating(b) && (name == "equal" || name == "not_equal")) return a.arrow;
  if (IsInteger(a) && IsInteger(b)) return a.arrow->bit_width() >= b.arrow->bit_width() ? a.arrow : b.arrow;
  if (IsFloating(a) || IsFloating(b)) {
    auto is_wide = [](const DataType& type) { return type.arrow->id() == arrow::Type::DOUBLE || IsDecimal(type); };
    return is_wide(a) || is_wide(b) ? arrow::float64() : arrow::float32();
  }
  const DecimalDigits x = DigitsOf(a), y = DigitsOf(b);
  const int scale = std::max(x.scale, y.scale);
  const int digits = std::max(x.precision - x.scale, y.precision - y.scale) + scale;
  return digits <= 38 ? arrow::decimal128(digits, scale) : arrow::decimal256(digits, scale);
}

bool AreComparable(const DataType& a, const DataType& b, bool ordered) {
  const TypeFamily x = FamilyOf(a), y = FamilyOf(b);
  if (x == TypeFamily::kNested || y == TypeFamily::kNested) return !ordered && x == y && AreAlike(*a.arrow, *b.arrow);
  if (x == y) return true;
  if (x == TypeFamily::kString || y == TypeFamily::kString) return IsTemporal(x == TypeFamily::kString ? y : x);
  const DataType types[] = {a, b};
  return CommonType(types).has_value();
}

std::pair<DataType, DataType> ComparedTypes(const DataType& a, const DataType& b) {
  const TypeFamily x = FamilyOf(a), y = FamilyOf(b);
  if (x == y) return {a, b};
  if (x == TypeFamily::kString) return {WithNullability(b, a.nullable), b};
  if (y == TypeFamily::kString) return {a, WithNullability(a, b.nullable)};
  const DataType types[] = {a, b};
  const DataType common = *CommonType(types);
  return {WithNullability(common, a.nullable), WithNullability(common, b.nullable)};
}

std::shared_ptr<arrow::DataType> EqualityType(const DataType& a, const DataType& b) {
  return FamilyOf(a) == TypeFamily::kNumber && !a.arrow->Equals(*b.arrow) ? ComparedNumber("equal", a, b) : a.arrow;
}

absl::StatusOr<ArgumentColumn> WidenedTo(const std::shared_ptr<arrow::DataType>& type, const ArgumentColumn& column) {
  if (column.values->type()->Equals(*type)) return column;
  if (column.values->type_id() == arrow::Type::DECIMAL128 && type->id() == arrow::Type::DOUBLE) {
    // Arrow's conversion is not always to the nearest.
    const DataType from = MakeType(column.values->type(), true), wide = MakeType(type, true);
    ASSIGN_OR_RETURN(Kernel cast, CastKernel(from, wide, absl::UTCTimeZone()));
    RowErrors errors;
    const ArgumentColumn columns[] = {{.values = column.values}};
    const int64_t rows = column.values->length();
    ASSIGN_OR_RETURN(auto values, cast.run({.arguments = columns, .rows = rows, .errors = errors}));
    return ArgumentColumn{.values = std::move(values), .step = column.step};
  }
  auto options = arrow::compute::CastOptions::Unsafe(type);
  ASSIGN_OR_RETURN(arrow::Datum values, FromArrow(arrow::compute::Cast(arrow::Datum(column.values), options)));
  return ArgumentColumn{.values = values.make_array(), .step = column.step};
}

Kernel ComparisonKernel(std::string_view name, const DataType& a, const DataType& b) {
  Kernel compare = ArrowKernel(std::string(name));
  if (FamilyOf(a) == TypeFamily::kNumber && !a.arrow->Equals(*b.arrow)) {
    auto run = [compare, to = ComparedNumber(name, a, b)](
                   const KernelInput& input) -> absl::StatusOr<std::shared_ptr<arrow::Array>> {
      ASSIGN_OR_RETURN(ArgumentColumn x, WidenedTo(to, input.arguments[0]));
      ASSIGN_OR_RETURN(ArgumentColumn y, WidenedTo(to, input.arguments[1]));
      const ArgumentColumn columns[] = {x, y};
      return compare.run({.arguments = columns, .rows = input.rows, .errors = input.errors});
    };
    return Kernel{.run = std::move(run)};
  }
  if (FamilyOf(a) == TypeFamily::kMonths || FamilyOf(a) == TypeFamily::kNested) {
    // Arrow compares neither.
    const bool equality = name == "equal" || name == "not_equal";
    const std::string operation(name);
    auto run = [equality, operation](const KernelInput& input) -> absl::StatusOr<std::shared_ptr<arrow::Array>> {
      arrow::BooleanBuilder builder;
      const ArgumentColumn& x = input.arguments[0];
      ArgumentColumn y = input.arguments[1];
      if (!y.values->type()->Equals(*x.values->type())) {
        y.values = arrow::MakeArray(UnderType(x.values->type(), *y.values->data()));
      }
      for (int64_t row = 0; row < input.rows; ++row) {
        const int64_t i = row * x.step, j = row * y.step;
        if (x.values->IsNull(i) || y.values->IsNull(j)) {
          RETURN_IF_ERROR(FromArrow(builder.AppendNull()));
          continue;
        }
        bool result = false;
        if (equality) {
          result = x.values->RangeEquals(*y.values, i, i + 1, j) == (operation == "equal");
        } else {
          const int32_t left = static_cast<const arrow::MonthIntervalArray&>(*x.values).Value(i);
          const int32_t right = static_cast<const arrow::MonthIntervalArray&>(*y.values).Value(j);
          result = operation == "less"         ? left < right
                   : operation == "less_equal" ? left <= right
                   : operation == "greater"    ? left > right
                                               : left >= right;
        }
        RETURN_IF_ERROR(FromArrow(builder.Append(result)));
      }
      return FromArrow(builder.Finish());
    };
    return Kernel{.run = std::move(run)};
  }
  return compare;
}

}  // namespace millrace
