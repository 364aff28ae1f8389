#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/data_type.h"
#include "coordinator/sql/ast.h"
#include "coordinator/sql/diagnostic.h"
#include "coordinator/sql/session.h"
#include "millrace/v1/plan.pb.h"

namespace millrace::sql {

// A column that an expression may name.
struct ScopeColumn {
  std::string table;        // alias or name of its table; "": none
  std::string name;         // as SQL sees it
  DataType type;
  std::string plan_column;  // as the plan's relation calls it
  bool row_time = false;    // a window can stand on it
};

// The columns in sight, in the order of `*`.
struct Scope {
  std::vector<ScopeColumn> columns;
  // Columns that are there and nothing is known of, for what declares them is wrong. Naming one is no mistake, and
  // has no result.
  std::vector<std::string> unknown = {};
  // So is any name that is not found: columns are missing.
  bool open = false;

  bool IsWhole() const { return unknown.empty() && !open; }
};

// An expression with its type, in the plan's form.
struct TypedExpression {
  v1::Expression plan;
  DataType type;
};

// Resolves names, functions, implicit conversions and types, as Flink does; constants are folded. nullopt: it is wrong,
// and diagnostics say where and what would do. No aggregates, subqueries or OVER: those the caller has taken out.
std::optional<TypedExpression> BindExpression(const Expression& expression, const Scope& scope, const Session& session,
                                              std::vector<Diagnostic>& diagnostics);

// A declared type. nullopt: it is wrong, and a diagnostic says why.
std::optional<DataType> BindType(const TypeName& type, std::vector<Diagnostic>& diagnostics);

// `expression` converted for an assignment to `to` (INSERT, VALUES): as Flink's implicit casts. nullopt: not without a
// CAST, and a diagnostic at `range` says so.
std::optional<TypedExpression> ImplicitCast(TypedExpression expression, const DataType& to, const SourceRange& range,
                                            const Session& session, std::vector<Diagnostic>& diagnostics);

}  // namespace millrace::sql
