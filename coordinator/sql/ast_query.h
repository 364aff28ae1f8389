#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "coordinator/sql/ast_expression.h"
#include "coordinator/sql/ast_type.h"
#include "coordinator/sql/box.h"
#include "coordinator/sql/source_range.h"

namespace millrace::sql {

// 'key' = 'value' of WITH, SET and hints.
struct Option {
  SourceRange range;
  SourceRange key_range;
  SourceRange value_range;
  std::string key;
  std::string value;
  bool operator==(const Option&) const = default;
};

// One of /*+ OPTIONS('k' = 'v'), UID('agg'), BROADCAST(t) */. A hint has either options or plain arguments.
struct Hint {
  SourceRange range;
  Identifier name;
  std::vector<Option> options;
  std::vector<std::string> arguments;
  bool operator==(const Hint&) const = default;
};

// AS name (column, …)
struct TableAlias {
  Identifier name;
  std::vector<Identifier> columns;
  bool operator==(const TableAlias&) const = default;
};

struct NamedTable {
  QualifiedName name;
  std::vector<Hint> hints;
  std::optional<Expression> system_time;  // FOR SYSTEM_TIME AS OF
  std::optional<TableAlias> alias;
  bool operator==(const NamedTable&) const = default;
};

struct DerivedTable {
  bool lateral = false;
  Box<Query> query;
  std::optional<TableAlias> alias;
  bool operator==(const DerivedTable&) const = default;
};

// TABLE(f(…)), or f(…) by itself in FROM; the window functions are such.
struct TableFunction {
  bool lateral = false;
  FunctionCall call;
  std::optional<TableAlias> alias;
  bool operator==(const TableFunction&) const = default;
};

struct Unnest {
  bool lateral = false;
  std::vector<Expression> collections;
  bool with_ordinality = false;
  std::optional<TableAlias> alias;
  bool operator==(const Unnest&) const = default;
};

struct TableReference;

struct Join {
  enum class Kind { kInner, kLeft, kRight, kFull, kCross };
  Kind kind = Kind::kInner;
  bool natural = false;
  Box<TableReference> left;
  Box<TableReference> right;
  std::optional<Expression> on;
  std::vector<Identifier> using_columns;
  bool operator==(const Join&) const = default;
};

struct TableReference {
  SourceRange range;
  std::variant<NamedTable, DerivedTable, TableFunction, Unnest, Join> node;
  bool operator==(const TableReference&) const = default;
};

// * or t.*
struct Star {
  std::optional<QualifiedName> table;
  bool operator==(const Star&) const = default;
};

struct SelectItem {
  SourceRange range;
  std::variant<Star, Expression> value;
  std::optional<Identifier> alias;
  bool operator==(const SelectItem&) const = default;
};

// One element of GROUP BY. kExpression: a row constructor is a composite key; kEmpty is (); kCube and kRollup have
// expressions, kGroupingSets has elements.
struct GroupingElement {
  enum class Kind { kExpression, kEmpty, kCube, kRollup, kGroupingSets };
  SourceRange range;
  Kind kind = Kind::kExpression;
  std::vector<Expression> expressions;
  std::vector<GroupingElement> elements;
  friend bool operator==(const GroupingElement& a, const GroupingElement& b) {
    return a.kind == b.kind && a.expressions == b.expressions && a.elements == b.elements;
  }
};

struct NamedWindow {
  Identifier name;
  WindowSpecification window;
  bool operator==(const NamedWindow&) const = default;
};

struct Select {
  std::vector<Hint> hints;
  bool distinct = false;
  std::vector<SelectItem> items;
  std::vector<TableReference> from;  // with commas between them
  std::optional<Expression> where;
  std::vector<GroupingElement> group_by;
  std::optional<Expression> having;
  std::vector<NamedWindow> windows;
  bool operator==(const Select&) const = default;
};

// Each row is a RowConstructor, or an expression that is a row of one.
struct Values {
  std::vector<Expression> rows;
  bool operator==(const Values&) const = default;
};

// TABLE t: all of its columns and rows.
struct ExplicitTable {
  QualifiedName name;
  bool operator==(const ExplicitTable&) const = default;
};

struct SetOperation {
  enum class Kind { kUnion, kIntersect, kExcept };
  Kind kind = Kind::kUnion;
  bool all = false;
  Box<Query> left;
  Box<Query> right;
  bool operator==(const SetOperation&) const = default;
};

struct CommonTable {
  SourceRange range;
  Identifier name;
  std::vector<Identifier> columns;
  Box<Query> query;
  bool operator==(const CommonTable&) const = default;
};

// WITH … body ORDER BY … LIMIT … OFFSET …; FETCH NEXT n ROWS ONLY is LIMIT n, LIMIT ALL is no limit. The body is a
// query in parentheses only where both have clauses of their own: (SELECT … LIMIT 5) ORDER BY a.
struct Query {
  SourceRange range;
  std::vector<CommonTable> with;
  std::variant<Select, Values, ExplicitTable, SetOperation, Box<Query>> body;
  std::vector<OrderItem> order_by;
  std::optional<Expression> limit;
  std::optional<Expression> offset;
  bool operator==(const Query&) const = default;
};

}  // namespace millrace::sql
