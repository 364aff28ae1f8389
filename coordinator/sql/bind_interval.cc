#include <array>
#include <charconv>

#include "absl/strings/ascii.h"
#include "coordinator/sql/bind_literal.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/sql_types.h"
#include "coordinator/sql/unparser.h"

namespace millrace::sql {
namespace {

struct Field {
  TimeUnit unit;
  // Months, or milliseconds.
  int64_t size;
  // What stands in front of it in the text.
  char separator;
};

constexpr std::array kFields = {
    Field{TimeUnit::kYear, 12, 0},          Field{TimeUnit::kMonth, 1, '-'},       Field{TimeUnit::kDay, 86'400'000, 0},
    Field{TimeUnit::kHour, 3'600'000, ' '}, Field{TimeUnit::kMinute, 60'000, ':'}, Field{TimeUnit::kSecond, 1'000, ':'},
};

// Units of one field, which may be written alone.
std::optional<int64_t> SizeOf(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kQuarter:
      return 3;
    case TimeUnit::kWeek:
      return int64_t{7} * 86'400'000;
    case TimeUnit::kMillisecond:
      return 1;
    default:
      for (const Field& field : kFields) {
        if (field.unit == unit) return field.size;
      }
      return std::nullopt;
  }
}

std::optional<int64_t> TakeNumber(std::string_view& text) {
  size_t digits = 0;
  while (digits < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[digits]))) ++digits;
  int64_t value = 0;
  // Nine digits are the most that Flink takes.
  if (digits == 0 || digits > 9 || std::from_chars(text.data(), text.data() + digits, value).ec != std::errc()) {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  return value;
}

// ".5" is 500 ms; what is finer than that is cut off.
std::optional<int64_t> TakeFraction(std::string_view& text) {
  if (text.empty()) return 0;
  if (text[0] != '.' || text.size() == 1 || text.size() > 10) return std::nullopt;
  int64_t millis = 0;
  for (size_t at = 1; at < 4; ++at) {
    const char c = at < text.size() ? text[at] : '0';
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
    millis = millis * 10 + (c - '0');
  }
  for (const char c : text.substr(1)) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return std::nullopt;
  }
  text = "";
  return millis;
}

bool IsOfMonths(TimeUnit unit) {
  return unit == TimeUnit::kYear || unit == TimeUnit::kMonth || unit == TimeUnit::kQuarter;
}

}  // namespace

std::optional<int64_t> IntervalValue(const IntervalLiteral& literal) {
  std::string_view text = literal.text;
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  bool negative = literal.negative;
  if (text.starts_with('-') || text.starts_with('+')) {
    if (text[0] == '-') negative = !negative;
    text.remove_prefix(1);
  }
  const TimeUnit last = literal.unit.to.value_or(literal.unit.from);
  int64_t total = 0;
  if (last == literal.unit.from) {
    const std::optional<int64_t> size = SizeOf(last), number = TakeNumber(text);
    if (!size || !number) return std::nullopt;
    total = *number * *size;
  } else {
    bool within = false;
    for (const Field& field : kFields) {
      const bool first = field.unit == literal.unit.from;
      within = within || first;
      if (!within) continue;
      if (!first) {
        if (!text.starts_with(field.separator)) return std::nullopt;
        text.remove_prefix(1);
      }
      const std::optional<int64_t> number = TakeNumber(text);
      if (!number) return std::nullopt;
      total += *number * field.size;
      if (field.unit == last) break;
    }
    if (!within) return std::nullopt;
  }
  if (last == TimeUnit::kSecond) {
    const std::optional<int64_t> fraction = TakeFraction(text);
    if (!fraction) return std::nullopt;
    total += *fraction;
  }
  if (!text.empty()) return std::nullopt;
  return negative ? -total : total;
}

std::optional<TypedExpression> BindInterval(const IntervalLiteral& literal, const SourceRange& range,
                                            std::vector<Diagnostic>& diagnostics) {
  const std::optional<int64_t> value = IntervalValue(literal);
  const bool months = IsOfMonths(literal.unit.from);
  if (!value || (months && (*value > INT32_MAX || *value < INT32_MIN))) {
    ReportWrong(diagnostics, range, "'", literal.text, "' is not such an interval; write one as INTERVAL '5' MINUTE, ",
                "INTERVAL '1 02:03:04.5' DAY TO SECOND or INTERVAL '1-2' YEAR TO MONTH");
    return std::nullopt;
  }
  TypedExpression interval;
  interval.type = months ? MonthsInterval(false) : MillisInterval(false);
  interval.plan.mutable_literal()->set_type(interval.type.sql);
  interval.plan.mutable_literal()->set_value(Cat(*value));
  return interval;
}

}  // namespace millrace::sql
