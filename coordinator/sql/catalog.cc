#include "coordinator/sql/catalog.h"

#include <algorithm>
#include <utility>

namespace millrace::sql {

const TableColumn* Table::Find(std::string_view column) const {
  auto found = std::find_if(columns.begin(), columns.end(), [&](const TableColumn& own) { return own.name == column; });
  return found == columns.end() ? nullptr : &*found;
}

std::optional<std::string_view> Table::FindOption(std::string_view key) const {
  for (const Option& option : options) {
    if (option.key == key) return option.value;
  }
  return std::nullopt;
}

std::string_view Table::connector() const { return FindOption("connector").value_or(""); }

const Table* Catalog::FindTable(std::string_view name) const {
  auto found = tables_.find(name);
  return found == tables_.end() ? nullptr : &found->second;
}

const View* Catalog::FindView(std::string_view name) const {
  auto found = views_.find(name);
  return found == views_.end() ? nullptr : &found->second;
}

std::vector<std::string> Catalog::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, table] : tables_) names.push_back(name);
  for (const auto& [name, view] : views_) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

void Catalog::Put(Table table) {
  views_.erase(table.name);
  std::string name = table.name;
  tables_.insert_or_assign(std::move(name), std::move(table));
}

void Catalog::Put(View view) {
  tables_.erase(view.name);
  std::string name = view.name;
  views_.insert_or_assign(std::move(name), std::move(view));
}

bool Catalog::DropTable(std::string_view name) {
  auto found = tables_.find(name);
  if (found == tables_.end()) return false;
  tables_.erase(found);
  return true;
}

bool Catalog::DropView(std::string_view name) {
  auto found = views_.find(name);
  if (found == views_.end()) return false;
  views_.erase(found);
  return true;
}

}  // namespace millrace::sql
