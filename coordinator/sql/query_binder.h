#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/sql/ast.h"
#include "coordinator/sql/bind_expression.h"
#include "coordinator/sql/catalog.h"
#include "coordinator/sql/diagnostic.h"
#include "coordinator/sql/expression_binder.h"
#include "coordinator/sql/logical_plan.h"
#include "coordinator/sql/session.h"

namespace millrace::sql {

// The windows that a relation's rows are in, as TUMBLE has cut them.
struct Tumble {
  SourceRange range;
  // The column that tells the window of a row: the event time, or the start of the window.
  PlanColumn time;
  int64_t size_ms = 0;
  int64_t offset_ms = 0;
  // The type of window_time: as the event time's.
  DataType attribute;
  // What the window's columns are called in the node; "": it does not have it.
  std::string start, end, last;
  // The same rows without them. Null: there are none.
  LogicalNode* bare = nullptr;

  bool Has(std::string_view plan_column) const {
    return !plan_column.empty() && (plan_column == start || plan_column == end || plan_column == last);
  }
};

// What a FROM or a query gives: a node, and what its columns are called in SQL.
struct Relation {
  LogicalNode* node = nullptr;
  Scope scope;
  // Set: rows are in windows, and start and end are among the columns.
  std::optional<Tumble> window;
};

// A window aggregate with the columns of its late rows, as SQL names them.
struct LateRows {
  LogicalNode* window = nullptr;
  std::vector<ScopeColumn> columns;
};

// A table as it is read: its node, null if the table is wrong, and the name of the table of its bad records.
struct TableSource {
  LogicalNode* node = nullptr;
  std::optional<std::string> dead_letters;
};
// Sources of tables, one for all statements of a script; by the table's name, and behind it the options of hints, a
// line each.
using SourceNodes = std::map<std::string, TableSource>;

// What WITH has declared, the newest in front.
struct CommonTables {
  const CommonTable* table = nullptr;
  const CommonTables* outer = nullptr;  // what its query sees, and what is looked at next
  // The first use takes what was bound when it was declared.
  std::optional<Relation> bound;
  bool wrong = false;
  bool used = false;
};

// Binds the queries of one statement and plans them.
//
// Borrows all it is made of. What is wrong is in the diagnostics; what is returned in spite of them is for finding more
// that is wrong, and never becomes part of a plan.
class QueryBinder {
 public:
  struct Options {
    // Windows keep all columns of their input, for LATE DATA TO.
    bool keep_late_columns = false;
    // Only names and types are asked for: whether a table can be read is told where it is.
    bool only_types = false;
  };
  QueryBinder(const Catalog& catalog, const Session& session, LogicalPlan& plan, SourceNodes& sources,
              std::vector<Diagnostic>& diagnostics, Options options);

  // The query's rows; names of the scope are different from each other, and those of the node's columns.
  std::optional<Relation> Bind(const Query& query, CommonTables* common = nullptr);
  // The source of a table with its computed columns, shared.
  LogicalNode* SourceNode(const Table& table, const std::vector<Hint>& hints, const SourceRange& range);
  // What stands for the source of a table that is not read: its columns.
  LogicalNode* UnreadNode(const Table& table);

  // Whether a table that is wrong was read: nothing of this is for a plan, although nothing more may have been told.
  bool over_wrong_table() const { return over_wrong_table_; }
  const std::vector<LateRows>& late_rows() const { return late_rows_; }

  // For its hooks.
  std::vector<Diagnostic>& diagnostics() { return diagnostics_; }
  const Session& session() const { return session_; }
  std::optional<Relation> BindSubquery(const Query& query, const Scope& outer, CommonTables* common);
  const ScopeColumn* FindOuter(const QualifiedName& name) const;
  LogicalPlan& plan() { return plan_; }
  bool keep_late_columns() const { return options_.keep_late_columns; }
  void AddLateRows(LateRows rows) { late_rows_.push_back(std::move(rows)); }
  // Tables with commas between them; without any, one row without columns.
  std::optional<Relation> BindFrom(const std::vector<TableReference>& from, CommonTables* common);
  // The uid of a /*+ UID('…') */ among the hints, or "". Says nothing of other hints.
  std::string UidHint(const std::vector<Hint>& hints);
  // The different rows of bounded input.
  Relation Distinct(Relation input, const SourceRange& range, std::string_view what);
  // ORDER BY keys and LIMIT, if there are any, over a relation that has the keys as columns.
  Relation AddSort(Relation input, std::vector<v1::SortKey> keys, const Query& query);

 private:
  // bind_query.cc
  std::optional<Relation> BindBody(const Query& query, CommonTables* common);
  std::optional<Relation> BindSetOperation(const SetOperation& operation, const SourceRange& range,
                                           CommonTables* common);
  std::optional<Relation> UnionOf(std::vector<Relation> inputs, const std::vector<SourceRange>& ranges);
  // bind_from.cc
  std::optional<Relation> BindReference(const TableReference& reference, CommonTables* common);
  std::optional<Relation> BindTable(const NamedTable& named, const SourceRange& range, CommonTables* common);
  std::optional<Relation> BindCatalogTable(const QualifiedName& name, const std::vector<Hint>& hints,
                                           CommonTables* common);
  std::optional<Relation> BindView(const View& view, const SourceRange& range);
  std::optional<Relation> BindJoin(const Join& join, const SourceRange& range, CommonTables* common);
  std::optional<Relation> JoinOf(Relation left, Relation right, const SourceRange& range, std::string_view what);
  bool Rename(Relation& relation, const std::optional<TableAlias>& alias);
  // bind_unnest.cc
  std::optional<Relation> BindUnnest(Relation left, const Unnest& unnest, bool outer, const SourceRange& range);
  // plan_window.cc
  void AddWindowColumns(Relation& relation, Tumble tumble);
  std::optional<Relation> BindTableFunction(const TableFunction& function, const SourceRange& range,
                                            CommonTables* common);
  std::optional<Relation> BindTumble(const FunctionCall& call, const SourceRange& range, CommonTables* common);
  std::optional<Relation> BindWindowInput(const Expression& argument, CommonTables* common);
  // plan_values.cc
  std::optional<Relation> BindValues(const Values& values);
  Relation OneRow();
  // plan_sort.cc
  std::optional<Relation> Sort(Relation input, const Query& query, CommonTables* common);
  std::optional<int64_t> Count(const std::optional<Expression>& count, std::string_view what);

  const Catalog& catalog_;
  const Session& session_;
  LogicalPlan& plan_;
  SourceNodes& sources_;
  std::vector<Diagnostic>& diagnostics_;
  const Options options_;
  std::vector<LateRows> late_rows_;
  std::vector<std::string> open_views_;
  std::vector<const Scope*> outer_scopes_;
  int num_queries_ = 0;
  bool over_wrong_table_ = false;
};

}  // namespace millrace::sql
