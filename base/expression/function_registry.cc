#include "base/expression/function_registry.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "arrow/type.h"
#include "arrow/type_traits.h"
#include "base/error.h"
#include "base/macros.h"
#include "base/nearest_name.h"

namespace millrace {
namespace {

using Args = std::span<const DataType>;

enum class Family { kBoolean, kNumber, kString, kBytes, kDate, kTime, kTimestamp, kTimestampLtz, kNested };

Family FamilyOf(const DataType& type) {
  switch (type.arrow->id()) {
    case arrow::Type::BOOL:
      return Family::kBoolean;
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL128:
      return Family::kNumber;
    case arrow::Type::STRING:
      return Family::kString;
    case arrow::Type::BINARY:
      return Family::kBytes;
    case arrow::Type::DATE32:
      return Family::kDate;
    case arrow::Type::TIME32:
      return Family::kTime;
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(*type.arrow).timezone().empty() ? Family::kTimestamp : Family::kTimestampLtz;
    default:
      return Family::kNested;
  }
}

bool AnyNullable(Args args) {
  return std::any_of(args.begin(), args.end(), [](const DataType& type) { return type.nullable; });
}

DataType MakeType(std::shared_ptr<arrow::DataType> arrow, bool nullable, int precision = 0) {
  DataType type{.arrow = std::move(arrow), .nullable = nullable, .precision = precision, .sql = ""};
  type.sql = SqlTypeOf(*type.arrow, nullable, precision);
  return type;
}

DataType WithNullability(DataType type, bool nullable) {
  constexpr std::string_view kNotNull = " NOT NULL";
  const bool spelled = std::string_view(type.sql).ends_with(kNotNull);
  if (nullable && spelled) type.sql.resize(type.sql.size() - kNotNull.size());
  if (!nullable && !spelled) type.sql += kNotNull;
  type.nullable = nullable;
  return type;
}

std::string TypesOf(Args args) {
  std::string list;
  for (const DataType& type : args) absl::StrAppend(&list, list.empty() ? "" : ", ", type.sql);
  return list;
}

bool IsInteger(const DataType& type) { return arrow::is_signed_integer(type.arrow->id()); }
bool IsFloating(const DataType& type) { return arrow::is_floating(type.arrow->id()); }

struct Digits {
  int precision;
  int scale;
};

Digits DigitsOf(const DataType& type) {
  switch (type.arrow->id()) {
    case arrow::Type::INT8:
      return {3, 0};
    case arrow::Type::INT16:
      return {5, 0};
    case arrow::Type::INT32:
      return {10, 0};
    case arrow::Type::INT64:
      return {19, 0};
    default: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(*type.arrow);
      return {decimal.precision(), decimal.scale()};
    }
  }
}

// Too many digits are cut off behind the point, but for the first six.
std::shared_ptr<arrow::DataType> FittedDecimal(int precision, int scale) {
  if (precision <= 38) return arrow::decimal128(precision, scale);
  const int whole = precision - scale;
  return arrow::decimal128(38, std::max(38 - whole, std::min(scale, 6)));
}

// The narrowest type that holds both numbers.
std::shared_ptr<arrow::DataType> WiderNumber(const DataType& a, const DataType& b) {
  if (IsInteger(a) && IsInteger(b)) return a.arrow->bit_width() >= b.arrow->bit_width() ? a.arrow : b.arrow;
  if (IsFloating(a) || IsFloating(b)) {
    const bool single = a.arrow->id() != arrow::Type::DOUBLE && b.arrow->id() != arrow::Type::DOUBLE &&
                        a.arrow->id() != arrow::Type::DECIMAL128 && b.arrow->id() != arrow::Type::DECIMAL128;
    return single ? arrow::float32() : arrow::float64();
  }
  const Digits x = DigitsOf(a), y = DigitsOf(b);
  const int scale = std::max(x.scale, y.scale);
  return FittedDecimal(std::max(x.precision - x.scale, y.precision - y.scale) + scale, scale);
}

std::optional<DataType> CommonType(Args args, bool nullable) {
  DataType common = args[0];
  for (const DataType& type : args.subspan(1)) {
    if (FamilyOf(type) != FamilyOf(common)) return std::nullopt;
    switch (FamilyOf(type)) {
      case Family::kNumber:
        common = MakeType(WiderNumber(common, type), nullable);
        break;
      case Family::kString:
      case Family::kBytes:
        if (WithNullability(type, true).sql != WithNullability(common, true).sql) common = MakeType(type.arrow, nullable);
        break;
      case Family::kNested:
        if (!type.arrow->Equals(*common.arrow)) return std::nullopt;
        break;
      default:
        if (type.precision > common.precision) common = type;
    }
  }
  return WithNullability(std::move(common), nullable);
}

// Every rule answers for one row of the table in the header; nothing: the arguments are not taken.
using Rule = std::optional<DataType> (*)(std::string_view name, Args args);

std::optional<DataType> Comparison(std::string_view name, Args args) {
  const Family family = FamilyOf(args[0]);
  if (family != FamilyOf(args[1]) || family == Family::kNested) return std::nullopt;
  if (family == Family::kBoolean && name != "equal" && name != "not_equal") return std::nullopt;
  return MakeType(arrow::boolean(), AnyNullable(args));
}

std::optional<DataType> Logic(std::string_view, Args args) {
  for (const DataType& type : args) {
    if (FamilyOf(type) != Family::kBoolean) return std::nullopt;
  }
  return MakeType(arrow::boolean(), AnyNullable(args));
}

std::optional<DataType> NullTest(std::string_view, Args) { return MakeType(arrow::boolean(), false); }

std::optional<DataType> Arithmetic(std::string_view name, Args args) {
  const DataType &a = args[0], &b = args[1];
  if (FamilyOf(a) != Family::kNumber || FamilyOf(b) != Family::kNumber) return std::nullopt;
  const bool nullable = AnyNullable(args);
  const bool floating = IsFloating(a) || IsFloating(b);
  if (name == "modulo" && floating) return std::nullopt;
  if (name == "modulo" && IsInteger(a) && IsInteger(b)) return MakeType(b.arrow, nullable);
  if (floating || (IsInteger(a) && IsInteger(b))) return MakeType(WiderNumber(a, b), nullable);
  const Digits x = DigitsOf(a), y = DigitsOf(b);
  int scale = std::max(x.scale, y.scale);
  int precision = std::max(x.precision - x.scale, y.precision - y.scale) + scale + 1;
  if (name == "times") {
    scale = x.scale + y.scale;
    precision = x.precision + y.precision;
  } else if (name == "divide") {
    scale = std::max(6, x.scale + y.precision + 1);
    precision = x.precision - x.scale + y.scale + scale;
  } else if (name == "modulo") {
    precision = std::min(x.precision - x.scale, y.precision - y.scale) + scale;
  }
  return MakeType(FittedDecimal(precision, scale), nullable || precision > 38);
}

std::optional<DataType> StringFunction(std::string_view name, Args args) {
  for (const DataType& type : args) {
    if (FamilyOf(type) != Family::kString) return std::nullopt;
  }
  return MakeType(name == "char_length" ? arrow::int32() : arrow::utf8(), AnyNullable(args));
}

std::optional<DataType> Coalesce(std::string_view, Args args) {
  return CommonType(args, std::all_of(args.begin(), args.end(), [](const DataType& type) { return type.nullable; }));
}

constexpr size_t kAnyNumber = 1000;

struct ScalarFunction {
  const char* name;
  size_t min_args;
  size_t max_args;
  Rule rule;
  const char* takes;
};

constexpr const char* kComparable = "two numbers, strings, bytes, dates, times or timestamps of one kind";
constexpr ScalarFunction kScalarFunctions[] = {
    {"equal", 2, 2, Comparison, "two values of one kind, but not ARRAY, MAP or ROW"},
    {"not_equal", 2, 2, Comparison, "two values of one kind, but not ARRAY, MAP or ROW"},
    {"less", 2, 2, Comparison, kComparable},
    {"less_equal", 2, 2, Comparison, kComparable},
    {"greater", 2, 2, Comparison, kComparable},
    {"greater_equal", 2, 2, Comparison, kComparable},
    {"and", 2, kAnyNumber, Logic, "two or more BOOLEAN"},
    {"or", 2, kAnyNumber, Logic, "two or more BOOLEAN"},
    {"not", 1, 1, Logic, "one BOOLEAN"},
    {"is_null", 1, 1, NullTest, "one value"},
    {"is_not_null", 1, 1, NullTest, "one value"},
    {"plus", 2, 2, Arithmetic, "two numbers"},
    {"minus", 2, 2, Arithmetic, "two numbers"},
    {"times", 2, 2, Arithmetic, "two numbers"},
    {"divide", 2, 2, Arithmetic, "two numbers"},
    {"modulo", 2, 2, Arithmetic, "two integers or decimals"},
    {"upper", 1, 1, StringFunction, "one string"},
    {"lower", 1, 1, StringFunction, "one string"},
    {"concat", 1, kAnyNumber, StringFunction, "one or more strings"},
    {"char_length", 1, 1, StringFunction, "one string"},
    {"coalesce", 2, kAnyNumber, Coalesce, "two or more values of one kind"},
};

constexpr const char* kAggregates[] = {"count", "sum", "min", "max", "avg"};

bool CanCast(const DataType& from, const DataType& to) {
  const Family a = FamilyOf(from), b = FamilyOf(to);
  if (a == Family::kNested || b == Family::kNested) return from.arrow->Equals(*to.arrow);
  if (a == b || a == Family::kString || b == Family::kString) return true;
  switch (a) {
    case Family::kBoolean:
      return b == Family::kNumber;
    case Family::kNumber:
      return b == Family::kBoolean;
    case Family::kDate:
      return b == Family::kTimestamp || b == Family::kTimestampLtz;
    case Family::kTimestamp:
    case Family::kTimestampLtz:
      return b == Family::kTimestamp || b == Family::kTimestampLtz || b == Family::kDate || b == Family::kTime;
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<DataType> ScalarResultType(std::string_view name, Args args) {
  for (const ScalarFunction& function : kScalarFunctions) {
    if (name != function.name) continue;
    if (args.size() >= function.min_args && args.size() <= function.max_args) {
      if (std::optional<DataType> type = function.rule(name, args)) return *std::move(type);
    }
    bool number_fits = args.size() >= function.min_args && args.size() <= function.max_args;
    return InvalidArgument("function ", name, " takes ", function.takes, ", not (", TypesOf(args), "); ",
                           number_fits ? "cast the arguments" : "give it that many");
  }
  const std::vector<std::string> names = ScalarFunctionNames();
  return InvalidArgument("there is no function '", name, "'", NameAdvice(name, names));
}

absl::StatusOr<ResolvedCall> ResolveCall(std::string_view name, std::span<const CallArgument> args) {
  ResolvedCall call;
  call.function = absl::AsciiStrToLower(absl::string_view(name.data(), name.size()));
  for (const CallArgument& arg : args) call.arguments.push_back(arg.type);
  ASSIGN_OR_RETURN(call.result, ScalarResultType(call.function, call.arguments));
  return call;
}

absl::StatusOr<DataType> AggregateResultType(std::string_view function, const std::optional<DataType>& argument) {
  if (std::find(std::begin(kAggregates), std::end(kAggregates), function) == std::end(kAggregates)) {
    return InvalidArgument("there is no aggregate '", function, "'", NameAdvice(function, AggregateFunctionNames()));
  }
  if (function == "count") return MakeType(arrow::int64(), false);
  if (!argument) return InvalidArgument("aggregate ", function, " needs a column; only count can do without");
  const bool extreme = function == "min" || function == "max";
  if (!extreme && FamilyOf(*argument) != Family::kNumber) {
    return InvalidArgument("aggregate ", function, " takes a number, not ", argument->sql, "; cast the column in a project first");
  }
  if (FamilyOf(*argument) == Family::kNested) {
    return InvalidArgument("aggregate ", function, " does not take ", argument->sql, "; use a column that has an order");
  }
  if (!extreme && argument->arrow->id() == arrow::Type::DECIMAL128) {
    const int scale = DigitsOf(*argument).scale;
    return MakeType(arrow::decimal128(38, function == "avg" ? std::max(6, scale) : scale), true);
  }
  return WithNullability(*argument, true);
}

absl::StatusOr<DataType> CastResultType(const DataType& from, const DataType& to) {
  if (!CanCast(from, to)) return InvalidArgument("cannot cast ", from.sql, " to ", to.sql, "; docs/plan.md lists what can be cast");
  if (from.nullable && !to.nullable) {
    return InvalidArgument("cannot cast ", from.sql, " to ", to.sql, ", because the operand may be NULL; use coalesce around it");
  }
  return WithNullability(to, from.nullable);
}

bool IsKeyType(const DataType& type) { return FamilyOf(type) != Family::kNested; }

std::vector<std::string> ScalarFunctionNames() {
  std::vector<std::string> names;
  for (const ScalarFunction& function : kScalarFunctions) names.push_back(function.name);
  return names;
}

std::vector<std::string> AggregateFunctionNames() { return {std::begin(kAggregates), std::end(kAggregates)}; }

}  // namespace millrace
