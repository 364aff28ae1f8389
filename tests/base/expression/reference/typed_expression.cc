#include "tests/base/expression/reference/typed_expression.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/time/civil_time.h"
#include "arrow/api.h"
#include "base/error.h"
#include "base/expression/function_registry.h"
#include "base/expression/type_rules.h"
#include "base/macros.h"

namespace millrace::reference {
namespace {

int64_t DaysOf(int year, int month, int day) { return absl::CivilDay(year, month, day) - absl::CivilDay(1970, 1, 1); }

// "hh:mm:ss[.ffffff]" in µs.
int64_t MicrosOf(const char* text) {
  int hour = 0, minute = 0, second = 0, used = 0;
  std::sscanf(text, "%d:%d:%d%n", &hour, &minute, &second, &used);
  int64_t micros = 0;
  if (text[used] == '.') {
    int64_t unit = 100'000;
    for (const char* digit = text + used + 1; *digit >= '0' && *digit <= '9'; ++digit, unit /= 10) {
      micros += unit * (*digit - '0');
    }
  }
  return ((hour * 60 + minute) * 60 + second) * int64_t{1'000'000} + micros;
}

Value LiteralValue(const v1::Literal& literal, const DataType& type) {
  if (!literal.has_value()) return Null();
  const std::string& text = literal.value();
  switch (FamilyOf(type)) {
    case TypeFamily::kBoolean:
      return text == "true";
    case TypeFamily::kNumber:
      if (type.arrow->id() == arrow::Type::FLOAT) return static_cast<double>(std::strtof(text.c_str(), nullptr));
      if (IsFloating(type)) return std::strtod(text.c_str(), nullptr);
      if (IsInteger(type)) return static_cast<int64_t>(std::strtoll(text.c_str(), nullptr, 10));
      {
        std::string digits = text;
        const size_t point = digits.find('.');
        const size_t scale = point == std::string::npos ? 0 : digits.size() - point - 1;
        if (point != std::string::npos) digits.erase(point, 1);
        return Whole::Of(digits).Rescaled(static_cast<int64_t>(scale), DigitsOf(type).scale);
      }
    case TypeFamily::kBytes:
      return absl::HexStringToBytes(text);
    case TypeFamily::kMonths:
    case TypeFamily::kMillis:
      return static_cast<int64_t>(std::strtoll(text.c_str(), nullptr, 10));
    case TypeFamily::kTime:
      return MicrosOf(text.c_str()) / 1000;
    case TypeFamily::kDate:
    case TypeFamily::kTimestamp:
    case TypeFamily::kTimestampLtz: {
      int year = 0, month = 0, day = 0, used = 0;
      std::sscanf(text.c_str(), "%d-%d-%d%n", &year, &month, &day, &used);
      const int64_t days = DaysOf(year, month, day);
      if (FamilyOf(type) == TypeFamily::kDate) return days;
      return days * 86'400'000'000 + (text[static_cast<size_t>(used)] == '\0' ? 0 : MicrosOf(text.c_str() + used + 1));
    }
    default:
      return text;
  }
}

TypedExpression CastOf(TypedExpression operand, DataType type, v1::CastMode mode, std::string zone) {
  TypedExpression cast{.kind = TypedExpression::Kind::kCast,
                       .type = std::move(type),
                       .literal = {},
                       .function = "",
                       .args = {},
                       .mode = mode,
                       .zone = std::move(zone)};
  cast.args.push_back(std::move(operand));
  return cast;
}

}  // namespace

absl::StatusOr<TypedExpression> TypedOf(const v1::Expression& expression, const arrow::Schema& input) {
  using Kind = TypedExpression::Kind;
  TypedExpression typed{.kind = Kind::kColumn, .type = {}, .literal = {}, .function = "", .args = {}, .zone = ""};
  switch (expression.kind_case()) {
    case v1::Expression::kColumn: {
      typed.column = input.GetFieldIndex(expression.column());
      if (typed.column < 0) return InvalidArgument("there is no column ", expression.column());
      const arrow::Field& field = *input.field(typed.column);
      std::string sql = SqlTypeOf(*field.type(), field.nullable());
      if (field.HasMetadata()) sql = field.metadata()->Get("millrace.sql_type").ValueOr(sql);
      ASSIGN_OR_RETURN(typed.type, ParseDataType(sql));
      return typed;
    }
    case v1::Expression::kLiteral: {
      const v1::Literal& literal = expression.literal();
      typed.kind = Kind::kLiteral;
      ASSIGN_OR_RETURN(typed.type, ParseDataType(literal.type()));
      typed.type = WithNullability(typed.type, !literal.has_value());
      typed.literal = LiteralValue(literal, typed.type);
      return typed;
    }
    case v1::Expression::kCast: {
      ASSIGN_OR_RETURN(TypedExpression operand, TypedOf(expression.cast().operand(), input));
      ASSIGN_OR_RETURN(DataType to, ParseDataType(expression.cast().type()));
      const v1::CastMode mode = expression.cast().mode();
      ASSIGN_OR_RETURN(DataType type, CastResultType(operand.type, to, mode));
      return CastOf(std::move(operand), std::move(type), mode, expression.cast().zone());
    }
    default:
      break;
  }
  typed.kind = Kind::kCall;
  typed.zone = expression.call().zone();
  std::vector<CallArgument> arguments;
  for (const v1::Expression& arg : expression.call().args()) {
    ASSIGN_OR_RETURN(typed.args.emplace_back(), TypedOf(arg, input));
    arguments.push_back({typed.args.back().type, arg.has_literal() ? &arg.literal() : nullptr});
  }
  ASSIGN_OR_RETURN(ResolvedCall call, ResolveCall(expression.call().function(), arguments));
  typed.function = call.function;
  typed.type = call.result;
  for (size_t i = 0; i < typed.args.size(); ++i) {
    const DataType &from = typed.args[i].type, to = WithNullability(call.arguments[i], true);
    const bool of_any_length = to.sql == "STRING" || to.sql == "BYTES";
    const bool same = from.arrow->Equals(*to.arrow) && (of_any_length || WithNullability(from, true).sql == to.sql);
    if (!same) typed.args[i] = CastOf(std::move(typed.args[i]), to, v1::CAST_MODE_SQL, typed.zone);
  }
  return typed;
}

}  // namespace millrace::reference
