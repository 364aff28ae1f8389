#include "base/expression/type_rules.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "arrow/type.h"
#include "arrow/type_traits.h"
#include "base/check.h"
#include "base/element_types.h"
#include "base/error.h"

namespace millrace {
namespace {

bool IsLocal(const DataType& type) { return !static_cast<const arrow::TimestampType&>(*type.arrow).timezone().empty(); }

// The type that holds both numbers. As Calcite has it, the first of two approximate types is taken.
std::shared_ptr<arrow::DataType> CommonNumber(const DataType& a, const DataType& b) {
  if (IsInteger(a) && IsInteger(b)) return a.arrow->bit_width() >= b.arrow->bit_width() ? a.arrow : b.arrow;
  if (IsFloating(a) && IsFloating(b)) return a.arrow;
  if (IsFloating(a)) return IsDecimal(b) ? arrow::float64() : a.arrow;
  if (IsFloating(b)) return IsDecimal(a) ? arrow::float64() : b.arrow;
  const DecimalDigits x = DigitsOf(a), y = DigitsOf(b);
  const int scale = std::max(x.scale, y.scale);
  return FittedDecimal(std::max(x.precision - x.scale, y.precision - y.scale) + scale, scale);
}

DataType CommonText(const DataType& a, const DataType& b) {
  const TextLength x = LengthOf(a), y = LengthOf(b);
  const bool text = FamilyOf(a) == TypeFamily::kString;
  if (x.length < 0 || y.length < 0) return MakeType(text ? "STRING" : "BYTES", true);
  std::string name = x.fixed && y.fixed && x.length == y.length ? "" : "VAR";
  return MakeType(Cat(name, text ? "CHAR(" : "BINARY(", std::max(x.length, y.length), ")"), true);
}

std::optional<DataType> CommonPair(const DataType& a, const DataType& b);

std::string QuotedName(const std::string& name) {
  std::string quoted = "`";
  for (char c : name) quoted.append(c == '`' ? 2 : 1, c);
  return quoted + "`";
}

// Part by part, as they are spelled: Arrow's types do not keep lengths and digits. Fields of a row have the first's
// names.
std::optional<DataType> CommonNested(const DataType& a, const DataType& b) {
  if (a.arrow->id() != b.arrow->id()) return std::nullopt;
  const absl::StatusOr<std::vector<DataType>> x = ElementTypesOf(a), y = ElementTypesOf(b);
  if (!x.ok() || !y.ok() || x->size() != y->size()) return std::nullopt;
  const bool row = a.arrow->id() == arrow::Type::STRUCT;
  std::string sql = row ? "ROW<" : a.arrow->id() == arrow::Type::MAP ? "MAP<" : "ARRAY<";
  for (size_t i = 0; i < x->size(); ++i) {
    const std::optional<DataType> part = CommonPair((*x)[i], (*y)[i]);
    if (!part) return std::nullopt;
    absl::StrAppend(&sql, i == 0 ? "" : ", ", row ? QuotedName(a.arrow->field(static_cast<int>(i))->name()) + " " : "",
                    WithNullability(*part, (*x)[i].nullable || (*y)[i].nullable).sql);
  }
  absl::StatusOr<DataType> common = ParseDataType(sql + ">");
  return common.ok() ? std::optional(*std::move(common)) : std::nullopt;
}

std::optional<DataType> CommonPair(const DataType& a, const DataType& b) {
  const TypeFamily x = FamilyOf(a), y = FamilyOf(b);
  if (x != y) {
    // A date is a timestamp at midnight.
    if (x == TypeFamily::kDate && (y == TypeFamily::kTimestamp || y == TypeFamily::kTimestampLtz)) return b;
    if (y == TypeFamily::kDate && (x == TypeFamily::kTimestamp || x == TypeFamily::kTimestampLtz)) return a;
    return std::nullopt;
  }
  switch (x) {
    case TypeFamily::kNumber:
      return MakeType(CommonNumber(a, b), true);
    case TypeFamily::kString:
    case TypeFamily::kBytes:
      return CommonText(a, b);
    case TypeFamily::kNested:
      return CommonNested(a, b);
    default:
      return b.precision > a.precision ? b : a;
  }
}

// What `argument` is converted to for a parameter of that kind, if it is taken.
std::optional<DataType> Converted(const DataType& argument, ArgumentKind kind) {
  const TypeFamily family = FamilyOf(argument);
  auto only = [&](bool takes) { return takes ? std::optional(argument) : std::nullopt; };
  auto number = [&](bool takes, std::shared_ptr<arrow::DataType> to) {
    return takes ? std::optional(MakeType(std::move(to), argument.nullable)) : std::nullopt;
  };
  switch (kind) {
    case ArgumentKind::kAny:
      return argument;
    case ArgumentKind::kString:
      return only(family == TypeFamily::kString);
    case ArgumentKind::kBytes:
      return only(family == TypeFamily::kBytes);
    case ArgumentKind::kText:
      return only(family == TypeFamily::kString || family == TypeFamily::kBytes);
    case ArgumentKind::kBoolean:
      return only(family == TypeFamily::kBoolean);
    case ArgumentKind::kInt:
      return number(IsInteger(argument) && argument.arrow->id() != arrow::Type::INT64, arrow::int32());
    case ArgumentKind::kBigint:
      return number(IsInteger(argument), arrow::int64());
    case ArgumentKind::kNumber:
      return only(family == TypeFamily::kNumber);
    case ArgumentKind::kDouble:
      return number(family == TypeFamily::kNumber, arrow::float64());
    case ArgumentKind::kExact:
      return only(IsExact(argument));
    case ArgumentKind::kDate:
      return only(family == TypeFamily::kDate);
    case ArgumentKind::kTime:
      return only(family == TypeFamily::kTime);
    case ArgumentKind::kTimestamp:
      return only(family == TypeFamily::kTimestamp);
    case ArgumentKind::kTimestampLtz:
      return only(family == TypeFamily::kTimestampLtz);
    case ArgumentKind::kMonths:
      return only(family == TypeFamily::kMonths);
    case ArgumentKind::kMillis:
      return only(family == TypeFamily::kMillis);
  }
  return std::nullopt;
}

}  // namespace

TypeFamily FamilyOf(const DataType& type) {
  switch (type.arrow->id()) {
    case arrow::Type::BOOL:
      return TypeFamily::kBoolean;
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL128:
      return TypeFamily::kNumber;
    case arrow::Type::STRING:
      return TypeFamily::kString;
    case arrow::Type::BINARY:
      return TypeFamily::kBytes;
    case arrow::Type::DATE32:
      return TypeFamily::kDate;
    case arrow::Type::TIME32:
      return TypeFamily::kTime;
    case arrow::Type::TIMESTAMP:
      return IsLocal(type) ? TypeFamily::kTimestampLtz : TypeFamily::kTimestamp;
    case arrow::Type::INTERVAL_MONTHS:
      return TypeFamily::kMonths;
    case arrow::Type::DURATION:
      return TypeFamily::kMillis;
    default:
      return TypeFamily::kNested;
  }
}

bool IsInteger(const DataType& type) { return arrow::is_signed_integer(type.arrow->id()); }
bool IsFloating(const DataType& type) { return arrow::is_floating(type.arrow->id()); }
bool IsDecimal(const DataType& type) { return type.arrow->id() == arrow::Type::DECIMAL128; }
bool IsExact(const DataType& type) { return IsInteger(type) || IsDecimal(type); }

bool AnyNullable(std::span<const CallArgument> args) {
  return std::any_of(args.begin(), args.end(), [](const CallArgument& arg) { return arg.type.nullable; });
}

DataType MakeType(std::shared_ptr<arrow::DataType> arrow, bool nullable, int precision) {
  DataType type{.arrow = std::move(arrow), .nullable = nullable, .precision = precision, .sql = ""};
  type.sql = SqlTypeOf(*type.arrow, nullable, precision);
  return type;
}

DataType MakeType(const std::string& sql, bool nullable) {
  absl::StatusOr<DataType> type = ParseDataType(sql);
  Check(type.ok(), "the table of functions names types that there are");
  return WithNullability(*std::move(type), nullable);
}

DataType WithNullability(DataType type, bool nullable) {
  constexpr std::string_view kNotNull = " NOT NULL";
  const bool spelled = std::string_view(type.sql).ends_with(kNotNull);
  if (nullable && spelled) type.sql.resize(type.sql.size() - kNotNull.size());
  if (!nullable && !spelled) type.sql += kNotNull;
  type.nullable = nullable;
  return type;
}

DecimalDigits DigitsOf(const DataType& type) {
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

std::shared_ptr<arrow::DataType> FittedDecimal(int precision, int scale) {
  if (precision <= 38) return arrow::decimal128(precision, scale);
  const int whole = precision - scale;
  return arrow::decimal128(38, std::max(38 - whole, std::min(scale, 6)));
}

TextLength LengthOf(const DataType& type) {
  std::string_view sql = type.sql;
  size_t open = sql.find('(');
  bool fixed = sql.starts_with("CHAR") || sql.starts_with("BINARY");
  int64_t length = -1;
  if (open == std::string_view::npos) return {-1, false};
  std::string_view digits = sql.substr(open + 1, sql.find(')', open) - open - 1);
  return absl::SimpleAtoi(AbslView(digits), &length) ? TextLength{length, fixed} : TextLength{-1, false};
}

std::optional<DataType> CommonType(std::span<const DataType> types) {
  DataType common = types[0];
  bool nullable = common.nullable;
  for (const DataType& type : types.subspan(1)) {
    std::optional<DataType> pair = CommonPair(common, type);
    if (!pair) return std::nullopt;
    common = *std::move(pair);
    nullable = nullable || type.nullable;
  }
  return WithNullability(std::move(common), nullable);
}

std::vector<DataType> TypesOf(std::span<const CallArgument> args) {
  std::vector<DataType> types;
  for (const CallArgument& arg : args) types.push_back(arg.type);
  return types;
}

ResolveRule Takes(std::vector<ArgumentKind> parameters, const std::string& result, TakesOptions options) {
  return Takes(std::move(parameters), [type = MakeType(result, true)](std::span<const CallArgument>) { return type; },
               options);
}

ResolveRule Takes(std::vector<ArgumentKind> parameters, std::function<DataType(std::span<const CallArgument>)> result,
                  TakesOptions options) {
  return [=](std::span<const CallArgument> args) -> std::optional<Resolution> {
    if (args.size() + options.optional < parameters.size()) return std::nullopt;
    if (args.size() > parameters.size() && !options.repeated) return std::nullopt;
    Resolution resolution;
    std::vector<CallArgument> converted(args.begin(), args.end());
    for (size_t i = 0; i < args.size(); ++i) {
      std::optional<DataType> type = Converted(args[i].type, parameters[std::min(i, parameters.size() - 1)]);
      if (!type) return std::nullopt;
      converted[i].type = *type;
      resolution.arguments.push_back(*std::move(type));
    }
    const bool nullable = !options.never_null && (options.nullable || AnyNullable(args));
    resolution.result = WithNullability(result(converted), nullable);
    return resolution;
  };
}

}  // namespace millrace
