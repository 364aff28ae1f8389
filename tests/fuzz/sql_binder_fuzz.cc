// Any text as queries over some tables: a plan that can be written and whose operators have names of their own, or
// reasons that have places within the text.
#include <algorithm>
#include <set>
#include <string_view>

#include "coordinator/plan/plan_graph.h"
#include "coordinator/sql/bind_expression.h"
#include "coordinator/sql/parser.h"
#include "coordinator/sql/planner.h"
#include "coordinator/sql/table_connectors.h"
#include "tests/fuzz/fuzz_target.h"

namespace millrace::sql {
namespace {

constexpr std::string_view kTables =
    "CREATE TABLE n (id INT NOT NULL, b BOOLEAN, i INT, l BIGINT, d DOUBLE, dc DECIMAL(10, 2), u STRING, arr "
    "ARRAY<INT>, "
    "m MAP<STRING, INT>, r ROW<a INT, b STRING>) WITH ('connector' = 'filesystem', 'path' = '/n', 'format' = 'json');"
    "CREATE TABLE s (k STRING, v BIGINT, dt DATE, t TIMESTAMP(3)) WITH ('connector' = 'datagen');"
    "CREATE TABLE o (id INT, name STRING, at_ TIMESTAMP(3)) WITH ('connector' = 'blackhole');";

Catalog Tables() {
  Catalog catalog;
  std::vector<Diagnostic> diagnostics;
  const Script script = *ParseScript(kTables);
  for (const Statement& statement : script.statements) {
    const auto& create = std::get<CreateTable>(statement.node);
    Table table;
    table.name = create.name.parts[0].text;
    table.options = create.options;
    for (const ColumnDefinition& column : create.columns) {
      TableColumn own;
      own.name = column.name.text;
      own.type = *BindType(std::get<DeclaredColumn>(column.kind).type, diagnostics);
      table.columns.push_back(std::move(own));
    }
    if (table.name == "s") table.watermark = TableWatermark{{}, "t", 1000};
    catalog.Put(std::move(table));
  }
  return catalog;
}

void CheckDiagnostics(const std::vector<Diagnostic>& diagnostics, std::string_view text) {
  const auto num_lines = 1 + std::count(text.begin(), text.end(), '\n');
  for (const Diagnostic& diagnostic : diagnostics) {
    Require(!diagnostic.message.empty(), "a diagnostic says something");
    Require(diagnostic.range.begin.line >= 1 && diagnostic.range.begin.line <= num_lines, "on a line of the script");
    Require(!RenderDiagnostic(diagnostic, text).empty(), "and can be shown");
  }
}

void CheckPlan(const v1::Plan& plan) {
  std::set<std::string> uids;
  for (const v1::Node& node : plan.nodes()) {
    Require(IsPlanName(node.uid()), "an operator has a name that fits");
    for (const v1::Edge& edge : node.inputs()) Require(uids.contains(edge.from()), "its inputs stand in front of it");
    Require(uids.insert(node.uid()).second, "the name is its own");
  }
  v1::Plan again;
  Require(again.ParseFromString(plan.SerializeAsString()), "the plan can be stored");
}

}  // namespace
}  // namespace millrace::sql

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  static const sql::Catalog* const kCatalog = new sql::Catalog(sql::Tables());
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const sql::Session session;
  sql::ParseResult parsed = sql::Parse(text);
  for (const sql::Statement& statement : parsed.script.statements) {
    std::vector<sql::Diagnostic> diagnostics;
    sql::Planner planner(*kCatalog, session);
    if (const auto* query = std::get_if<sql::Query>(&statement.node)) {
      const bool planned = !planner.AddSelect(*query, diagnostics).empty();
      Require(planned == diagnostics.empty(), "a query has columns, or a reason why not");
    } else if (const auto* insert = std::get_if<sql::Insert>(&statement.node)) {
      planner.AddInsert(*insert, diagnostics);
    } else if (const auto* set = std::get_if<sql::StatementSet>(&statement.node)) {
      for (const sql::Insert& own : set->inserts) planner.AddInsert(own, diagnostics);
    } else {
      continue;
    }
    sql::CheckDiagnostics(diagnostics, text);
    if (diagnostics.empty()) sql::CheckPlan(planner.Finish());
  }
  return 0;
}
