#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/nearest_name.h"
#include "coordinator/sql/ast_builder.h"
#include "coordinator/sql/utf8.h"

namespace millrace::sql {
namespace {

using P = sql_grammar::SqlParser;

struct UnitName {
  size_t type;
  TimeUnit unit;
};
constexpr UnitName kUnits[] = {{P::K_YEAR, TimeUnit::kYear},
                               {P::K_YEARS, TimeUnit::kYear},
                               {P::K_QUARTER, TimeUnit::kQuarter},
                               {P::K_QUARTERS, TimeUnit::kQuarter},
                               {P::K_MONTH, TimeUnit::kMonth},
                               {P::K_MONTHS, TimeUnit::kMonth},
                               {P::K_WEEK, TimeUnit::kWeek},
                               {P::K_WEEKS, TimeUnit::kWeek},
                               {P::K_DAY, TimeUnit::kDay},
                               {P::K_DAYS, TimeUnit::kDay},
                               {P::K_HOUR, TimeUnit::kHour},
                               {P::K_HOURS, TimeUnit::kHour},
                               {P::K_MINUTE, TimeUnit::kMinute},
                               {P::K_MINUTES, TimeUnit::kMinute},
                               {P::K_SECOND, TimeUnit::kSecond},
                               {P::K_SECONDS, TimeUnit::kSecond},
                               {P::K_MILLENNIUM, TimeUnit::kMillennium},
                               {P::K_CENTURY, TimeUnit::kCentury},
                               {P::K_DECADE, TimeUnit::kDecade},
                               {P::K_DOW, TimeUnit::kDayOfWeek},
                               {P::K_DOY, TimeUnit::kDayOfYear},
                               {P::K_EPOCH, TimeUnit::kEpoch},
                               {P::K_ISODOW, TimeUnit::kIsoDayOfWeek},
                               {P::K_ISOYEAR, TimeUnit::kIsoYear},
                               {P::K_MILLISECOND, TimeUnit::kMillisecond},
                               {P::K_MICROSECOND, TimeUnit::kMicrosecond},
                               {P::K_NANOSECOND, TimeUnit::kNanosecond}};

// What stands between the quotes, of which doubled ones are one.
std::string Unquoted(std::string_view text, char quote) {
  const size_t open = text.find(quote);
  const std::string once(1, quote), twice(2, quote);
  return absl::StrReplaceAll(AbslView(text.substr(open + 1, text.size() - open - 2)), {{twice, once}});
}

// '5 seconds' or '1 minute', as other engines write intervals.
std::optional<std::pair<std::string, TimeUnit>> SelfContained(std::string_view text) {
  const std::vector<std::string> words = absl::StrSplit(AbslView(text), ' ', absl::SkipEmpty());
  int64_t number;
  if (words.size() != 2 || !absl::SimpleAtoi(words[0], &number)) return std::nullopt;
  constexpr std::pair<std::string_view, TimeUnit> kWords[] = {
      {"year", TimeUnit::kYear}, {"month", TimeUnit::kMonth},   {"week", TimeUnit::kWeek},    {"day", TimeUnit::kDay},
      {"hour", TimeUnit::kHour}, {"minute", TimeUnit::kMinute}, {"second", TimeUnit::kSecond}};
  const std::string word = absl::AsciiStrToLower(words[1]);
  for (const auto& [name, unit] : kWords) {
    if (word == name || word == Cat(name, "s")) return std::pair(words[0], unit);
  }
  return std::nullopt;
}

}  // namespace

SourceRange AstBuilder::RangeOf(const antlr4::ParserRuleContext* context) const {
  const Token& first = TokenOf(context->start);
  const Token& last = context->stop == nullptr ? first : TokenOf(context->stop);
  return {first.range.begin, last.range.end};
}

void AstBuilder::Refuse(const SourceRange& range, std::string message, Diagnostic::Kind kind) {
  diagnostics_.push_back({kind, range, std::move(message)});
}

Identifier AstBuilder::Name(P::IdentifierContext* context) const {
  const Token& token = TokenOf(context->start);
  if (token.type != P::QUOTED_IDENTIFIER) return {token.range, std::string(token.text), false};
  return {token.range, Unquoted(token.text, '`'), true};
}

std::vector<Identifier> AstBuilder::Names(P::IdentifierListContext* context) const {
  std::vector<Identifier> names;
  if (context == nullptr) return names;
  for (P::IdentifierContext* name : context->identifier()) names.push_back(Name(name));
  return names;
}

QualifiedName AstBuilder::PathOf(P::QualifiedNameContext* context) const {
  QualifiedName name{RangeOf(context), {}};
  for (P::IdentifierContext* part : context->identifier()) name.parts.push_back(Name(part));
  return name;
}

std::string AstBuilder::Text(P::StringLiteralContext* context) {
  if (context->UNICODE_STRING() != nullptr) return UnicodeText(context);
  return Unquoted(TokenOf(context->start).text, '\'');
}

// U&'…': \XXXX and \+XXXXXX are characters, \\ is a backslash; UESCAPE names another sign than the backslash.
std::string AstBuilder::UnicodeText(P::StringLiteralContext* context) {
  const SourceRange& range = TokenOf(context->start).range;
  char escape = '\\';
  if (context->K_UESCAPE() != nullptr) {
    const Token& sign = TokenOf(context->STRING());
    const std::string text = Unquoted(sign.text, '\'');
    constexpr std::string_view kMisleading = "+'\" \t\n\r";
    if (text.size() != 1 || absl::ascii_isxdigit(static_cast<unsigned char>(text[0])) ||
        kMisleading.find(text[0]) != kMisleading.npos) {
      Refuse(sign.range, "UESCAPE takes one character that is no hexadecimal digit, plus, quote or space");
      return "";
    }
    escape = text[0];
  }
  const std::string text = Unquoted(TokenOf(context->start).text, '\'');
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (text[at] != escape) {
      out += text[at++];
      continue;
    }
    if (at + 1 < text.size() && text[at + 1] == escape) {
      out += escape;
      at += 2;
      continue;
    }
    const bool is_long = at + 1 < text.size() && text[at + 1] == '+';
    const size_t begin = at + (is_long ? 2 : 1), length = is_long ? 6 : 4;
    const std::string digits = text.substr(std::min(begin, text.size()), length);
    uint32_t character = 0;
    const bool hex = digits.size() == length &&
                     std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return absl::ascii_isxdigit(c); });
    if (!hex || !absl::SimpleHexAtoi(digits, &character) || character > 0x10FFFF ||
        (character >= 0xD800 && character < 0xE000)) {
      const std::string sign(1, escape);
      Refuse(range, Cat("'", sign, digits, "' is no character; write ", sign, "XXXX or ", sign,
                        "+XXXXXX in hexadecimal, ", sign, sign, " for ", sign));
      return "";
    }
    AppendUtf8(character, &out);
    at = begin + length;
  }
  return out;
}

int AstBuilder::Number(antlr4::tree::TerminalNode* node) {
  const Token& token = TokenOf(node);
  int number = 0;
  if (!absl::SimpleAtoi(AbslView(token.text), &number)) Refuse(token.range, "this number is too large");
  return number;
}

TimeUnit AstBuilder::Unit(P::TimeUnitContext* context) const {
  const size_t type = TokenOf(context->start).type;
  return std::find_if(std::begin(kUnits), std::end(kUnits), [&](const UnitName& name) { return name.type == type; })
      ->unit;
}

IntervalUnit AstBuilder::Interval(P::IntervalUnitContext* context) {
  IntervalUnit unit;
  unit.range = RangeOf(context);
  unit.from = Unit(context->timeUnit(0));
  const bool has_to = context->K_TO() != nullptr;
  if (has_to) unit.to = Unit(context->timeUnit(1));
  for (P::PrecisionListContext* list : context->precisionList()) {
    const bool behind_to = has_to && list->start->getStartIndex() > context->K_TO()->getSymbol()->getStartIndex();
    const TimeUnit of = behind_to ? *unit.to : unit.from;
    if (list->INTEGER().size() == 2 && (of != TimeUnit::kSecond || behind_to)) {
      Refuse(RangeOf(list), "only SECOND takes two precisions, and not behind TO");
    }
    if (behind_to) {
      if (of != TimeUnit::kSecond) Refuse(RangeOf(list), "behind TO only SECOND takes a precision");
      unit.fraction = Number(list->INTEGER(0));
    } else {
      unit.precision = Number(list->INTEGER(0));
      if (list->INTEGER().size() == 2) unit.fraction = Number(list->INTEGER(1));
    }
  }
  return unit;
}

IntervalLiteral AstBuilder::Interval(P::IntervalContext* context) {
  IntervalLiteral interval;
  interval.negative = context->MINUS() != nullptr;
  interval.text = Text(context->stringLiteral());
  if (context->intervalUnit() != nullptr) {
    interval.unit = Interval(context->intervalUnit());
  } else if (auto both = SelfContained(interval.text)) {
    interval.text = both->first;
    interval.unit = {RangeOf(context->stringLiteral()), both->second, {}, {}, {}};
  } else {
    Refuse(RangeOf(context), Cat("an interval needs its unit: INTERVAL '10' SECOND, INTERVAL '1' MINUTE, …"));
  }
  return interval;
}

Expression AstBuilder::ConstantOf(P::LiteralContext* context) {
  Expression expression{RangeOf(context), Literal{}};
  if (context->interval() != nullptr) {
    expression.node = Interval(context->interval());
    return expression;
  }
  const Token& token = TokenOf(context->start);
  const auto literal = [&](Literal::Kind kind, std::string text) { expression.node = Literal{kind, std::move(text)}; };
  switch (token.type) {
    case P::K_NULL:
      literal(Literal::Kind::kNull, "");
      break;
    case P::K_TRUE:
      literal(Literal::Kind::kTrue, "");
      break;
    case P::K_FALSE:
      literal(Literal::Kind::kFalse, "");
      break;
    case P::K_UNKNOWN:
      literal(Literal::Kind::kUnknown, "");
      break;
    case P::INTEGER:
    case P::DECIMAL:
      literal(Literal::Kind::kExact, std::string(token.text));
      break;
    case P::APPROXIMATE:
      literal(Literal::Kind::kApproximate, std::string(token.text));
      break;
    case P::BINARY_STRING: {
      std::string digits = UpperCase(Unquoted(token.text, '\''));
      const bool hex =
          std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return absl::ascii_isxdigit(c); });
      if (!hex || digits.size() % 2 != 0) {
        Refuse(token.range, "X'…' holds bytes: an even number of hexadecimal digits");
        digits.clear();
      }
      literal(Literal::Kind::kBinary, std::move(digits));
      break;
    }
    case P::K_DATE:
      literal(Literal::Kind::kDate, Text(context->stringLiteral()));
      break;
    case P::K_TIME:
      literal(Literal::Kind::kTime, Text(context->stringLiteral()));
      break;
    case P::K_TIMESTAMP:
      literal(context->K_LOCAL() != nullptr ? Literal::Kind::kTimestampLtz : Literal::Kind::kTimestamp,
              Text(context->stringLiteral()));
      break;
    default:
      literal(Literal::Kind::kString, Text(context->stringLiteral()));
  }
  return expression;
}

}  // namespace millrace::sql
