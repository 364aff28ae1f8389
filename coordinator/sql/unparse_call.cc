#include <utility>

#include "base/error.h"
#include "coordinator/sql/lexer.h"
#include "coordinator/sql/sql_grammar.h"
#include "coordinator/sql/unparse_parts.h"
#include "coordinator/sql/words.h"

namespace millrace::sql::unparse {
namespace {

using P = sql_grammar::SqlParser;

bool IsPlain(const FunctionCall& call) {
  for (const FunctionArgument& argument : call.arguments) {
    if (argument.name || std::holds_alternative<TableArgument>(argument.value.node) ||
        std::holds_alternative<Descriptor>(argument.value.node)) {
      return false;
    }
  }
  return !call.distinct && !call.star && call.order_by.empty() && call.within_group.empty() && !call.filter &&
         !call.over && call.nulls == FunctionCall::Nulls::kUnsaid;
}

bool IsSymbol(const FunctionCall& call, size_t argument) {
  return argument < call.arguments.size() && std::holds_alternative<Symbol>(call.arguments[argument].value.node);
}

// The call in the syntax of its own that the function has, or "" if this is not how it was written: `TRIM`(x), with
// back quotes, is a call like any other.
std::string Special(const FunctionCall& call) {
  if (!IsPlain(call)) return "";
  const std::string& name = call.name.text;
  const size_t type = TokenTypeOfWord(name);
  const size_t count = call.arguments.size();
  const auto argument = [&](size_t i) { return Unparse(call.arguments[i].value); };
  if (count == 0) {
    const size_t word = TokenTypeOfWord(UpperCase(name));
    return word == P::NILADIC_WORD || word == P::K_USER ? name : "";
  }
  switch (type) {
    case P::K_EXTRACT:
      if (!IsSymbol(call, 0)) return "";
      return Cat("EXTRACT(", argument(0), " FROM ", argument(1), ")");
    case P::K_TRIM: {
      if (!IsSymbol(call, 0)) return "";
      const auto* literal = std::get_if<Literal>(&call.arguments[1].value.node);
      const bool any = literal != nullptr && literal->kind == Literal::Kind::kNull;
      return Cat("TRIM(", argument(0), " ", any ? "" : argument(1) + " ", "FROM ", argument(2), ")");
    }
    case P::K_TIMESTAMPADD:
    case P::K_TIMESTAMPDIFF:
      if (!IsSymbol(call, 0)) return "";
      return Cat(name, "(", argument(0), ", ", argument(1), ", ", argument(2), ")");
    case P::K_CEIL:
    case P::K_FLOOR:
      if (count > 2 || (count == 2 && !IsSymbol(call, 1))) return "";
      return Cat(name, "(", argument(0), count == 2 ? " TO " + argument(1) : "", ")");
    case P::K_SUBSTRING:
      if (count > 3) return "";
      return Cat("SUBSTRING(", argument(0), count > 1 ? ", " + argument(1) : "", count > 2 ? ", " + argument(2) : "",
                 ")");
    case P::K_POSITION:
      if (count < 2 || count > 3) return "";
      return Cat("POSITION(", Write(call.arguments[0].value, Binding::kSum), " IN ", argument(1),
                 count == 3 ? " FROM " + argument(2) : "", ")");
    case P::K_OVERLAY:
      if (count < 3 || count > 4) return "";
      return Cat("OVERLAY(", argument(0), " PLACING ", argument(1), " FROM ", argument(2),
                 count == 4 ? " FOR " + argument(3) : "", ")");
    default:
      return "";
  }
}

std::string NameOf(const Identifier& name) {
  switch (TokenTypeOfWord(UpperCase(name.text))) {
    case P::FUNCTION_WORD:
    case P::NILADIC_WORD:
    case P::K_LEFT:
    case P::K_RIGHT:
    case P::K_GROUPING:
    case P::K_YEAR:
    case P::K_MONTH:
    case P::K_DAY:
    case P::K_HOUR:
    case P::K_MINUTE:
    case P::K_SECOND:
    case P::K_SOME:
      return name.text;
    // In front of a parenthesis these words begin a syntax of their own.
    case P::K_TIMESTAMPADD:
    case P::K_TIMESTAMPDIFF:
    case P::K_DESCRIPTOR:
      return Cat("`", name.text, "`");
    default:
      return Unparse(name);
  }
}

std::string Bound(const FrameBound& bound) {
  switch (bound.kind) {
    case FrameBound::Kind::kUnboundedPreceding:
      return "UNBOUNDED PRECEDING";
    case FrameBound::Kind::kPreceding:
      return Cat(Write(*bound.distance, Binding::kSum), " PRECEDING");
    case FrameBound::Kind::kCurrentRow:
      return "CURRENT ROW";
    case FrameBound::Kind::kFollowing:
      return Cat(Write(*bound.distance, Binding::kSum), " FOLLOWING");
    case FrameBound::Kind::kUnboundedFollowing:
      return "UNBOUNDED FOLLOWING";
  }
  return "";
}

}  // namespace

std::string Write(const FunctionCall& call) {
  if (std::string special = Special(call); !special.empty()) return special;
  std::string out = Cat(NameOf(call.name), "(", call.distinct ? "DISTINCT " : "", call.star ? "*" : "");
  bool first = true;
  for (const FunctionArgument& argument : call.arguments) {
    out += Cat(first ? "" : ", ", argument.name ? Unparse(*argument.name) + " => " : "", Unparse(argument.value));
    first = false;
  }
  if (!call.order_by.empty()) out += Cat(" ORDER BY ", Write(call.order_by));
  out += ")";
  if (!call.within_group.empty()) out += Cat(" WITHIN GROUP (ORDER BY ", Write(call.within_group), ")");
  if (call.nulls == FunctionCall::Nulls::kIgnore) out += " IGNORE NULLS";
  if (call.nulls == FunctionCall::Nulls::kRespect) out += " RESPECT NULLS";
  if (call.filter) out += Cat(" FILTER (WHERE ", Unparse(**call.filter), ")");
  if (!call.over) return out;
  if (const auto* name = std::get_if<Identifier>(&*call.over)) return Cat(out, " OVER ", Unparse(*name));
  return Cat(out, " OVER ", Write(*std::get<Box<WindowSpecification>>(*call.over)));
}

std::string Write(const WindowSpecification& window) {
  std::string out;
  const auto add = [&out](std::string part) { out += Cat(out.empty() ? "" : " ", part); };
  if (window.base) add(Unparse(*window.base));
  if (!window.partition_by.empty()) add(Cat("PARTITION BY ", Write(window.partition_by)));
  if (!window.order_by.empty()) add(Cat("ORDER BY ", Write(window.order_by)));
  if (window.frame) {
    const std::string unit = window.frame->rows ? "ROWS " : "RANGE ";
    add(window.frame->end ? Cat(unit, "BETWEEN ", Bound(window.frame->begin), " AND ", Bound(*window.frame->end))
                          : Cat(unit, Bound(window.frame->begin)));
  }
  return Cat("(", out, ")");
}

}  // namespace millrace::sql::unparse
