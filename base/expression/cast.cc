#include <algorithm>

#include "arrow/api.h"
#include "arrow/compute/api.h"
#include "arrow/util/bit_util.h"
#include "base/arrow_status.h"
#include "base/error.h"
#include "base/expression/cast.h"
#include "base/expression/decimal_math.h"
#include "base/expression/function_registry.h"
#include "base/expression/nodes.h"
#include "base/expression/row_kernel.h"
#include "base/expression/temporal_zone.h"
#include "base/expression/type_rules.h"
#include "base/macros.h"

namespace millrace {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

absl::StatusOr<ArrayPtr> Convert(const ArrayPtr& values, const TypePtr& to) {
  auto options = arrow::compute::CastOptions::Safe(to);
  ASSIGN_OR_RETURN(arrow::Datum converted, FromArrow(arrow::compute::Cast(arrow::Datum(values), options)));
  return converted.make_array();
}

absl::Status CheckDigits(const arrow::Array& values, const DataType& to) {
  if (to.arrow->id() != arrow::Type::TIMESTAMP || to.precision >= 6) return absl::OkStatus();
  int64_t unit = 1;
  for (int digit = to.precision; digit < 6; ++digit) unit *= 10;
  const auto& times = static_cast<const arrow::TimestampArray&>(values);
  for (int64_t i = 0; i < times.length(); ++i) {
    if (times.IsNull(i) || times.Value(i) % unit == 0) continue;
    return InvalidArgument("a value has more than ", to.precision, " digits of a second: ", times.Value(i), " µs");
  }
  return absl::OkStatus();
}

absl::StatusOr<ArrayPtr> ConvertExactly(ArrayPtr values, const DataType& to) {
  if (to.arrow->id() == arrow::Type::TIMESTAMP && arrow::is_string(values->type_id())) {
    // Arrow wants an offset in the text if the type has a zone; SQL has none. Zones are UTC here.
    ASSIGN_OR_RETURN(values, Convert(values, arrow::timestamp(arrow::TimeUnit::MICRO)));
  }
  ASSIGN_OR_RETURN(values, Convert(values, to.arrow));
  RETURN_IF_ERROR(CheckDigits(*values, to));
  return values;
}

// Converts all rows at once and, only where that fails, one by one to find those that do not fit.
Kernel ExactCastKernel(const DataType& to) {
  auto run = [to](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
    const ArgumentColumn& column = input.arguments[0];
    absl::StatusOr<ArrayPtr> all = ConvertExactly(column.values, to);
    if (all.ok()) return all;
    arrow::ArrayVector rows;
    for (int64_t row = 0; row < column.values->length(); ++row) {
      if (column.values->IsNull(row)) {
        // Some types are refused whatever the value is.
        ASSIGN_OR_RETURN(rows.emplace_back(), FromArrow(arrow::MakeArrayOfNull(to.arrow, 1)));
        continue;
      }
      absl::StatusOr<ArrayPtr> one = ConvertExactly(column.values->Slice(row, 1), to);
      if (!one.ok()) {
        input.errors.Add(row, Cat("a value does not fit: ", one.status().message()));
        one = FromArrow(arrow::MakeArrayOfNull(to.arrow, 1));
      }
      ASSIGN_OR_RETURN(rows.emplace_back(), std::move(one));
    }
    return FromArrow(arrow::Concatenate(rows));
  };
  return Kernel{.run = std::move(run), .can_fail = true};
}

// Arrow's conversion does not notice when more digits behind the point are more than 128 bits.
Kernel ExactDecimalKernel(const DataType& from, const DataType& to) {
  const DecimalDigits x = DigitsOf(from), y = DigitsOf(to);
  auto convert = [x, y](const arrow::Decimal128& value) -> absl::StatusOr<arrow::Decimal128> {
    const WideDecimal wide(value), scaled = Rescaled(wide, x.scale, y.scale);
    const std::optional<arrow::Decimal128> fitted = Fitted(scaled, y.precision);
    const int common = std::max(x.scale, y.scale);
    if (fitted && Rescaled(scaled, y.scale, common) == Rescaled(wide, x.scale, common)) return *fitted;
    return InvalidArgument("a value does not fit: ", value.ToString(x.scale));
  };
  return RowKernel(convert, to);
}

// NULL instead of a failure.
Kernel TryCastKernel(Kernel cast) {
  auto run = [cast](const KernelInput& input) -> absl::StatusOr<ArrayPtr> {
    RowErrors errors;
    ASSIGN_OR_RETURN(ArrayPtr values, cast.run({.arguments = input.arguments, .rows = input.rows, .errors = errors}));
    if (errors.empty()) return values;
    arrow::BooleanBuilder builder;
    RETURN_IF_ERROR(FromArrow(builder.AppendValues(std::vector<bool>(static_cast<size_t>(input.rows), true))));
    ASSIGN_OR_RETURN(ArrayPtr keep, FromArrow(builder.Finish()));
    for (const RowErrors::Entry& entry : errors.entries()) {
      arrow::bit_util::ClearBit(const_cast<uint8_t*>(keep->data()->buffers[1]->data()), entry.row);
    }
    ASSIGN_OR_RETURN(auto null, FromArrow(arrow::MakeArrayOfNull(values->type(), 1)));
    ASSIGN_OR_RETURN(auto null_value, FromArrow(null->GetScalar(0)));
    ASSIGN_OR_RETURN(arrow::Datum kept, FromArrow(arrow::compute::IfElse(keep, values, null_value)));
    return kept.make_array();
  };
  return Kernel{.run = std::move(run)};
}

}  // namespace

absl::StatusOr<absl::TimeZone> LoadZone(std::string_view zone) { return SessionZone(zone); }

absl::StatusOr<ExpressionPtr> BindCast(ExpressionPtr operand, const DataType& to, v1::CastMode mode,
                                       std::string_view zone) {
  RETURN_IF_ERROR(KnowArrowFunctions());
  ASSIGN_OR_RETURN(DataType type, CastResultType(operand->data_type(), to, mode));
  std::string text = Cat(mode == v1::CAST_MODE_TRY ? "TRY_CAST(" : "CAST(", operand->text(), " AS ", to.sql, ")");
  Kernel kernel;
  if (mode == v1::CAST_MODE_SQL || mode == v1::CAST_MODE_TRY) {
    ASSIGN_OR_RETURN(absl::TimeZone loaded, LoadZone(zone));
    absl::StatusOr<Kernel> cast = CastKernel(operand->data_type(), to, loaded);
    if (!cast.ok()) return Annotate(cast.status(), "bind ", text);
    kernel = mode == v1::CAST_MODE_TRY ? TryCastKernel(*std::move(cast)) : *std::move(cast);
  } else {
    if (!operand->type()->Equals(*to.arrow) && !arrow::compute::CanCast(*operand->type(), *to.arrow)) {
      return InvalidArgument("bind ", text, ": there is no conversion from ", operand->data_type().sql);
    }
    const bool decimals = IsDecimal(operand->data_type()) && IsDecimal(to);
    kernel = decimals ? ExactDecimalKernel(operand->data_type(), to) : ExactCastKernel(to);
  }
  std::vector<ExpressionPtr> args;
  args.push_back(std::move(operand));
  return MakeKernelNode(std::move(kernel), std::move(args), std::move(type), std::move(text));
}

}  // namespace millrace
