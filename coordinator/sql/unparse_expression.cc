#include <algorithm>
#include <utility>

#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "coordinator/sql/unparse_parts.h"

namespace millrace::sql::unparse {
namespace {

std::string_view SignOf(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kMultiply:
      return "*";
    case BinaryOperator::kDivide:
      return "/";
    case BinaryOperator::kModulo:
      return "%";
    case BinaryOperator::kConcat:
      return "||";
    case BinaryOperator::kAdd:
      return "+";
    case BinaryOperator::kSubtract:
      return "-";
    case BinaryOperator::kIsDistinctFrom:
      return "IS DISTINCT FROM";
    case BinaryOperator::kIsNotDistinctFrom:
      return "IS NOT DISTINCT FROM";
    case BinaryOperator::kEqual:
      return "=";
    case BinaryOperator::kNotEqual:
      return "<>";
    case BinaryOperator::kLess:
      return "<";
    case BinaryOperator::kLessOrEqual:
      return "<=";
    case BinaryOperator::kGreater:
      return ">";
    case BinaryOperator::kGreaterOrEqual:
      return ">=";
    case BinaryOperator::kOverlaps:
      return "OVERLAPS";
  }
  return "";
}

Binding BindingOf(BinaryOperator op) {
  switch (op) {
    case BinaryOperator::kMultiply:
    case BinaryOperator::kDivide:
    case BinaryOperator::kModulo:
    case BinaryOperator::kConcat:
      return Binding::kProduct;
    case BinaryOperator::kAdd:
    case BinaryOperator::kSubtract:
      return Binding::kSum;
    case BinaryOperator::kIsDistinctFrom:
    case BinaryOperator::kIsNotDistinctFrom:
      return Binding::kDistinct;
    default:
      return Binding::kComparison;
  }
}

std::string_view Not(bool negated) { return negated ? " NOT" : ""; }

struct Writer {
  std::string operator()(const Literal& literal) const {
    switch (literal.kind) {
      case Literal::Kind::kNull:
        return "NULL";
      case Literal::Kind::kTrue:
        return "TRUE";
      case Literal::Kind::kFalse:
        return "FALSE";
      case Literal::Kind::kUnknown:
        return "UNKNOWN";
      case Literal::Kind::kExact:
      case Literal::Kind::kApproximate:
        return literal.text;
      case Literal::Kind::kString:
        return QuoteText(literal.text);
      case Literal::Kind::kBinary:
        return Cat("X'", literal.text, "'");
      case Literal::Kind::kDate:
        return Cat("DATE ", QuoteText(literal.text));
      case Literal::Kind::kTime:
        return Cat("TIME ", QuoteText(literal.text));
      case Literal::Kind::kTimestamp:
        return Cat("TIMESTAMP ", QuoteText(literal.text));
      case Literal::Kind::kTimestampLtz:
        return Cat("TIMESTAMP WITH LOCAL TIME ZONE ", QuoteText(literal.text));
    }
    return "";
  }
  std::string operator()(const IntervalLiteral& interval) const {
    return Cat("INTERVAL ", interval.negative ? "-" : "", QuoteText(interval.text), " ", Write(interval.unit));
  }
  std::string operator()(const ColumnReference& column) const { return Unparse(column.name); }
  std::string operator()(const FieldAccess& access) const {
    return Cat(Postfix(*access.operand, true), ".", Unparse(access.field));
  }
  std::string operator()(const ElementAccess& access) const {
    return Cat(Postfix(*access.operand, false), "[", Unparse(*access.index), "]");
  }
  std::string operator()(const Unary& unary) const {
    if (unary.op == UnaryOperator::kNot) return Cat("NOT ", Write(*unary.operand, Binding::kNot));
    const std::string operand = Write(*unary.operand, Binding::kSign);
    const bool sign = operand.starts_with('-') || operand.starts_with('+');  // -- would begin a comment
    return Cat(unary.op == UnaryOperator::kMinus ? "-" : "+", sign ? " " : "", operand);
  }
  std::string operator()(const Binary& binary) const {
    const Binding binding = BindingOf(binary.op);
    return Cat(Write(*binary.left, binding), " ", SignOf(binary.op), " ", Write(*binary.right, Tighter(binding)));
  }
  std::string operator()(const Logical& logical) const {
    const bool is_and = logical.kind == Logical::Kind::kAnd;
    std::string out;
    for (const Expression& operand : logical.operands) {
      if (!out.empty()) out += is_and ? " AND " : " OR ";
      out += Write(operand, Tighter(is_and ? Binding::kAnd : Binding::kOr));
    }
    return out;
  }
  std::string operator()(const IsTest& test) const {
    constexpr std::string_view kWords[] = {"NULL", "TRUE", "FALSE", "UNKNOWN"};
    return Cat(Write(*test.operand, Binding::kTest), " IS", Not(test.negated), " ",
               kWords[static_cast<int>(test.kind)]);
  }
  std::string operator()(const Between& between) const {
    return Cat(Write(*between.operand, Binding::kPredicate), Not(between.negated), " BETWEEN ",
               between.symmetric ? "SYMMETRIC " : "", Write(*between.low, Binding::kSum), " AND ",
               Write(*between.high, Binding::kSum));
  }
  std::string operator()(const Like& like) const {
    std::string out = Cat(Write(*like.operand, Binding::kPredicate), Not(like.negated),
                          like.similar ? " SIMILAR TO " : " LIKE ", Write(*like.pattern, Binding::kSum));
    if (like.escape) out += Cat(" ESCAPE ", Write(**like.escape, Binding::kSum));
    return out;
  }
  std::string operator()(const InList& in) const {
    return Cat(Write(*in.operand, Binding::kPredicate), Not(in.negated), " IN (", Write(in.values), ")");
  }
  std::string operator()(const InSubquery& in) const {
    return Cat(Write(*in.operand, Binding::kPredicate), Not(in.negated), " IN (", Unparse(*in.query), ")");
  }
  std::string operator()(const Quantified& quantified) const {
    return Cat(Write(*quantified.operand, Binding::kComparison), " ", SignOf(quantified.op),
               quantified.all ? " ALL (" : " ANY (", Unparse(*quantified.query), ")");
  }
  std::string operator()(const Exists& exists) const { return Cat("EXISTS (", Unparse(*exists.query), ")"); }
  std::string operator()(const ScalarSubquery& subquery) const { return Cat("(", Unparse(*subquery.query), ")"); }
  std::string operator()(const Case& node) const {
    std::string out = "CASE";
    if (node.operand) out += Cat(" ", Unparse(**node.operand));
    for (const CaseBranch& branch : node.branches)
      out += Cat(" WHEN ", Write(branch.when), " THEN ", Unparse(branch.then));
    if (node.otherwise) out += Cat(" ELSE ", Unparse(**node.otherwise));
    return out + " END";
  }
  std::string operator()(const Cast& cast) const {
    return Cat(cast.try_cast ? "TRY_CAST(" : "CAST(", Unparse(*cast.operand), " AS ", Unparse(cast.type), ")");
  }
  std::string operator()(const ArrayConstructor& array) const { return Cat("ARRAY[", Write(array.values), "]"); }
  std::string operator()(const MapConstructor& map) const { return Cat("MAP[", Write(map.entries), "]"); }
  std::string operator()(const RowConstructor& row) const {
    return Cat(row.values.size() < 2 ? "ROW(" : "(", Write(row.values), ")");
  }
  std::string operator()(const Symbol& symbol) const { return Write(symbol); }
  std::string operator()(const Descriptor& descriptor) const { return Cat("DESCRIPTOR", Write(descriptor.columns)); }
  std::string operator()(const TableArgument& argument) const {
    std::string out = "TABLE ";
    if (const auto* name = std::get_if<QualifiedName>(&argument.table)) {
      out += Unparse(*name);
    } else {
      out += Cat("(", Unparse(*std::get<Box<Query>>(argument.table)), ")");
    }
    if (!argument.partition_by.empty()) out += Cat(" PARTITION BY (", Write(argument.partition_by), ")");
    if (!argument.order_by.empty()) out += Cat(" ORDER BY (", Write(argument.order_by), ")");
    return out;
  }
  std::string operator()(const FunctionCall& call) const { return Write(call); }

  // What a dot or a bracket follows. A path in front of a dot would become a part of it.
  static std::string Postfix(const Expression& operand, bool dot) {
    const auto& node = operand.node;
    const bool path = std::holds_alternative<ColumnReference>(node);
    const bool closed = std::holds_alternative<ElementAccess>(node) || std::holds_alternative<FieldAccess>(node) ||
                        std::holds_alternative<ArrayConstructor>(node) ||
                        std::holds_alternative<MapConstructor>(node) || std::holds_alternative<Cast>(node);
    return closed || (path && !dot) ? Unparse(operand) : Cat("(", Unparse(operand), ")");
  }
};

struct Binder {
  Binding operator()(const Logical& logical) const {
    return logical.kind == Logical::Kind::kAnd ? Binding::kAnd : Binding::kOr;
  }
  Binding operator()(const Unary& unary) const {
    return unary.op == UnaryOperator::kNot ? Binding::kNot : Binding::kSign;
  }
  Binding operator()(const Binary& binary) const { return BindingOf(binary.op); }
  Binding operator()(const IsTest&) const { return Binding::kTest; }
  Binding operator()(const Between&) const { return Binding::kPredicate; }
  Binding operator()(const Like&) const { return Binding::kPredicate; }
  Binding operator()(const InList&) const { return Binding::kPredicate; }
  Binding operator()(const InSubquery&) const { return Binding::kPredicate; }
  Binding operator()(const Quantified&) const { return Binding::kComparison; }
  template <typename Node>
  Binding operator()(const Node&) const {
    return Binding::kPrimary;
  }
};

}  // namespace

Binding Tighter(Binding binding) { return static_cast<Binding>(static_cast<int>(binding) + 1); }

std::string Write(const Expression& expression, Binding least) {
  std::string out = std::visit(Writer{}, expression.node);
  return std::visit(Binder{}, expression.node) < least ? Cat("(", out, ")") : out;
}

std::string Write(const std::vector<Expression>& expressions) {
  std::string out;
  for (const Expression& expression : expressions) out += Cat(out.empty() ? "" : ", ", Unparse(expression));
  return out;
}

}  // namespace millrace::sql::unparse

namespace millrace::sql {

std::string Unparse(const Expression& expression) { return unparse::Write(expression, unparse::Binding::kOr); }

std::string QuoteText(std::string_view text) {
  return Cat("'", absl::StrReplaceAll(AbslView(text), {{"'", "''"}}), "'");
}

}  // namespace millrace::sql
