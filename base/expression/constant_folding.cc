#include "base/expression/constant_folding.h"

#include <algorithm>
#include <optional>

#include "absl/strings/numbers.h"
#include "arrow/api.h"
#include "base/error.h"
#include "base/expression/expression.h"
#include "base/expression/format_value.h"
#include "base/expression/function_registry.h"
#include "base/expression/type_rules.h"

namespace millrace {
namespace {

// The text of a literal; nothing: there is none of that type.
std::optional<std::string> LiteralText(const DataType& type, const arrow::Array& value) {
  switch (FamilyOf(type)) {
    case TypeFamily::kNested:
    case TypeFamily::kBytes:
      return std::nullopt;
    case TypeFamily::kBoolean:
      return static_cast<const arrow::BooleanArray&>(value).Value(0) ? "true" : "false";
    case TypeFamily::kMonths:
      return Cat(static_cast<const arrow::MonthIntervalArray&>(value).Value(0));
    case TypeFamily::kMillis:
      return Cat(static_cast<const arrow::DurationArray&>(value).Value(0));
    default:
      break;
  }
  std::string text;
  MakeFormatter(type, absl::UTCTimeZone())(value, 0, text);
  if (IsFloating(type)) {
    if (text == "Infinity") return "inf";
    if (text == "-Infinity") return "-inf";
    if (text == "NaN") return "nan";
  }
  return text;
}

std::optional<v1::Expression> ValueOf(const v1::Expression& expression) {
  absl::StatusOr<ExpressionPtr> bound = BindExpression(expression, *arrow::schema({}));
  if (!bound.ok()) return std::nullopt;
  const BatchPtr one_row = arrow::RecordBatch::Make(arrow::schema({}), 1, arrow::ArrayVector{});
  absl::StatusOr<std::shared_ptr<arrow::Array>> value = EvaluateArray(**bound, one_row);
  if (!value.ok()) return std::nullopt;
  v1::Expression folded;
  v1::Literal& literal = *folded.mutable_literal();
  const DataType& type = (*bound)->data_type();
  if ((*value)->IsNull(0)) {
    // A type that says NOT NULL of a value that is NULL, as that of a DECIMAL with too many digits, stays.
    if (!type.nullable) return std::nullopt;
    literal.set_type(WithNullability(type, true).sql);
    return folded;
  }
  std::optional<std::string> text = LiteralText(type, **value);
  if (!text) return std::nullopt;
  // Of a type that may be NULL no literal with a value is left: the value is known not to be.
  literal.set_type(WithNullability(type, false).sql);
  literal.set_value(*std::move(text));
  // A literal of the type may have fewer digits than the value: TIME(0) '10:00:00' + INTERVAL '0.5' SECOND.
  absl::StatusOr<ExpressionPtr> again = BindLiteral(literal);
  if (!again.ok()) return std::nullopt;
  absl::StatusOr<std::shared_ptr<arrow::Array>> same = EvaluateArray(**again, one_row);
  constexpr auto kSame = [] { return arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false); };
  if (!same.ok() || !(*same)->Equals(**value, kSame())) return std::nullopt;
  return folded;
}

bool IsConstant(const v1::Expression& expression) {
  if (expression.has_literal()) return true;
  if (expression.has_cast()) return IsConstant(expression.cast().operand());
  if (!expression.has_call() || !IsDeterministic(expression.call())) return false;
  const auto& args = expression.call().args();
  return std::all_of(args.begin(), args.end(), IsConstant);
}

// Whether an argument has a meaning as a literal that it has not as another constant: then it stays what it is. A DATE
// takes no literal with parts of days, ROUND has a type by the digits, everything is LIKE the literal ''.
bool MeansMoreAsLiteral(const std::string& function, int argument, const v1::Literal& literal) {
  if (function == "round" || function == "truncate" || function == "lpad" || function == "rpad") return argument > 0;
  if (function == "like") return argument == 1 && literal.value().empty();
  constexpr int64_t kDayMillis = 86'400'000;
  int64_t millis = 0;
  return (function == "plus" || function == "minus") && literal.type().starts_with("INTERVAL DAY") &&
         absl::SimpleAtoi(literal.value(), &millis) && millis % kDayMillis != 0;
}

// The largest constant parts are replaced first, and looked into where they have no value.
void Replace(v1::Expression& expression) {
  if (expression.has_literal() || expression.has_column()) return;
  if (IsConstant(expression)) {
    if (std::optional<v1::Expression> value = ValueOf(expression)) {
      expression = *std::move(value);
      return;
    }
  }
  if (expression.has_cast()) Replace(*expression.mutable_cast()->mutable_operand());
  if (!expression.has_call()) return;
  for (int i = 0; i < expression.call().args_size(); ++i) {
    v1::Expression folded = expression.call().args(i);
    Replace(folded);
    const bool was_literal = expression.call().args(i).has_literal() || !folded.has_literal();
    if (!was_literal && MeansMoreAsLiteral(expression.call().function(), i, folded.literal())) continue;
    *expression.mutable_call()->mutable_args(i) = std::move(folded);
  }
}

}  // namespace

v1::Expression FoldConstants(const v1::Expression& expression) {
  v1::Expression folded = expression;
  Replace(folded);
  return folded;
}

}  // namespace millrace
