#include "base/expression/record_filter.h"

#include <map>
#include <string>
#include <vector>

#include "arrow/api.h"
#include "base/data_type.h"
#include "base/expression/comparison.h"
#include "base/expression/condition.h"
#include "base/expression/expression.h"
#include "base/expression/type_rules.h"

namespace millrace {
namespace {

using internal::v1::ExactNumber;
using internal::v1::RecordFilter;
using MaybeFilter = std::optional<RecordFilter>;

// Of one part of a condition. More are decided faster in a batch, where IN looks them up in a set.
constexpr int kMostComparisons = 16;
constexpr int kMostDigits = 38;

const std::map<std::string, RecordFilter::Kind, std::less<>>& Comparisons() {
  static const auto* const kinds = new std::map<std::string, RecordFilter::Kind, std::less<>>{
      {"equal", RecordFilter::EQUAL},     {"not_equal", RecordFilter::NOT_EQUAL},
      {"less", RecordFilter::LESS},       {"less_equal", RecordFilter::LESS_EQUAL},
      {"greater", RecordFilter::GREATER}, {"greater_equal", RecordFilter::GREATER_EQUAL}};
  return *kinds;
}

// 5 < x is x > 5.
RecordFilter::Kind Mirrored(RecordFilter::Kind kind) {
  switch (kind) {
    case RecordFilter::LESS:
      return RecordFilter::GREATER;
    case RecordFilter::LESS_EQUAL:
      return RecordFilter::GREATER_EQUAL;
    case RecordFilter::GREATER:
      return RecordFilter::LESS;
    case RecordFilter::GREATER_EQUAL:
      return RecordFilter::LESS_EQUAL;
    default:
      return kind;
  }
}

// A comparison as it is written: the names of functions say in which type numbers are compared, and so does their
// order.
struct Comparison {
  std::string name;
  bool constant_first = false;
};

// The value of a constant that is compared exactly, in units of its own type.
std::optional<__int128> UnitsOf(const arrow::Scalar& constant) {
  switch (constant.type->id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanScalar&>(constant).value;
    case arrow::Type::INT8:
      return static_cast<const arrow::Int8Scalar&>(constant).value;
    case arrow::Type::INT16:
      return static_cast<const arrow::Int16Scalar&>(constant).value;
    case arrow::Type::INT32:
      return static_cast<const arrow::Int32Scalar&>(constant).value;
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Scalar&>(constant).value;
    case arrow::Type::DATE32:
      return static_cast<const arrow::Date32Scalar&>(constant).value;
    case arrow::Type::TIME32:
      return static_cast<const arrow::Time32Scalar&>(constant).value;
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampScalar&>(constant).value;
    case arrow::Type::DECIMAL128: {
      const arrow::Decimal128& value = static_cast<const arrow::Decimal128Scalar&>(constant).value;
      return (static_cast<__int128>(value.high_bits()) << 64) | value.low_bits();
    }
    default:
      return std::nullopt;
  }
}

ExactNumber Exact(__int128 value, int shift) {
  ExactNumber number;
  number.set_high(static_cast<int64_t>(value >> 64));
  number.set_low(static_cast<uint64_t>(value));
  number.set_shift(static_cast<uint32_t>(shift));
  return number;
}

// Compares an integer or DECIMAL with a constant of these.
bool SetExact(const DataType& column, const DataType& type, __int128 value, RecordFilter& filter) {
  const DecimalDigits x = DigitsOf(column), y = DigitsOf(type);
  const int scale = std::max(x.scale, y.scale);
  if (std::max(x.precision - x.scale, y.precision - y.scale) + scale > kMostDigits) return false;
  for (int digit = y.scale; digit < scale; ++digit) value *= 10;
  *filter.mutable_exact() = Exact(value, scale - x.scale);
  return true;
}

// Compares a FLOAT or DOUBLE with a number.
bool SetReal(const DataType& column, const BoundExpression& constant, const Comparison& comparison,
             RecordFilter& filter) {
  const DataType& type = constant.data_type();
  const std::shared_ptr<arrow::DataType> compared = comparison.constant_first
                                                        ? ComparedNumber(comparison.name, type, column)
                                                        : ComparedNumber(comparison.name, column, type);
  // A DOUBLE that is compared as a FLOAT would have to be rounded each time.
  if (compared->bit_width() < column.arrow->bit_width()) return false;
  arrow::Result<std::shared_ptr<arrow::Array>> array = arrow::MakeArrayFromScalar(*constant.constant(), 1);
  if (!array.ok()) return false;
  absl::StatusOr<ArgumentColumn> widened = WidenedTo(compared, {.values = *array});
  if (!widened.ok()) return false;
  if (compared->id() == arrow::Type::FLOAT) {
    filter.set_real(static_cast<const arrow::FloatArray&>(*widened->values).Value(0));
  } else {
    filter.set_real(static_cast<const arrow::DoubleArray&>(*widened->values).Value(0));
  }
  return true;
}

class Compiler {
 public:
  explicit Compiler(const arrow::Schema& records) : records_(records) {}

  MaybeFilter Compile(const v1::Expression& expression) const {
    if (expression.has_column()) return IsTrue(expression);
    if (!expression.has_call()) return std::nullopt;
    const v1::Call& call = expression.call();
    if (call.function() == "and") return Joined(RecordFilter::AND, call);
    if (call.function() == "or") return Joined(RecordFilter::OR, call);
    if (call.function() == "not") return Joined(RecordFilter::NOT, call);
    if (call.function() == "is_null") return Test(RecordFilter::IS_NULL, call);
    if (call.function() == "is_not_null") return Test(RecordFilter::IS_NOT_NULL, call);
    if (call.function() == "in_list") return In(call);
    auto kind = Comparisons().find(call.function());
    if (kind == Comparisons().end() || call.args_size() != 2) return std::nullopt;
    const bool mirrored = call.args(0).has_literal();
    return Compare(mirrored ? Mirrored(kind->second) : kind->second, call.args(mirrored ? 1 : 0),
                   call.args(mirrored ? 0 : 1), {.name = call.function(), .constant_first = mirrored});
  }

 private:
  // The type of an expression that is a column of the record.
  std::optional<DataType> TypeOf(const v1::Expression& expression) const {
    if (!expression.has_column()) return std::nullopt;
    const std::shared_ptr<arrow::Field> field = records_.GetFieldByName(expression.column());
    if (field == nullptr) return std::nullopt;
    return MakeType(field->type(), field->nullable());
  }

  MaybeFilter IsTrue(const v1::Expression& column) const {
    const std::optional<DataType> type = TypeOf(column);
    if (!type || FamilyOf(*type) != TypeFamily::kBoolean) return std::nullopt;
    RecordFilter filter;
    filter.set_kind(RecordFilter::EQUAL);
    filter.set_column(column.column());
    *filter.mutable_exact() = Exact(1, 0);
    return filter;
  }

  MaybeFilter Joined(RecordFilter::Kind kind, const v1::Call& call) const {
    RecordFilter filter;
    filter.set_kind(kind);
    for (const v1::Expression& arg : call.args()) {
      MaybeFilter part = Compile(arg);
      if (!part) return std::nullopt;
      *filter.add_parts() = *std::move(part);
    }
    return filter;
  }

  MaybeFilter Test(RecordFilter::Kind kind, const v1::Call& call) const {
    if (call.args_size() != 1 || !TypeOf(call.args(0))) return std::nullopt;
    RecordFilter filter;
    filter.set_kind(kind);
    filter.set_column(call.args(0).column());
    return filter;
  }

  MaybeFilter In(const v1::Call& call) const {
    if (call.args_size() < 2) return std::nullopt;
    RecordFilter filter;
    filter.set_kind(RecordFilter::OR);
    for (int i = 1; i < call.args_size(); ++i) {
      MaybeFilter part = Compare(RecordFilter::EQUAL, call.args(0), call.args(i), {.name = "equal"});
      // In a set, NaN is found and -0.0 is not 0.0.
      if (!part || part->has_real()) return std::nullopt;
      *filter.add_parts() = *std::move(part);
    }
    return filter;
  }

  MaybeFilter Compare(RecordFilter::Kind kind, const v1::Expression& column, const v1::Expression& constant,
                      const Comparison& comparison) const {
    const std::optional<DataType> type = TypeOf(column);
    if (!type || !constant.has_literal()) return std::nullopt;
    const absl::StatusOr<ExpressionPtr> bound = BindLiteral(constant.literal());
    if (!bound.ok() || (*bound)->constant() == nullptr || !(*bound)->constant()->is_valid) return std::nullopt;
    RecordFilter filter;
    filter.set_kind(kind);
    filter.set_column(column.column());
    if (!SetConstant(*type, **bound, comparison, filter)) return std::nullopt;
    return filter;
  }

  static bool SetConstant(const DataType& column, const BoundExpression& constant, const Comparison& comparison,
                          RecordFilter& filter) {
    const TypeFamily family = FamilyOf(column);
    if (family != FamilyOf(constant.data_type())) return false;
    const arrow::Scalar& value = *constant.constant();
    if (family == TypeFamily::kString) {
      filter.set_text(std::string(static_cast<const arrow::StringScalar&>(value).view()));
      return true;
    }
    if (family == TypeFamily::kNumber && IsFloating(column)) return SetReal(column, constant, comparison, filter);
    const std::optional<__int128> units = UnitsOf(value);
    if (!units) return false;
    if (family == TypeFamily::kNumber) return SetExact(column, constant.data_type(), *units, filter);
    *filter.mutable_exact() = Exact(*units, 0);
    return true;
  }

  const arrow::Schema& records_;
};

int NumComparisons(const RecordFilter& filter) {
  int sum = filter.parts().empty() ? 1 : 0;
  for (const RecordFilter& part : filter.parts()) sum += NumComparisons(part);
  return sum;
}

RecordFilter Joined(RecordFilter::Kind kind, std::vector<RecordFilter> parts) {
  if (parts.size() == 1) return std::move(parts[0]);
  RecordFilter all;
  all.set_kind(kind);
  for (RecordFilter& part : parts) *all.add_parts() = std::move(part);
  return all;
}

}  // namespace

MaybeFilter RecordFilterOf(const v1::Expression& condition, const arrow::Schema& records, const arrow::Schema& input) {
  const Compiler compiler(records);
  std::vector<RecordFilter> parts;
  for (const v1::Expression* conjunct : ConjunctsOf(condition)) {
    if (MaybeFilter part = compiler.Compile(*conjunct)) {
      if (NumComparisons(*part) <= kMostComparisons) parts.push_back(*std::move(part));
      continue;
    }
    if (MayFail(*conjunct, input)) break;
  }
  if (parts.empty()) return std::nullopt;
  return Joined(RecordFilter::AND, std::move(parts));
}

RecordFilter AnyOf(std::vector<RecordFilter> filters) { return Joined(RecordFilter::OR, std::move(filters)); }

}  // namespace millrace
