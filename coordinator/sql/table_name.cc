#include "coordinator/sql/table_name.h"

#include "base/nearest_name.h"
#include "coordinator/sql/report.h"

namespace millrace::sql {
namespace {

constexpr std::string_view kCatalog = "default_catalog";
constexpr std::string_view kDatabase = "default_database";

}  // namespace

std::optional<std::string> TableNameOf(const QualifiedName& name, std::vector<Diagnostic>& diagnostics) {
  const size_t size = name.parts.size();
  if (size > 3) {
    ReportWrong(diagnostics, name.range, "a table's name has at most three parts: ", kCatalog, ".", kDatabase, ".",
                name.parts.back().text);
    return std::nullopt;
  }
  if (size > 1 && name.parts[size - 2].text != kDatabase) {
    ReportWrong(diagnostics, name.parts[size - 2].range, "there is no database '", name.parts[size - 2].text,
                "': there is one, ", kDatabase, "; name the table by itself, '", name.parts.back().text, "'");
    return std::nullopt;
  }
  if (size > 2 && name.parts[0].text != kCatalog) {
    ReportWrong(diagnostics, name.parts[0].range, "there is no catalog '", name.parts[0].text, "': there is one, ",
                kCatalog, "; name the table by itself, '", name.parts.back().text, "'");
    return std::nullopt;
  }
  return name.parts.back().text;
}

std::string TableAdvice(std::string_view name, const Catalog& catalog) {
  const std::vector<std::string> names = catalog.Names();
  return names.empty() ? "; none is declared: CREATE TABLE it first" : NameAdvice(name, names);
}

}  // namespace millrace::sql
