#include "coordinator/sql/scope.h"

#include <algorithm>

#include "arrow/type.h"
#include "base/nearest_name.h"
#include "coordinator/sql/report.h"

namespace millrace::sql {
namespace {

constexpr size_t kFewNames = 12;

void ReportAmbiguous(const QualifiedName& name, const std::vector<const ScopeColumn*>& found,
                     std::vector<Diagnostic>& diagnostics) {
  const std::string& column = found[0]->name;
  std::string tables;
  for (const ScopeColumn* candidate : found)
    absl::StrAppend(&tables, tables.empty() ? "'" : ", '", candidate->table, "'");
  const bool told_apart = found[0]->table != found[1]->table && !found[0]->table.empty();
  ReportWrong(diagnostics, name.range, "column '", column, "' is ambiguous: ", found.size(), " of that name are in ",
              tables, told_apart ? Cat("; write ", found[0]->table, ".", column) : std::string("; rename one with AS"));
}

bool HasTable(const Scope& scope, std::string_view table) {
  return std::any_of(scope.columns.begin(), scope.columns.end(),
                     [&](const ScopeColumn& c) { return c.table == table; });
}

// Whether the name may be right, as far as can be told.
bool IsUnknown(const QualifiedName& name, const Scope& scope) {
  if (scope.open) return true;
  return std::any_of(scope.unknown.begin(), scope.unknown.end(), [&](const std::string& unknown) {
    return unknown == name.parts[0].text || (name.parts.size() > 1 && unknown == name.parts[1].text);
  });
}

// The scope as one table's columns see it.
Scope Of(const Scope& scope, std::string_view table) {
  Scope part;
  for (const ScopeColumn& column : scope.columns) {
    if (column.table == table) part.columns.push_back(column);
  }
  return part;
}

}  // namespace

std::vector<std::string> TablesOf(const Scope& scope) {
  std::vector<std::string> tables;
  for (const ScopeColumn& column : scope.columns) {
    const bool known = std::find(tables.begin(), tables.end(), column.table) != tables.end();
    if (!known && !column.table.empty()) tables.push_back(column.table);
  }
  return tables;
}

std::string ColumnAdvice(std::string_view name, const Scope& scope) {
  std::vector<std::string> names;
  for (const ScopeColumn& column : scope.columns) names.push_back(column.name);
  if (const std::optional<std::string> nearest = NearestName(name, names)) {
    const auto column = std::find_if(scope.columns.begin(), scope.columns.end(),
                                     [&](const ScopeColumn& candidate) { return candidate.name == *nearest; });
    return Cat("; did you mean '", *nearest, "'", column->table.empty() ? "" : Cat(" of '", column->table, "'"), "?");
  }
  return names.size() > kFewNames ? "" : NameAdvice(name, names);
}

std::optional<FoundColumn> FindColumn(const QualifiedName& name, const Scope& scope,
                                      std::vector<Diagnostic>& diagnostics) {
  const std::string& first = name.parts[0].text;
  std::vector<const ScopeColumn*> found;
  size_t parts = 2;
  if (name.parts.size() > 1) {
    for (const ScopeColumn& column : scope.columns) {
      if (column.table == first && column.name == name.parts[1].text) found.push_back(&column);
    }
  }
  if (found.empty()) {
    parts = 1;
    for (const ScopeColumn& column : scope.columns) {
      if (column.name == first) found.push_back(&column);
    }
  }
  // b.x where b is a table, and a column that has no fields: the table was meant.
  const bool fieldless = found.size() == 1 && name.parts.size() > 1 && parts == 1 && HasTable(scope, first) &&
                         found[0]->type.arrow->id() != arrow::Type::STRUCT;
  if (fieldless) found.clear();
  if (found.size() == 1) return FoundColumn{found[0], parts};
  if (found.size() > 1) {
    ReportAmbiguous(name, found, diagnostics);
    return std::nullopt;
  }
  if (IsUnknown(name, scope)) return std::nullopt;
  if (name.parts.size() > 1 && HasTable(scope, first)) {
    const std::string& column = name.parts[1].text;
    ReportWrong(diagnostics, name.parts[1].range, "'", first, "' has no column '", column, "'",
                ColumnAdvice(column, Of(scope, first)));
  } else if (scope.columns.empty()) {
    ReportWrong(diagnostics, name.range, "there is no column '", first,
                "': there is no FROM here that would have columns");
  } else if (name.parts.size() > 1) {
    ReportWrong(diagnostics, name.parts[0].range, "there is neither a table nor a column '", first, "' here",
                NameAdvice(first, TablesOf(scope)));
  } else {
    ReportWrong(diagnostics, name.range, "there is no column '", first, "'", ColumnAdvice(first, scope));
  }
  return std::nullopt;
}

}  // namespace millrace::sql
