#include "coordinator/sql/unparse_parts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "coordinator/sql/lexer.h"
#include "coordinator/sql/words.h"

namespace millrace::sql {
namespace {

std::string_view UnitWord(TimeUnit unit) {
  constexpr std::string_view kWords[] = {
      "YEAR",       "QUARTER",    "MONTH",   "WEEK",   "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND",
      "NANOSECOND", "MILLENNIUM", "CENTURY", "DECADE", "DOW", "DOY",  "EPOCH",  "ISODOW", "ISOYEAR"};
  return kWords[static_cast<int>(unit)];
}

std::string_view TypeWord(TypeKind kind) {
  constexpr std::string_view kWords[] = {"BOOLEAN",   "TINYINT", "SMALLINT", "INT",     "BIGINT",    "FLOAT",
                                         "DOUBLE",    "DECIMAL", "CHAR",     "VARCHAR", "STRING",    "BINARY",
                                         "VARBINARY", "BYTES",   "DATE",     "TIME",    "TIMESTAMP", "TIMESTAMP_LTZ",
                                         "INTERVAL",  "ARRAY",   "MULTISET", "MAP",     "ROW"};
  return kWords[static_cast<int>(kind)];
}

bool IsPlainName(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto inner = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && letter(text[0]) && std::all_of(text.begin(), text.end(), inner);
}

std::string InBackQuotes(std::string_view text) {
  return Cat("`", absl::StrReplaceAll(AbslView(text), {{"`", "``"}}), "`");
}

}  // namespace

std::string Unparse(const Identifier& name) {
  if (IsPlainName(name.text) && !IsReservedWord(UpperCase(name.text))) return name.text;
  return InBackQuotes(name.text);
}

std::string Unparse(const QualifiedName& name) {
  std::string out;
  for (const Identifier& part : name.parts) out += Cat(out.empty() ? "" : ".", Unparse(part));
  return out;
}

std::string Unparse(const TypeName& type) {
  std::string out = type.unknown ? Unparse(*type.unknown) : std::string(TypeWord(type.kind));
  if (type.precision) out += Cat("(", *type.precision, type.scale ? Cat(", ", *type.scale) : "", ")");
  if (type.interval) out += Cat(" ", unparse::Write(*type.interval));
  if (type.kind == TypeKind::kRow || !type.elements.empty()) {
    std::string inner;
    for (const TypeName& element : type.elements) inner += Cat(inner.empty() ? "" : ", ", Unparse(element));
    for (const RowField& field : type.fields) {
      inner += Cat(inner.empty() ? "" : ", ", Unparse(field.name), " ", Unparse(field.type),
                   field.comment ? Cat(" ", QuoteText(*field.comment)) : "");
    }
    out += Cat("<", inner, ">");
  }
  return out + (type.not_null ? " NOT NULL" : "");
}

namespace unparse {

std::string Write(const std::vector<Identifier>& names) {
  std::string out;
  for (const Identifier& name : names) out += Cat(out.empty() ? "(" : ", ", Unparse(name));
  return out.empty() ? out : out + ")";
}

std::string Write(const IntervalUnit& unit) {
  std::string out(UnitWord(unit.from));
  if (unit.precision) {
    out += Cat("(", *unit.precision, unit.fraction && !unit.to ? Cat(", ", *unit.fraction) : "", ")");
  }
  if (unit.to) out += Cat(" TO ", UnitWord(*unit.to), unit.fraction ? Cat("(", *unit.fraction, ")") : "");
  return out;
}

std::string Write(const Symbol& symbol) {
  if (const auto* unit = std::get_if<TimeUnit>(&symbol.value)) return std::string(UnitWord(*unit));
  constexpr std::string_view kSides[] = {"BOTH", "LEADING", "TRAILING"};
  return std::string(kSides[static_cast<int>(std::get<TrimSide>(symbol.value))]);
}

std::string Write(const std::vector<OrderItem>& items) {
  std::string out;
  for (const OrderItem& item : items) {
    out += Cat(out.empty() ? "" : ", ", Unparse(item.expression));
    if (item.direction == OrderItem::Direction::kAscending) out += " ASC";
    if (item.direction == OrderItem::Direction::kDescending) out += " DESC";
    if (item.nulls == OrderItem::Nulls::kFirst) out += " NULLS FIRST";
    if (item.nulls == OrderItem::Nulls::kLast) out += " NULLS LAST";
  }
  return out;
}

std::string Write(const std::vector<Option>& options) {
  std::string out = "(";
  for (const Option& option : options) {
    out += Cat(out.size() == 1 ? "" : ", ", QuoteText(option.key), " = ", QuoteText(option.value));
  }
  return out + ")";
}

std::string Write(const std::vector<Hint>& hints) {
  std::string out;
  for (const Hint& hint : hints) {
    out += Cat(out.empty() ? "/*+ " : ", ", Unparse(hint.name));
    if (hint.options.empty() && hint.arguments.empty()) continue;
    std::string inner;
    for (const Option& option : hint.options) {
      inner += Cat(inner.empty() ? "" : ", ", QuoteText(option.key), " = ", QuoteText(option.value));
    }
    for (const std::string& argument : hint.arguments) inner += Cat(inner.empty() ? "" : ", ", QuoteText(argument));
    out += Cat("(", inner, ")");
  }
  return out.empty() ? out : out + " */ ";
}

}  // namespace unparse
}  // namespace millrace::sql
