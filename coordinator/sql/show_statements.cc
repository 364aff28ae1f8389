#include "coordinator/sql/show_statements.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/ascii.h"
#include "base/expression/function_registry.h"
#include "coordinator/sql/report.h"
#include "coordinator/sql/table_name.h"
#include "coordinator/sql/table_text.h"

namespace millrace::sql {
namespace {

// SQL's LIKE: % is any text, _ any character, \ takes the next as it is.
bool Matches(std::string_view text, std::string_view pattern) {
  size_t at = 0, in_pattern = 0;
  size_t star = std::string_view::npos, star_text = 0;
  while (at < text.size()) {
    const bool escaped = in_pattern + 1 < pattern.size() && pattern[in_pattern] == '\\';
    const size_t literal = in_pattern + (escaped ? 1 : 0);
    if (!escaped && in_pattern < pattern.size() && pattern[in_pattern] == '%') {
      star = in_pattern++;
      star_text = at;
    } else if (literal < pattern.size() && (pattern[literal] == text[at] || (!escaped && pattern[literal] == '_'))) {
      in_pattern = literal + 1;
      ++at;
    } else if (star != std::string_view::npos) {
      in_pattern = star + 1;
      at = ++star_text;
    } else {
      return false;
    }
  }
  while (in_pattern < pattern.size() && pattern[in_pattern] == '%') ++in_pattern;
  return in_pattern == pattern.size();
}

StatementResult Listed(std::string column, std::vector<std::string> names, const Show& show) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  StatementResult result;
  result.columns = {std::move(column)};
  for (std::string& name : names) {
    if (show.like && Matches(name, *show.like) == show.not_like) continue;
    result.rows.push_back({std::move(name)});
  }
  return result;
}

StatementResult OneText(std::string text) {
  StatementResult result;
  result.columns = {"result"};
  result.rows.push_back({std::move(text)});
  return result;
}

std::optional<StatementResult> ShowCreate(const Show& show, const Catalog& catalog,
                                          std::vector<Diagnostic>& diagnostics) {
  std::optional<std::string> name = TableNameOf(*show.name, diagnostics);
  if (!name) return std::nullopt;
  const Table* table = catalog.FindTable(*name);
  const View* view = catalog.FindView(*name);
  const bool wants_view = show.what == Show::What::kCreateView;
  if (table == nullptr && view == nullptr) {
    ReportWrong(diagnostics, show.name->range, "there is no ", wants_view ? "view" : "table", " '", *name, "'",
                TableAdvice(*name, catalog));
    return std::nullopt;
  }
  if ((view != nullptr) != wants_view) {
    ReportWrong(diagnostics, show.name->range, "'", *name, "' is a ", wants_view ? "table" : "view",
                "; use SHOW CREATE ", wants_view ? "TABLE" : "VIEW");
    return std::nullopt;
  }
  return OneText(wants_view ? CreateViewText(*view) : CreateTableText(*table));
}

}  // namespace

std::optional<StatementResult> ShowCatalog(const Show& show, const Catalog& catalog,
                                           std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> names;
  switch (show.what) {
    case Show::What::kTables:
      return Listed("table name", catalog.Names(), show);
    case Show::What::kViews:
      for (std::string& name : catalog.Names()) {
        if (catalog.FindView(name) != nullptr) names.push_back(std::move(name));
      }
      return Listed("view name", std::move(names), show);
    case Show::What::kFunctions:
      names = ScalarFunctionNames();
      for (std::string& name : AggregateFunctionNames()) names.push_back(std::move(name));
      return Listed("function name", std::move(names), show);
    case Show::What::kUserFunctions:
      return Listed("function name", {}, show);
    case Show::What::kCreateTable:
    case Show::What::kCreateView:
      break;
  }
  return ShowCreate(show, catalog, diagnostics);
}

StatementResult ShowOptions(const Session& session) {
  StatementResult result;
  result.columns = {"key", "value"};
  for (const auto& [key, value] : session.options) result.rows.push_back({key, value});
  return result;
}

}  // namespace millrace::sql
