#include <cmath>
#include <limits>

#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "base/arrow_status.h"
#include "base/element_types.h"
#include "base/error.h"
#include "base/expression/cast.h"
#include "base/expression/decimal_math.h"
#include "base/expression/format_value.h"
#include "base/expression/nodes.h"
#include "base/expression/parse_value.h"
#include "base/expression/row_kernel.h"
#include "base/expression/take_rows.h"
#include "base/expression/type_rules.h"
#include "base/expression/zone_math.h"
#include "base/macros.h"
#include "base/value_text.h"

namespace millrace {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using arrow::Decimal128;

constexpr int64_t kDayMicros = 86'400'000'000;

// Calls `make` with a value of the C type of a number's column.
template <typename Make>
absl::StatusOr<Kernel> ForNumber(const DataType& type, Make make) {
  switch (type.arrow->id()) {
    case arrow::Type::INT8:
      return make(int8_t{});
    case arrow::Type::INT16:
      return make(int16_t{});
    case arrow::Type::INT32:
      return make(int32_t{});
    case arrow::Type::INT64:
      return make(int64_t{});
    case arrow::Type::FLOAT:
      return make(float{});
    case arrow::Type::DOUBLE:
      return make(double{});
    default:
      return make(Decimal128{});
  }
}

// (long) x and (int) x of Java: NaN is 0, what is too large the largest.
template <typename Integer>
Integer Saturated(double value) {
  if (std::isnan(value)) return 0;
  if (value >= static_cast<double>(std::numeric_limits<Integer>::max())) return std::numeric_limits<Integer>::max();
  if (value <= static_cast<double>(std::numeric_limits<Integer>::min())) return std::numeric_limits<Integer>::min();
  return static_cast<Integer>(value);
}

template <typename Integer>
Integer CutFloating(double value) {
  if constexpr (std::is_same_v<Integer, int64_t>) return Saturated<int64_t>(value);
  return static_cast<Integer>(Saturated<int32_t>(value));
}

double DoubleOf(const Decimal128& value, int scale) { return *ParseDouble(Cat(value.ToIntegerString(), "e", -scale)); }

template <typename From, typename To>
Kernel NumberCast(const DataType& from, const DataType& to) {
  constexpr bool kFromDecimal = std::is_same_v<From, Decimal128>;
  constexpr bool kToDecimal = std::is_same_v<To, Decimal128>;
  if constexpr (kFromDecimal || kToDecimal) {
    const int scale = IsFloating(from) ? 0 : DigitsOf(from).scale;
    const DecimalDigits wanted = IsFloating(to) ? DecimalDigits{} : DigitsOf(to);
    if constexpr (kToDecimal && std::is_floating_point_v<From>) {
      return RowKernel(
          [wanted](From value) -> std::optional<Decimal128> {
            if (!std::isfinite(value)) return std::nullopt;
            std::string text;
            AppendJavaDouble(static_cast<double>(value), &text);
            return *ParseDecimal(text, wanted.precision, wanted.scale);
          },
          to);
    } else if constexpr (kToDecimal) {
      return RowKernel(
          [wanted, scale](From value) {
            return Fitted(Rescaled(WideDecimal(Decimal128(value)), scale, wanted.scale), wanted.precision);
          },
          to);
    } else if constexpr (std::is_floating_point_v<To>) {
      return RowKernel([scale](Decimal128 value) { return static_cast<To>(DoubleOf(value, scale)); }, to);
    } else {
      const Decimal128 unit = Decimal128(Decimal128(1).IncreaseScaleBy(scale));
      return RowKernel(
          [unit](Decimal128 value) { return static_cast<To>(value.Divide(unit)->first.low_bits()); }, to);
    }
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    return RowKernel([](From value) { return CutFloating<To>(value); }, to);
  } else {
    return RowKernel([](From value) { return static_cast<To>(value); }, to);
  }
}

absl::StatusOr<Kernel> NumberToNumber(const DataType& from, const DataType& to) {
  return ForNumber(from, [&](auto a) {
    return ForNumber(to, [&](auto b) -> absl::StatusOr<Kernel> { return NumberCast<decltype(a), decltype(b)>(from, to); });
  });
}

// Hands the column on, under the result's type.
Kernel Relabelled(const DataType& to) {
  auto run = [type = to.arrow](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
    ASSIGN_OR_RETURN(ArrayPtr values, Expanded(input.arguments[0], input.rows));
    if (values->type()->Equals(*type)) return values;
    auto data = values->data()->Copy();
    data->type = type;
    return arrow::MakeArray(std::move(data));
  };
  return Kernel{.run = std::move(run)};
}

// To strings of any length.
Kernel ToText(const DataType& from, const DataType& to, absl::TimeZone zone) {
  const TextLength length = LengthOf(to);
  auto run = [format = MakeFormatter(from, zone), length](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
    arrow::StringBuilder builder;
    RETURN_IF_ERROR(FromArrow(builder.Reserve(input.rows)));
    const ArgumentColumn& column = input.arguments[0];
    std::string text;
    for (int64_t row = 0; row < input.rows; ++row) {
      if (column.values->IsNull(row * column.step)) {
        RETURN_IF_ERROR(FromArrow(builder.AppendNull()));
        continue;
      }
      text.clear();
      format(*column.values, row * column.step, text);
      if (length.length >= 0) text = FitText(text, length.length, length.fixed);
      RETURN_IF_ERROR(FromArrow(builder.Append(text)));
    }
    return FromArrow(builder.Finish());
  };
  return Kernel{.run = std::move(run)};
}

absl::StatusOr<Kernel> ToBytes(const DataType& to) {
  const TextLength length = LengthOf(to);
  if (length.length < 0) return Relabelled(to);
  return RowKernel(
      [length](std::string_view bytes) {
        std::string fitted(bytes.substr(0, static_cast<size_t>(length.length)));
        if (length.fixed) fitted.resize(static_cast<size_t>(length.length), '\0');
        return fitted;
      },
      to);
}

template <typename T>
Kernel TextToInteger(const DataType& to) {
  return RowKernel(
      [](std::string_view text) -> absl::StatusOr<T> {
        ASSIGN_OR_RETURN(int64_t value,
                         ParseInteger(text, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
        return static_cast<T>(value);
      },
      to);
}

absl::StatusOr<Kernel> FromText(const DataType& from, const DataType& to, absl::TimeZone zone) {
  const int precision = to.precision;
  switch (to.arrow->id()) {
    case arrow::Type::BOOL:
      return RowKernel(ParseBoolean, to);
    case arrow::Type::INT8:
      return TextToInteger<int8_t>(to);
    case arrow::Type::INT16:
      return TextToInteger<int16_t>(to);
    case arrow::Type::INT32:
      return TextToInteger<int32_t>(to);
    case arrow::Type::INT64:
      return TextToInteger<int64_t>(to);
    case arrow::Type::FLOAT:
      return RowKernel(ParseFloat, to);
    case arrow::Type::DOUBLE:
      return RowKernel(ParseDouble, to);
    case arrow::Type::DECIMAL128: {
      const DecimalDigits digits = DigitsOf(to);
      return RowKernel(
          [digits](std::string_view text) { return ParseDecimal(text, digits.precision, digits.scale); }, to);
    }
    case arrow::Type::BINARY:
      return ToBytes(to);
    case arrow::Type::DATE32:
      return RowKernel(ParseDate, to);
    case arrow::Type::TIME32:
      return RowKernel([precision](std::string_view text) { return ParseTime(text, precision); }, to);
    case arrow::Type::TIMESTAMP:
      if (FamilyOf(to) == TypeFamily::kTimestamp) {
        return RowKernel([precision](std::string_view text) { return ParseTimestamp(text, precision); }, to);
      }
      return RowKernel(
          [precision, zone](std::string_view text) -> absl::StatusOr<int64_t> {
            ASSIGN_OR_RETURN(int64_t local, ParseTimestamp(text, precision));
            return InstantMicros(local, zone);
          },
          to);
    default:
      return InvalidArgument("there is no conversion from ", from.sql);
  }
}

// The time of day, as a TIME of that precision.
int32_t TimeOf(int64_t local, int precision) {
  const int64_t of_day = FloorModulo(local, kDayMicros);
  return static_cast<int32_t>(CutTimestamp(of_day, precision) / 1000);
}

absl::StatusOr<Kernel> BetweenTimes(const DataType& from, const DataType& to, absl::TimeZone zone) {
  const TypeFamily a = FamilyOf(from), b = FamilyOf(to);
  const int precision = to.precision;
  // By way of what a clock in the zone shows; a TIMESTAMP is that already.
  const bool from_zone = a == TypeFamily::kTimestampLtz, to_zone = b == TypeFamily::kTimestampLtz;
  if (a == TypeFamily::kDate || a == TypeFamily::kTime) {
    const int64_t unit = a == TypeFamily::kDate ? kDayMicros : 1000;
    return RowKernel(
        [unit, to_zone, zone, precision](int32_t value) {
          const int64_t local = CutTimestamp(value * unit, precision);
          return to_zone ? InstantMicros(local, zone) : local;
        },
        to);
  }
  if (b == TypeFamily::kDate && from_zone) {
    return RowKernel(
        [zone](int64_t micros) { return static_cast<int32_t>(FloorDivide(LocalMicros(micros, zone), kDayMicros)); }, to);
  }
  if (b == TypeFamily::kDate) {
    // Flink cuts towards 1970.
    return RowKernel([](int64_t micros) { return static_cast<int32_t>(FloorDivide(micros, 1000) / 86'400'000); }, to);
  }
  if (b == TypeFamily::kTime && from_zone) {
    return RowKernel([zone, precision](int64_t micros) { return TimeOf(LocalMicros(micros, zone), precision); }, to);
  }
  if (b == TypeFamily::kTime) {
    return RowKernel(
        [precision](int64_t micros) -> absl::StatusOr<int32_t> {
          // Flink makes a negative TIME of it, which nothing can read.
          if (micros < 0 && FloorModulo(micros, kDayMicros) >= 1000) {
            return InvalidArgument("a TIMESTAMP before 1970 has no TIME here; use DATE_FORMAT or EXTRACT");
          }
          return TimeOf(micros, precision);
        },
        to);
  }
  if (a == b) return RowKernel([precision](int64_t micros) { return CutTimestamp(micros, precision); }, to);
  if (from_zone) {
    return RowKernel([zone, precision](int64_t at) { return CutTimestamp(LocalMicros(at, zone), precision); }, to);
  }
  return RowKernel(
      [zone, precision](int64_t local) { return InstantMicros(CutTimestamp(local, precision), zone); }, to);
}

// Converts the values within ARRAY, MAP and ROW.
class NestedCast {
 public:
  static absl::StatusOr<Kernel> Make(const DataType& from, const DataType& to, absl::TimeZone zone) {
    auto cast = std::make_shared<NestedCast>();
    cast->type_ = to.arrow;
    Kernel kernel;
    ASSIGN_OR_RETURN(const std::vector<DataType> x, ElementTypesOf(from));
    ASSIGN_OR_RETURN(const std::vector<DataType> y, ElementTypesOf(to));
    for (size_t i = 0; i < y.size(); ++i) {
      ASSIGN_OR_RETURN(Kernel child, CastKernel(WithNullability(x[i], true), WithNullability(y[i], true), zone));
      kernel.can_fail = kernel.can_fail || child.can_fail || from.arrow->id() == arrow::Type::MAP;
      cast->children_.push_back(std::move(child));
    }
    kernel.run = [cast](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
      ASSIGN_OR_RETURN(ArrayPtr values, Expanded(input.arguments[0], input.rows));
      return cast->Run(*values, input.errors);
    };
    return kernel;
  }

 private:
  absl::StatusOr<ArrayPtr> Child(size_t i, const ArrayPtr& values, RowErrors& errors) const {
    if (values->length() == 0) return FromArrow(arrow::MakeEmptyArray(ChildType(i)));
    const ArgumentColumn columns[] = {{.values = values}};
    return children_[i].run({.arguments = columns, .rows = values->length(), .errors = errors});
  }

  std::shared_ptr<arrow::DataType> ChildType(size_t i) const {
    if (type_->id() != arrow::Type::MAP) return type_->field(static_cast<int>(i))->type();
    const auto& map = static_cast<const arrow::MapType&>(*type_);
    return i == 0 ? map.key_type() : map.item_type();
  }

  // An error of an element is one of the row that has it.
  template <typename Lists>
  static void AddToRows(const Lists& lists, const RowErrors& inner, RowErrors& errors) {
    for (const RowErrors::Entry& entry : inner.entries()) {
      for (int64_t row = 0; row < lists.length(); ++row) {
        if (entry.row < lists.value_offset(row) || entry.row >= lists.value_offset(row + 1)) continue;
        if (lists.IsValid(row)) errors.Add(row, entry.message);
      }
    }
  }

  absl::StatusOr<ArrayPtr> Run(const arrow::Array& values, RowErrors& errors) const {
    auto data = values.data()->Copy();
    data->type = type_;
    RowErrors inner;
    if (type_->id() == arrow::Type::LIST) {
      const auto& lists = static_cast<const arrow::ListArray&>(values);
      ASSIGN_OR_RETURN(ArrayPtr items, Child(0, lists.values(), inner));
      AddToRows(lists, inner, errors);
      data->child_data = {items->data()};
      return arrow::MakeArray(std::move(data));
    }
    if (type_->id() == arrow::Type::MAP) {
      const auto& maps = static_cast<const arrow::MapArray&>(values);
      ASSIGN_OR_RETURN(ArrayPtr keys, Child(0, maps.keys(), inner));
      ASSIGN_OR_RETURN(ArrayPtr items, Child(1, maps.items(), inner));
      for (int64_t i = 0; i < keys->length(); ++i) {
        if (keys->IsNull(i)) inner.Add(i, "a key of a MAP becomes NULL");
      }
      AddToRows(maps, inner, errors);
      keys = WithoutNulls(keys);
      auto entries = maps.values()->data()->Copy();
      entries->type = static_cast<const arrow::MapType&>(*type_).value_type();
      entries->child_data = {keys->data(), items->data()};
      entries->length = keys->length();
      entries->offset = 0;
      data->child_data = {std::move(entries)};
      return arrow::MakeArray(std::move(data));
    }
    const auto& rows = static_cast<const arrow::StructArray&>(values);
    data->child_data.clear();
    data->offset = 0;
    for (size_t i = 0; i < children_.size(); ++i) {
      ASSIGN_OR_RETURN(ArrayPtr field, Child(i, rows.field(static_cast<int>(i)), inner));
      data->child_data.push_back(field->data());
    }
    for (const RowErrors::Entry& entry : inner.entries()) {
      if (rows.IsValid(entry.row)) errors.Add(entry.row, entry.message);
    }
    if (values.offset() != 0 && data->buffers[0] != nullptr) {
      ASSIGN_OR_RETURN(data->buffers[0], FromArrow(arrow::internal::CopyBitmap(arrow::default_memory_pool(),
                                                                               data->buffers[0]->data(),
                                                                               values.offset(), values.length())));
    }
    return arrow::MakeArray(std::move(data));
  }

  std::shared_ptr<arrow::DataType> type_;
  std::vector<Kernel> children_;
};

}  // namespace

absl::StatusOr<Kernel> CastKernel(const DataType& from, const DataType& to, absl::TimeZone zone) {
  const TypeFamily a = FamilyOf(from), b = FamilyOf(to);
  if (b == TypeFamily::kString && a == TypeFamily::kString && LengthOf(to).length < 0) return Relabelled(to);
  if (b == TypeFamily::kString) return ToText(from, to, zone);
  if (b == TypeFamily::kBytes && a == TypeFamily::kBytes) return ToBytes(to);
  if (a == TypeFamily::kString) return FromText(from, to, zone);
  if (a == TypeFamily::kNumber && b == TypeFamily::kNumber) {
    return from.arrow->Equals(*to.arrow) ? Relabelled(to) : NumberToNumber(from, to);
  }
  if (a == TypeFamily::kNumber && b == TypeFamily::kBoolean) {
    return ForNumber(from, [&](auto zero) -> absl::StatusOr<Kernel> {
      return RowKernel([](decltype(zero) value) { return value != decltype(zero)(0); }, to);
    });
  }
  if (a == TypeFamily::kBoolean && b == TypeFamily::kNumber) {
    return ForNumber(to, [&](auto zero) -> absl::StatusOr<Kernel> {
      using To = decltype(zero);
      const int scale = IsDecimal(to) ? DigitsOf(to).scale : 0;
      const int precision = IsDecimal(to) ? DigitsOf(to).precision : 0;
      if constexpr (std::is_same_v<To, Decimal128>) {
        return RowKernel(
            [=](bool value) { return Fitted(value ? Power10(scale) : WideDecimal(0), precision); }, to);
      } else {
        return RowKernel([](bool value) { return static_cast<To>(value ? 1 : 0); }, to);
      }
    });
  }
  if (a == TypeFamily::kNumber || b == TypeFamily::kNumber) {
    // Intervals are whole numbers of months or milliseconds.
    const DataType number = a == TypeFamily::kNumber ? from : to;
    const TypeFamily interval = a == TypeFamily::kNumber ? b : a;
    const bool months = interval == TypeFamily::kMonths;
    return ForNumber(number, [&](auto zero) -> absl::StatusOr<Kernel> {
      using Number = decltype(zero);
      if constexpr (std::is_integral_v<Number>) {
        if (a == TypeFamily::kNumber && months) return RowKernel([](Number n) { return static_cast<int32_t>(n); }, to);
        if (a == TypeFamily::kNumber) return RowKernel([](Number n) { return static_cast<int64_t>(n); }, to);
        if (months) return RowKernel([](int32_t n) { return static_cast<Number>(n); }, to);
        return RowKernel([](int64_t n) { return static_cast<Number>(n); }, to);
      }
      return InvalidArgument("there is no conversion from ", from.sql);
    });
  }
  if (a == TypeFamily::kNested) {
    const bool same = WithNullability(from, true).sql == WithNullability(to, true).sql;
    return same ? Relabelled(to) : NestedCast::Make(from, to, zone);
  }
  if (a == b && a == TypeFamily::kTime) {
    return RowKernel([precision = to.precision](int32_t millis) { return TimeOf(millis * int64_t{1000}, precision); }, to);
  }
  if (a == b && a != TypeFamily::kTimestamp && a != TypeFamily::kTimestampLtz) return Relabelled(to);
  return BetweenTimes(from, to, zone);
}

}  // namespace millrace
