#include "coordinator/sql/bind_literal.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "arrow/type.h"
#include "arrow/type_traits.h"
#include "coordinator/sql/parse_moment.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/sql_types.h"
#include "coordinator/sql/utf8.h"

namespace millrace::sql {
namespace {

TypedExpression Constant(DataType type, std::string value) {
  TypedExpression constant;
  constant.plan.mutable_literal()->set_type(type.sql);
  constant.plan.mutable_literal()->set_value(std::move(value));
  constant.type = std::move(type);
  return constant;
}

int64_t Characters(std::string_view text) {
  int64_t characters = 0;
  for (size_t at = 0; at < text.size(); ++characters) at += std::max<size_t>(1, Utf8Length(text, at));
  return characters;
}

// As Calcite has it: what does not fit into 64 bits without its point is no literal; 0.50 has three digits.
std::optional<TypedExpression> Exact(const std::string& text, bool negative, const SourceRange& range,
                                     std::vector<Diagnostic>& diagnostics) {
  std::string digits = text;
  const size_t point = digits.find('.');
  const int scale = point == digits.npos ? 0 : static_cast<int>(digits.size() - point - 1);
  if (point != digits.npos) digits.erase(point, 1);
  int64_t unscaled = 0;
  if (!absl::SimpleAtoi((negative ? "-" : "") + digits, &unscaled)) {
    ReportWrong(diagnostics, range, "the number ", text,
                " is out of range: constants have at most 64 bits; write CAST('", text, "' AS DECIMAL(38, ", scale,
                "))");
    return std::nullopt;
  }
  if (scale == 0) {
    const bool fits =
        unscaled >= std::numeric_limits<int32_t>::min() && unscaled <= std::numeric_limits<int32_t>::max();
    return Constant(SqlType(fits ? arrow::int32() : arrow::int64(), false), Cat(unscaled));
  }
  const int precision = static_cast<int>(digits.size());
  if (precision > 38) {
    ReportWrong(diagnostics, range, "the number ", text, " has ", precision, " digits; a DECIMAL has at most 38");
    return std::nullopt;
  }
  std::string value = text.starts_with('.') ? "0" + text : text;
  return Constant(SqlType(arrow::decimal128(precision, scale), false), (negative ? "-" : "") + value);
}

std::optional<TypedExpression> Moment(const Literal& literal, const SourceRange& range,
                                      std::vector<Diagnostic>& diagnostics) {
  const auto wrong = [&](std::string_view word, std::string_view form) {
    ReportWrong(diagnostics, range, "'", literal.text, "' is not a ", word, "; write ", word, " '", form, "'");
    return std::nullopt;
  };
  switch (literal.kind) {
    case Literal::Kind::kDate:
      if (!IsDateText(literal.text)) return wrong("DATE", "2026-11-21");
      return Constant(SqlType(arrow::date32(), false), literal.text);
    case Literal::Kind::kTime: {
      const std::optional<int> precision = TimeTextPrecision(literal.text);
      if (!precision) return wrong("TIME", "23:59:59");
      if (*precision > 3) {
        ReportUnsupported(diagnostics, range,
                          "times of day have milliseconds; write at most three digits behind the point");
        return std::nullopt;
      }
      return Constant(SqlType(arrow::time32(arrow::TimeUnit::MILLI), false, *precision), literal.text);
    }
    default: {
      const std::optional<int> precision = TimestampTextPrecision(literal.text);
      if (!precision) return wrong("TIMESTAMP", "2026-11-21 23:59:59");
      if (*precision > 6) {
        ReportUnsupported(diagnostics, range,
                          "timestamps have microseconds; write at most six digits behind the point");
        return std::nullopt;
      }
      return Constant(SqlType(arrow::timestamp(arrow::TimeUnit::MICRO), false, *precision), literal.text);
    }
  }
}

}  // namespace

TypedExpression StringConstant(std::string_view text) {
  return Constant(FixedText(false, Characters(text), false), std::string(text));
}
TypedExpression IntConstant(int64_t value) { return Constant(SqlType(arrow::int32(), false), Cat(value)); }
TypedExpression BooleanConstant(bool value) {
  return Constant(SqlType(arrow::boolean(), false), value ? "true" : "false");
}
TypedExpression NullConstant(const DataType& type) {
  TypedExpression null;
  null.type = WithNull(type, true);
  null.plan.mutable_literal()->set_type(null.type.sql);
  return null;
}

std::optional<TypedExpression> BindLiteral(const Literal& literal, bool negative, const SourceRange& range,
                                           std::vector<Diagnostic>& diagnostics) {
  switch (literal.kind) {
    case Literal::Kind::kNull:
      return NullConstant(UntypedNull());
    case Literal::Kind::kTrue:
      return BooleanConstant(true);
    case Literal::Kind::kFalse:
      return BooleanConstant(false);
    case Literal::Kind::kUnknown:
      return NullConstant(SqlType(arrow::boolean(), true));
    case Literal::Kind::kExact:
      return Exact(literal.text, negative, range, diagnostics);
    case Literal::Kind::kApproximate: {
      double value = 0;
      const bool read = absl::SimpleAtod(literal.text, &value);
      if (!read || value > std::numeric_limits<double>::max()) {
        ReportWrong(diagnostics, range, "the number ", literal.text, " is out of the range of DOUBLE");
        return std::nullopt;
      }
      return Constant(SqlType(arrow::float64(), false), (negative ? "-" : "") + literal.text);
    }
    case Literal::Kind::kString:
      return StringConstant(literal.text);
    case Literal::Kind::kBinary:
      return Constant(FixedText(true, static_cast<int64_t>(literal.text.size() / 2), false),
                      absl::AsciiStrToLower(literal.text));
    case Literal::Kind::kTimestampLtz:
      ReportUnsupported(diagnostics, range, "there are no constants of type TIMESTAMP_LTZ; write CAST(TIMESTAMP '",
                        literal.text, "' AS TIMESTAMP_LTZ(3))");
      return std::nullopt;
    default:
      return Moment(literal, range, diagnostics);
  }
}

std::optional<TypedExpression> ConstantAs(const TypedExpression& constant, const DataType& to) {
  if (!constant.plan.has_literal()) return std::nullopt;
  const v1::Literal& literal = constant.plan.literal();
  if (!literal.has_value()) return NullConstant(to);
  const DataType target = WithNull(to, false);
  const DataType& from = constant.type;
  const arrow::Type::type id = to.arrow->id();
  if (IsText(from) && SpelledNullable(to) == "STRING") return Constant(target, literal.value());
  if (arrow::is_signed_integer(from.arrow->id())) {
    int64_t value = 0;
    if (!absl::SimpleAtoi(literal.value(), &value)) return std::nullopt;
    if (arrow::is_signed_integer(id)) {
      const int bits = to.arrow->bit_width();
      const int64_t most = bits == 64 ? std::numeric_limits<int64_t>::max() : (int64_t{1} << (bits - 1)) - 1;
      if (value > most || value < -most - 1) return std::nullopt;
      return Constant(target, literal.value());
    }
    if (id == arrow::Type::DECIMAL128) {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(*to.arrow);
      const int digits = static_cast<int>(literal.value().size()) - (value < 0 ? 1 : 0);
      if (digits > decimal.precision() - decimal.scale()) return std::nullopt;
      return Constant(target, literal.value());
    }
    // Up to here a whole number is exact as FLOAT.
    if (arrow::is_floating(id) && value <= (1 << 24) && value >= -(1 << 24)) return Constant(target, literal.value());
    return std::nullopt;
  }
  if (from.arrow->id() == arrow::Type::DECIMAL128) {
    if (id == arrow::Type::DOUBLE) return Constant(target, literal.value());
    if (id != arrow::Type::DECIMAL128) return std::nullopt;
    const auto& a = static_cast<const arrow::Decimal128Type&>(*from.arrow);
    const auto& b = static_cast<const arrow::Decimal128Type&>(*to.arrow);
    if (a.scale() > b.scale() || a.precision() - a.scale() > b.precision() - b.scale()) return std::nullopt;
    return Constant(target, literal.value());
  }
  if (IsTimestamp(from) && IsTimestamp(to) && !IsZonedTimestamp(to) && to.precision >= from.precision) {
    return Constant(target, literal.value());
  }
  return std::nullopt;
}

}  // namespace millrace::sql
