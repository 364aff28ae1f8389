#pragma once

// The syntax tree of a script: plain values, made by ParseScript and changed by nobody.
//
// How to build on it:
// - A node is a struct with a `range`; where there are alternatives, `node` is a std::variant of structs. Visit with
//   std::visit, ask with std::get_if. A Box<T> is a T elsewhere; std::optional is what may be left out.
// - Names are as written: no letter case is folded, back quotes are gone. `Identifier::quoted` says whether they were
//   there; function names are looked up without regard to case, everything else with it, as Flink does.
// - What the grammar alone can settle is settled: TypeName has one spelling per type, INTERVAL '5 seconds' is INTERVAL
// '5'
//   SECOND, SUBSTRING(x FROM 2) is a call of SUBSTRING with two arguments, a.b.c is one ColumnReference. What needs a
//   catalog or types is left: whether a.b is a column of a or a field of column a, literals' ranges, function
//   signatures.
// - == compares what was said, not where it stood. Unparse (unparser.h) writes a node in canonical form.
// - Depth is bounded by kMaxDepth (parser.h), so recursion over a tree is safe.
#include "coordinator/sql/ast_expression.h"
#include "coordinator/sql/ast_query.h"
#include "coordinator/sql/ast_statement.h"
#include "coordinator/sql/ast_type.h"
