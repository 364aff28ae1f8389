#pragma once

#include <memory>
#include <vector>

#include "coordinator/sql/ast.h"
#include "coordinator/sql/catalog.h"
#include "coordinator/sql/diagnostic.h"
#include "coordinator/sql/session.h"
#include "millrace/v1/plan.pb.h"

namespace millrace::sql {

// A column of a query's result, for a person or a program that reads rows.
struct ResultColumn {
  std::string name;
  DataType type;
};

// Compiles the queries of one script into one plan: tables that are read twice are scanned once.
//
// Borrows: catalog and session, which must not change while it lives.
class Planner {
 public:
  Planner(const Catalog& catalog, const Session& session);
  ~Planner();

  // INSERT INTO … with its late data and dead letters. Diagnostics are appended.
  void AddInsert(const Insert& insert, std::vector<Diagnostic>& diagnostics);
  // A query by itself: its rows go to the sink connector "result". Returns its columns; none: it is wrong.
  std::vector<ResultColumn> AddSelect(const Query& query, std::vector<Diagnostic>& diagnostics);
  // Columns of a query, without adding it: for DESCRIBE of views.
  std::vector<ResultColumn> ColumnsOf(const Query& query, std::vector<Diagnostic>& diagnostics);

  // The plan of all that was added, rewritten (push-down, folding, pruning), without name and settings.
  v1::Plan Finish();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace millrace::sql
