#include "coordinator/sql/plan_mistakes.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "base/error.h"

namespace millrace::sql {
namespace {

// nodes[3].source.options → the fourth node.
const v1::Node* NodeOf(std::string_view field, const v1::Plan& plan) {
  constexpr std::string_view kNodes = "nodes[";
  int index = -1;
  if (!field.starts_with(kNodes)) return nullptr;
  field.remove_prefix(kNodes.size());
  if (!absl::SimpleAtoi(AbslView(field.substr(0, field.find(']'))), &index)) return nullptr;
  return index >= 0 && index < plan.nodes_size() ? &plan.nodes(index) : nullptr;
}

// How many of the node's options the table has, with the same values.
size_t NumShared(const Table& table, const google::protobuf::Map<std::string, std::string>& options) {
  size_t shared = 0;
  for (const auto& [key, value] : options) {
    std::optional<std::string_view> own = table.FindOption(key);
    if (own && *own == value) ++shared;
  }
  return shared;
}

const Table* TableOf(const v1::Node& node, const Catalog& catalog) {
  if (!node.has_source() && !node.has_sink()) return nullptr;
  const auto& options = node.has_source() ? node.source().options() : node.sink().options();
  const std::string& connector = node.has_source() ? node.source().connector() : node.sink().connector();
  const Table* best = nullptr;
  size_t most = 0;
  for (const std::string& name : catalog.Names()) {
    const Table* table = catalog.FindTable(name);
    if (table == nullptr || table->connector() != connector) continue;
    const size_t shared = 1 + NumShared(*table, options) + (absl::EqualsIgnoreCase(name, node.uid()) ? 1 : 0);
    if (shared <= most) continue;
    best = table;
    most = shared;
  }
  return best;
}

}  // namespace

Diagnostic PlaceOf(const v1::Diagnostic& mistake, const v1::Plan& plan, const Catalog& catalog,
                   const SourceRange& otherwise) {
  Diagnostic placed{Diagnostic::Kind::kSemantic, otherwise, mistake.message()};
  const v1::Node* node = NodeOf(mistake.field(), plan);
  const Table* table = node == nullptr ? nullptr : TableOf(*node, catalog);
  if (table == nullptr) {
    if (node != nullptr) placed.message = Cat("operator '", node->uid(), "': ", mistake.message());
    return placed;
  }
  placed.range = table->range;
  for (const Option& option : table->options) {
    if (absl::StrContains(mistake.message(), Cat("'", option.key, "'"))) placed.range = option.range;
  }
  for (const TableColumn& column : table->columns) {
    if (absl::StrContains(mistake.message(), Cat("column '", column.name, "'"))) placed.range = column.range;
  }
  return placed;
}

}  // namespace millrace::sql
