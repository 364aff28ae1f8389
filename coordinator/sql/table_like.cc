#include "coordinator/sql/table_like.h"

#include <algorithm>
#include <array>

#include "coordinator/sql/report.h"

namespace millrace::sql {
namespace {

using Kind = TableColumn::Kind;

// INCLUDING, EXCLUDING or OVERWRITING of a feature: its own rule, else that of ALL, else Flink's default.
std::string StrategyOf(const TableLike& like, std::string_view feature) {
  std::string strategy = feature == "OPTIONS" ? "OVERWRITING" : "INCLUDING";
  for (const TableLike::Rule& rule : like.rules) {
    // ALL includes options without forbidding to overwrite them.
    if (rule.feature == "ALL" && (rule.strategy != "INCLUDING" || feature != "OPTIONS")) strategy = rule.strategy;
  }
  for (const TableLike::Rule& rule : like.rules) {
    if (rule.feature == feature) strategy = rule.strategy;
  }
  return strategy;
}

bool Takes(const TableLike& like, std::string_view feature) { return StrategyOf(like, feature) != "EXCLUDING"; }

void CheckRules(const TableLike& like, std::vector<Diagnostic>& diagnostics) {
  constexpr std::array<std::string_view, 4> kMayOverwrite = {"OPTIONS", "GENERATED", "METADATA", "WATERMARKS"};
  for (size_t i = 0; i < like.rules.size(); ++i) {
    const TableLike::Rule& rule = like.rules[i];
    if (rule.strategy == "OVERWRITING" &&
        std::find(kMayOverwrite.begin(), kMayOverwrite.end(), rule.feature) == kMayOverwrite.end()) {
      ReportWrong(diagnostics, like.range, "OVERWRITING ", rule.feature,
                  " does not exist; GENERATED, METADATA, OPTIONS and WATERMARKS can be overwritten");
    }
    for (size_t j = 0; j < i; ++j) {
      if (like.rules[j].feature != rule.feature) continue;
      ReportWrong(diagnostics, like.range, "LIKE says twice what to do with ", rule.feature, "; leave one out");
    }
  }
}

}  // namespace

bool Overwrites(const TableLike& like, std::string_view feature) { return StrategyOf(like, feature) == "OVERWRITING"; }

Table TakeOver(const Table& source, const CreateTable& create, std::vector<Diagnostic>& diagnostics) {
  const TableLike& like = *create.like;
  CheckRules(like, diagnostics);
  Table table;
  table.wrong = source.wrong;
  table.open = source.open;
  for (const TableColumn& column : source.columns) {
    if (column.kind == Kind::kComputed && !Takes(like, "GENERATED")) continue;
    if (column.kind == Kind::kMetadata && !Takes(like, "METADATA")) continue;
    table.columns.push_back(column);
  }
  if (Takes(like, "WATERMARKS")) table.watermark = source.watermark;
  if (Takes(like, "CONSTRAINTS")) table.primary_key = source.primary_key;
  if (Takes(like, "PARTITIONS")) table.partitioned_by = source.partitioned_by;
  if (Takes(like, "OPTIONS")) table.options = source.options;
  if (!table.primary_key.empty()) {
    for (const TableKey& key : create.keys) {
      ReportWrong(diagnostics, key.range, "table '", source.name,
                  "' has a primary key already; leave this one out, or say EXCLUDING CONSTRAINTS behind LIKE");
    }
  }
  if (!table.partitioned_by.empty() && !create.partitioned_by.empty()) {
    ReportWrong(diagnostics, create.partitioned_by[0].range, "table '", source.name,
                "' is partitioned already; leave this out, or say EXCLUDING PARTITIONS behind LIKE");
  }
  if (StrategyOf(like, "OPTIONS") == "INCLUDING") {
    for (const Option& option : create.options) {
      if (!source.FindOption(option.key)) continue;
      ReportWrong(diagnostics, option.key_range, "table '", source.name, "' sets '", option.key,
                  "' already; say OVERWRITING OPTIONS behind LIKE to replace it");
    }
  }
  return table;
}

}  // namespace millrace::sql
