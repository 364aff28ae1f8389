#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/sql/catalog.h"
#include "coordinator/sql/diagnostic.h"
#include "coordinator/sql/planner.h"
#include "coordinator/sql/query_binder.h"
#include "coordinator/sql/session.h"

namespace millrace::sql {

// What goes into tables: rows of INSERTs, late rows, dead letters. A table has one sink, behind a union if several
// write to it.
//
// Borrows all it is made of.
class SinkCollector {
 public:
  SinkCollector(const Catalog& catalog, const Session& session, LogicalPlan& plan, SourceNodes& sources)
      : catalog_(catalog), session_(session), plan_(plan), sources_(sources) {}

  void AddInsert(const Insert& insert, std::vector<Diagnostic>& diagnostics);
  std::vector<ResultColumn> AddSelect(const Query& query, std::vector<Diagnostic>& diagnostics);

  // Makes the sinks of what was added.
  std::vector<LogicalNode*> Connect();
  // Adds the dead letters of the nodes that the sinks lead to, once these are what they will be; returns all sinks.
  std::vector<LogicalNode*> ConnectDeadLetters(const std::vector<LogicalNode*>& sinks);

 private:
  // A column that a table takes.
  struct Target {
    std::string name;
    DataType type;
  };
  // The sink of a table, and what goes into it.
  struct Destination {
    LogicalNode* sink = nullptr;
    std::vector<LogicalNode*> inputs;
  };
  void PlanInsert(const Insert& insert, std::vector<Diagnostic>& diagnostics);
  const Table* FindTarget(const QualifiedName& name, std::vector<Diagnostic>& diagnostics);
  std::optional<std::vector<Target>> TargetsOf(const Table& table, const Insert& insert,
                                               std::vector<Diagnostic>& diagnostics);
  LogicalNode* Fit(const Relation& relation, const Table& table, const Insert& insert,
                   std::vector<Diagnostic>& diagnostics);
  bool CheckSameColumns(const Table& table, const LogicalNode& rows, const SourceRange& range,
                        std::vector<Diagnostic>& diagnostics);
  void AddLateData(const QualifiedName& name, const std::vector<LateRows>& late, std::vector<Diagnostic>& diagnostics);
  std::vector<LogicalNode*> WithOneType(std::vector<LogicalNode*> inputs);
  void AddDeadLetters(const SourceRange& range, std::vector<Diagnostic>& diagnostics);
  void CheckUids(const SourceRange& range, std::vector<Diagnostic>& diagnostics);
  LogicalNode* ProjectByName(LogicalNode* input, std::string output, const std::vector<ScopeColumn>& available,
                             const Table& table, const SourceRange& range, std::string_view what,
                             std::vector<Diagnostic>& diagnostics);
  bool AddTo(const Table& table, LogicalNode* rows, const SourceRange& range, const std::string& uid,
             std::vector<Diagnostic>& diagnostics);

  const Catalog& catalog_;
  const Session& session_;
  LogicalPlan& plan_;
  SourceNodes& sources_;
  std::map<std::string, Destination> destinations_;
  std::vector<std::string> order_;  // of destinations, as the script names them
  // The table that takes a source's bad records.
  std::map<const LogicalNode*, std::string> dead_letters_;
};

}  // namespace millrace::sql
