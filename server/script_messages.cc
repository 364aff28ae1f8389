#include "server/script_messages.h"

#include "coordinator/sql/flink_type.h"

namespace millrace {

std::vector<v1::Diagnostic> SqlDiagnostics(const std::vector<sql::Diagnostic>& diagnostics, std::string_view sql) {
  std::vector<v1::Diagnostic> messages;
  for (const sql::Diagnostic& diagnostic : diagnostics) {
    v1::Diagnostic& message = messages.emplace_back();
    message.set_field("sql");
    message.set_message(diagnostic.message);
    message.set_line(diagnostic.range.begin.line);
    message.set_column(diagnostic.range.begin.column);
    message.set_excerpt(RenderDiagnostic(diagnostic, sql));
  }
  return messages;
}

v1::Script ScriptOf(const sql::Compilation& compiled, std::string_view sql) {
  v1::Script script;
  if (compiled.plan) *script.mutable_plan() = *compiled.plan;
  script.set_bounded(compiled.bounded);
  for (auto& note : SqlDiagnostics(compiled.notes, sql)) *script.add_notes() = std::move(note);
  for (const sql::ResultColumn& column : compiled.columns) {
    v1::ResultColumn& added = *script.add_columns();
    added.set_name(column.name);
    added.set_type(sql::FlinkTypeOf(column.type));
    added.set_nullable(column.type.nullable);
  }
  for (const sql::StatementResult& result : compiled.results) {
    v1::StatementResult& added = *script.add_results();
    added.set_statement(result.statement);
    for (const std::string& column : result.columns) added.add_columns(column);
    for (const auto& row : result.rows) {
      v1::StatementResult::Row& cells = *added.add_rows();
      for (const std::optional<std::string>& cell : row) {
        v1::StatementResult::Cell& one = *cells.add_cells();
        if (cell) one.set_text(*cell);
      }
    }
  }
  return script;
}

}  // namespace millrace
