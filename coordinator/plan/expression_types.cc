#include "coordinator/plan/expression_types.h"

#include <algorithm>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "arrow/scalar.h"
#include "arrow/type.h"
#include "arrow/util/decimal.h"
#include "base/expression/function_registry.h"
#include "base/nearest_name.h"

namespace millrace {
namespace {

std::string ExampleOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return "true or false";
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
      return "a whole number within its range, such as 42";
    case arrow::Type::DATE32:
      return "2026-11-21";
    case arrow::Type::TIME32:
      return "10:00:00.000";
    case arrow::Type::TIMESTAMP:
      return "2026-11-21 10:00:00.000";
    case arrow::Type::INTERVAL_MONTHS:
      return "a number of months, such as 14";
    case arrow::Type::DURATION:
      return "a number of milliseconds, such as 1500";
    default:
      return "a number such as 1.50 that fits its digits";
  }
}

bool IsDecimal(const arrow::Decimal128Type& type, const std::string& value) {
  arrow::Decimal128 decimal;
  int32_t precision = 0, scale = 0;
  if (!arrow::Decimal128::FromString(value, &decimal, &precision, &scale).ok()) return false;
  return scale <= type.scale() && precision - scale <= type.precision() - type.scale();
}

// Arrow wants an offset in the text of a type with a zone; SQL has none.
bool IsTimestamp(const std::string& value, int precision) {
  auto parsed = arrow::Scalar::Parse(arrow::timestamp(arrow::TimeUnit::MICRO), value);
  if (!parsed.ok()) return false;
  int64_t unit = 1;
  for (int digit = precision; digit < 6; ++digit) unit *= 10;
  return static_cast<const arrow::TimestampScalar&>(**parsed).value % unit == 0;
}

bool IsValue(const DataType& data_type, const std::string& value) {
  const arrow::DataType& type = *data_type.arrow;
  switch (type.id()) {
    case arrow::Type::BOOL:
      return absl::EqualsIgnoreCase(value, "true") || absl::EqualsIgnoreCase(value, "false");
    case arrow::Type::TIMESTAMP:
      return IsTimestamp(value, data_type.precision);
    case arrow::Type::INTERVAL_MONTHS:
      return arrow::Scalar::Parse(arrow::int32(), value).ok();  // Arrow does not parse months
    case arrow::Type::DECIMAL128:
      return IsDecimal(static_cast<const arrow::Decimal128Type&>(type), value);
    default:
      return arrow::Scalar::Parse(data_type.arrow, value).ok();
  }
}

std::optional<DataType> TypeOfLiteral(const v1::Literal& literal, const std::string& field, Diagnostics& diagnostics) {
  absl::StatusOr<DataType> type = ParseDataType(literal.type());
  if (!type.ok()) {
    diagnostics.Add(field + ".type", type.status());
    return std::nullopt;
  }
  if (!literal.has_value()) {
    if (type->nullable) return *std::move(type);
    diagnostics.Add(field + ".value", "a literal without a value is NULL, but its type is ", type->sql, "; give it a value");
    return std::nullopt;
  }
  if (absl::Status status = CheckLiteral(*type, literal.value()); !status.ok()) {
    diagnostics.Add(field + ".value", status);
    return std::nullopt;
  }
  if (type->nullable) return *ParseDataType(type->sql + " NOT NULL");
  return *std::move(type);
}

std::optional<DataType> TypeOfCall(const v1::Call& call, const Relation& input, const std::string& field, Diagnostics& diagnostics) {
  std::vector<CallArgument> args;
  for (int i = 0; i < call.args_size(); ++i) {
    std::optional<DataType> type = TypeOfExpression(call.args(i), input, Cat(field, ".args[", i, "]"), diagnostics);
    const v1::Literal* literal = call.args(i).has_literal() ? &call.args(i).literal() : nullptr;
    if (type) args.push_back({.type = *std::move(type), .literal = literal});
  }
  if (args.size() != static_cast<size_t>(call.args_size())) return std::nullopt;
  absl::StatusOr<DataType> result = ScalarResultType(call.function(), args);
  if (result.ok()) return *std::move(result);
  diagnostics.Add(field, result.status());
  return std::nullopt;
}

std::optional<DataType> TypeOfCast(const v1::Cast& cast, const Relation& input, const std::string& field, Diagnostics& diagnostics) {
  std::optional<DataType> from = TypeOfExpression(cast.operand(), input, field + ".operand", diagnostics);
  absl::StatusOr<DataType> to = ParseDataType(cast.type());
  if (!to.ok()) diagnostics.Add(field + ".type", to.status());
  if (!from || !to.ok()) return std::nullopt;
  absl::StatusOr<DataType> result = CastResultType(*from, *to, cast.mode());
  if (result.ok()) return *std::move(result);
  diagnostics.Add(field, result.status());
  return std::nullopt;
}

// The JSON form of messages ends at 64 levels, and an expression takes two for each of its own, within a plan, within
// an answer that holds it.
constexpr int kMaxExpressionDepth = 24;

bool IsDeeperThan(const v1::Expression& expression, int depth) {
  if (depth == 0) return true;
  auto deeper = [depth](const v1::Expression& inner) { return IsDeeperThan(inner, depth - 1); };
  if (expression.has_cast()) return deeper(expression.cast().operand());
  return std::any_of(expression.call().args().begin(), expression.call().args().end(), deeper);
}

}  // namespace

absl::Status CheckLiteral(const DataType& type, const std::string& value) {
  switch (type.arrow->id()) {
    case arrow::Type::STRING:
      return absl::OkStatus();
    case arrow::Type::BINARY:
      if (absl::BytesToHexString(absl::HexStringToBytes(value)) == value) return absl::OkStatus();
      return InvalidArgument("'", value, "' is not a ", type.sql, "; write hexadecimal digits in lower case, such as 00ff");
    case arrow::Type::LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT:
      return InvalidArgument("there are no literals of type ", type.sql, " but NULL; leave the value out, or cast a STRING");
    default:
      break;
  }
  if (IsValue(type, value)) return absl::OkStatus();
  return InvalidArgument("'", value, "' is not a ", type.sql, "; write ", ExampleOf(*type.arrow));
}

std::optional<DataType> TypeOfExpression(const v1::Expression& expression, const Relation& input, const std::string& field,
                                         Diagnostics& diagnostics) {
  if (IsDeeperThan(expression, kMaxExpressionDepth)) {
    diagnostics.Add(field, "the expression is nested more than ", kMaxExpressionDepth,
                    " deep; compute a part of it in a project before this node");
    return std::nullopt;
  }
  switch (expression.kind_case()) {
    case v1::Expression::kColumn: {
      if (const TypedColumn* column = input.Find(expression.column())) return column->type;
      diagnostics.Add(field + ".column", "the input has no column '", expression.column(), "'",
                      NameAdvice(expression.column(), input.Names()));
      return std::nullopt;
    }
    case v1::Expression::kLiteral:
      return TypeOfLiteral(expression.literal(), field + ".literal", diagnostics);
    case v1::Expression::kCall:
      return TypeOfCall(expression.call(), input, field + ".call", diagnostics);
    case v1::Expression::kCast:
      return TypeOfCast(expression.cast(), input, field + ".cast", diagnostics);
    case v1::Expression::KIND_NOT_SET:
      break;
  }
  diagnostics.Add(field, "the expression is empty; set column, literal, call or cast");
  return std::nullopt;
}

}  // namespace millrace
