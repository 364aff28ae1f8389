#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "coordinator/sql/ast_type.h"
#include "coordinator/sql/box.h"
#include "coordinator/sql/source_range.h"

namespace millrace::sql {

struct Expression;
struct Query;

struct Literal {
  // kBinary: `text` holds the hexadecimal digits, an even number of them. Numbers keep their digits as written. DATE,
  // TIME and TIMESTAMP hold what stood between the quotes, unchecked.
  enum class Kind {
    kNull,
    kTrue,
    kFalse,
    kUnknown,
    kExact,
    kApproximate,
    kString,
    kBinary,
    kDate,
    kTime,
    kTimestamp,
    kTimestampLtz
  };
  Kind kind = Kind::kNull;
  std::string text;
  bool operator==(const Literal&) const = default;
};

struct IntervalLiteral {
  bool negative = false;
  std::string text;
  IntervalUnit unit;
  bool operator==(const IntervalLiteral&) const = default;
};

// a, t.a, or a.field.field: which of them, the binder says.
struct ColumnReference {
  QualifiedName name;
  bool operator==(const ColumnReference&) const = default;
};

// The field of what is not a plain path: f(x).a, (a).b, a[1].b.
struct FieldAccess {
  Box<Expression> operand;
  Identifier field;
  bool operator==(const FieldAccess&) const = default;
};

// operand[index], of an ARRAY or MAP.
struct ElementAccess {
  Box<Expression> operand;
  Box<Expression> index;
  bool operator==(const ElementAccess&) const = default;
};

enum class UnaryOperator { kPlus, kMinus, kNot };

struct Unary {
  UnaryOperator op = UnaryOperator::kNot;
  Box<Expression> operand;
  bool operator==(const Unary&) const = default;
};

enum class BinaryOperator {
  kMultiply,
  kDivide,
  kModulo,
  kConcat,
  kAdd,
  kSubtract,
  kIsDistinctFrom,
  kIsNotDistinctFrom,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kOverlaps
};

struct Binary {
  BinaryOperator op = BinaryOperator::kEqual;
  Box<Expression> left;
  Box<Expression> right;
  bool operator==(const Binary&) const = default;
};

// a AND b AND c as one node of three operands, so that long conditions are not deep.
struct Logical {
  enum class Kind { kAnd, kOr };
  Kind kind = Kind::kAnd;
  std::vector<Expression> operands;
  bool operator==(const Logical&) const = default;
};

// operand IS [NOT] NULL, TRUE, FALSE, UNKNOWN.
struct IsTest {
  enum class Kind { kNull, kTrue, kFalse, kUnknown };
  Kind kind = Kind::kNull;
  bool negated = false;
  Box<Expression> operand;
  bool operator==(const IsTest&) const = default;
};

struct Between {
  Box<Expression> operand;
  Box<Expression> low;
  Box<Expression> high;
  bool negated = false;
  bool symmetric = false;
  bool operator==(const Between&) const = default;
};

struct Like {
  Box<Expression> operand;
  Box<Expression> pattern;
  std::optional<Box<Expression>> escape;
  bool negated = false;
  bool similar = false;  // SIMILAR TO
  bool operator==(const Like&) const = default;
};

struct InList {
  Box<Expression> operand;
  std::vector<Expression> values;
  bool negated = false;
  bool operator==(const InList&) const = default;
};

struct InSubquery {
  Box<Expression> operand;
  Box<Query> query;
  bool negated = false;
  bool operator==(const InSubquery&) const = default;
};

// operand = ANY (query); SOME is ANY.
struct Quantified {
  BinaryOperator op = BinaryOperator::kEqual;
  bool all = false;
  Box<Expression> operand;
  Box<Query> query;
  bool operator==(const Quantified&) const = default;
};

struct Exists {
  Box<Query> query;
  bool operator==(const Exists&) const = default;
};

struct ScalarSubquery {
  Box<Query> query;
  bool operator==(const ScalarSubquery&) const = default;
};

struct CaseBranch;

struct Case {
  std::optional<Box<Expression>> operand;
  std::vector<CaseBranch> branches;
  std::optional<Box<Expression>> otherwise;
  friend bool operator==(const Case&, const Case&);
};

struct Cast {
  bool try_cast = false;
  Box<Expression> operand;
  TypeName type;
  bool operator==(const Cast&) const = default;
};

struct ArrayConstructor {
  std::vector<Expression> values;
  bool operator==(const ArrayConstructor&) const = default;
};

// Keys and values by turns.
struct MapConstructor {
  std::vector<Expression> entries;
  bool operator==(const MapConstructor&) const = default;
};

// ROW(a, b) and (a, b).
struct RowConstructor {
  std::vector<Expression> values;
  bool operator==(const RowConstructor&) const = default;
};

enum class TrimSide { kBoth, kLeading, kTrailing };

// An argument that is a word: the unit of EXTRACT, CEIL, FLOOR, TIMESTAMPADD, TIMESTAMPDIFF; the side of TRIM.
struct Symbol {
  std::variant<TimeUnit, TrimSide> value;
  bool operator==(const Symbol&) const = default;
};

// DESCRIPTOR(column, …), an argument of a window function.
struct Descriptor {
  std::vector<Identifier> columns;
  bool operator==(const Descriptor&) const = default;
};

struct OrderItem;

// TABLE name or TABLE (query), an argument of a table function.
struct TableArgument {
  std::variant<QualifiedName, Box<Query>> table;
  std::vector<Expression> partition_by;
  std::vector<OrderItem> order_by;
  friend bool operator==(const TableArgument&, const TableArgument&);
};

struct FunctionArgument;
struct WindowSpecification;

// A call, also of functions with a syntax of their own; their arguments are in this order, those left out at the end:
//   EXTRACT(unit, x) · TRIM(side, characters or NULL, x) · SUBSTRING(x, from, length) · POSITION(x, in, from)
//   OVERLAY(x, by, from, length) · CEIL(x, unit) · FLOOR(x, unit) · TIMESTAMPADD(unit, n, t) · TIMESTAMPDIFF(unit,
//   from, to)
// Such names are in capitals; those of functions without parentheses (CURRENT_DATE) are as they are written.
struct FunctionCall {
  enum class Nulls { kUnsaid, kIgnore, kRespect };
  Identifier name;
  bool distinct = false;
  bool star = false;  // COUNT(*)
  std::vector<FunctionArgument> arguments;
  std::vector<OrderItem> order_by;      // f(x ORDER BY y)
  std::vector<OrderItem> within_group;  // f(x) WITHIN GROUP (ORDER BY y)
  Nulls nulls = Nulls::kUnsaid;
  std::optional<Box<Expression>> filter;
  std::optional<std::variant<Box<WindowSpecification>, Identifier>> over;
  friend bool operator==(const FunctionCall&, const FunctionCall&);
};

struct Expression {
  SourceRange range;
  std::variant<Literal, IntervalLiteral, ColumnReference, FieldAccess, ElementAccess, Unary, Binary, Logical, IsTest,
               Between, Like, InList, InSubquery, Quantified, Exists, ScalarSubquery, Case, Cast, ArrayConstructor,
               MapConstructor, RowConstructor, Symbol, Descriptor, TableArgument, FunctionCall>
      node;
  bool operator==(const Expression&) const = default;
};

// WHEN a, b THEN result: several only after CASE operand.
struct CaseBranch {
  std::vector<Expression> when;
  Expression then;
  bool operator==(const CaseBranch&) const = default;
};

// value, or name => value.
struct FunctionArgument {
  std::optional<Identifier> name;
  Expression value;
  bool operator==(const FunctionArgument&) const = default;
};

struct OrderItem {
  enum class Direction { kUnsaid, kAscending, kDescending };
  enum class Nulls { kUnsaid, kFirst, kLast };
  SourceRange range;
  Expression expression;
  Direction direction = Direction::kUnsaid;
  Nulls nulls = Nulls::kUnsaid;
  bool operator==(const OrderItem&) const = default;
};

struct FrameBound {
  enum class Kind { kUnboundedPreceding, kPreceding, kCurrentRow, kFollowing, kUnboundedFollowing };
  Kind kind = Kind::kCurrentRow;
  std::optional<Expression> distance;  // kPreceding, kFollowing
  bool operator==(const FrameBound&) const = default;
};

// ROWS or RANGE BETWEEN begin AND end; without `end` up to the current row.
struct WindowFrame {
  SourceRange range;
  bool rows = false;
  FrameBound begin;
  std::optional<FrameBound> end;
  bool operator==(const WindowFrame&) const = default;
};

// ([base] PARTITION BY … ORDER BY … frame)
struct WindowSpecification {
  SourceRange range;
  std::optional<Identifier> base;
  std::vector<Expression> partition_by;
  std::vector<OrderItem> order_by;
  std::optional<WindowFrame> frame;
  bool operator==(const WindowSpecification&) const = default;
};

inline bool operator==(const Case& a, const Case& b) {
  return a.operand == b.operand && a.branches == b.branches && a.otherwise == b.otherwise;
}
inline bool operator==(const TableArgument& a, const TableArgument& b) {
  return a.table == b.table && a.partition_by == b.partition_by && a.order_by == b.order_by;
}
inline bool operator==(const FunctionCall& a, const FunctionCall& b) {
  return a.name == b.name && a.distinct == b.distinct && a.star == b.star && a.arguments == b.arguments &&
         a.order_by == b.order_by && a.within_group == b.within_group && a.nulls == b.nulls && a.filter == b.filter &&
         a.over == b.over;
}

}  // namespace millrace::sql

// Box<Query> above needs the whole Query wherever an Expression is copied or destroyed.
#include "coordinator/sql/ast_query.h"  // IWYU pragma: keep
