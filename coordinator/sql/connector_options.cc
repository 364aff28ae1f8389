#include "coordinator/sql/connector_options.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/nearest_name.h"
#include "coordinator/sql/duration_text.h"
#include "coordinator/sql/report.h"

namespace millrace::sql {
namespace {

using Use = OptionRule::Use;

bool IsPrefix(const OptionRule& rule) { return rule.key.ends_with('*'); }

const OptionRule* FindRule(const ConnectorRules& rules, std::string_view key) {
  for (const OptionRule& rule : rules.options) {
    if (rule.key == key) return &rule;
  }
  for (const OptionRule& rule : rules.options) {
    if (IsPrefix(rule) && key.starts_with(rule.key.substr(0, rule.key.size() - 1))) return &rule;
  }
  return nullptr;
}

std::string UnknownOption(const ConnectorRules& rules, const std::string& key) {
  std::vector<std::string> names = {"connector"};
  for (const OptionRule& rule : rules.options) {
    if (IsPrefix(rule) || (!rule.refused.empty() && rule.unless.empty())) continue;
    names.emplace_back(rule.key);
  }
  const std::string in_full = Cat("properties.", key);
  const bool cut = std::find(names.begin(), names.end(), in_full) != names.end();
  return Cat("connector '", rules.name, "' has no option '", key, "'",
             cut ? Cat("; did you mean '", in_full, "'?") : NameAdvice(key, names));
}

// "": it is one.
std::string WrongValue(const OptionRule& rule, const std::string& value) {
  const std::string said = Cat("option '", rule.key, "': '", value, "' is not ");
  switch (rule.value) {
    case OptionValue::kText:
      return value.empty() ? Cat("option '", rule.key, "' is empty") : "";
    case OptionValue::kWholeNumber: {
      int64_t number = 0;
      return absl::SimpleAtoi(value, &number) && number >= 0 ? "" : said + "a whole number";
    }
    case OptionValue::kNumber: {
      double number = 0;
      return absl::SimpleAtod(value, &number) && number >= 0 ? "" : said + "a number";
    }
    case OptionValue::kBoolean: {
      const std::string lower = absl::AsciiStrToLower(value);
      return lower == "true" || lower == "false" ? "" : said + "true or false";
    }
    case OptionValue::kDuration:
      return ParseDurationMs(value) ? "" : said + "a duration such as '30 s' or '5 min'";
    case OptionValue::kChoice:
      break;
  }
  if (std::find(rule.choices.begin(), rule.choices.end(), value) != rule.choices.end()) return "";
  if (rule.key == "scan.startup.mode" && value == "group-offsets") {
    return Cat("option '", rule.key,
               "': positions belong to the pipeline's checkpoints and not to a consumer group; use 'earliest-offset', "
               "'latest-offset', 'timestamp' or 'specific-offsets'");
  }
  if (rule.choices.size() == 1) {
    return Cat("option '", rule.key, "': '", value, "' is not supported; use '", rule.choices[0], "'");
  }
  return Cat("option '", rule.key, "': there is no '", value, "'", NameAdvice(value, rule.choices));
}

// fields.<column>.<what>, as datagen has them.
std::string WrongField(const Table& table, const Option& option) {
  static const auto& kWhat = *new std::vector<std::string>{"kind",     "min",       "max",    "length",  "start", "end",
                                                           "max-past", "null-rate", "var-len"};
  const std::vector<std::string> parts = absl::StrSplit(option.key, '.');
  std::vector<std::string> names;
  for (const TableColumn& column : table.columns) {
    if (column.kind == TableColumn::Kind::kPhysical) names.push_back(column.name);
  }
  if (parts.size() < 3) return Cat("option '", option.key, "' does not have the form 'fields.COLUMN.kind'");
  if (std::find(names.begin(), names.end(), parts[1]) == names.end()) {
    return Cat("option '", option.key, "': there is no column '", parts[1], "'", NameAdvice(parts[1], names));
  }
  if (std::find(kWhat.begin(), kWhat.end(), parts.back()) == kWhat.end()) {
    return Cat("option '", option.key, "': there is no '", parts.back(), "'", NameAdvice(parts.back(), kWhat));
  }
  return "";
}

}  // namespace

const Option* OptionOf(const Table& table, std::string_view key) {
  for (const Option& option : table.options) {
    if (option.key == key) return &option;
  }
  return nullptr;
}

std::optional<std::map<std::string, std::string>> CheckOptions(const Table& table, const ConnectorRules& rules, Use use,
                                                               std::vector<Diagnostic>& diagnostics) {
  const size_t before = diagnostics.size();
  std::map<std::string, std::string> options;
  bool unknown = false;
  for (const Option& option : table.options) {
    if (option.key == "connector") continue;
    const OptionRule* rule = FindRule(rules, option.key);
    if (rule == nullptr) {
      ReportWrong(diagnostics, option.key_range, UnknownOption(rules, option.key));
      unknown = true;
      continue;
    }
    // What is about the other direction is not looked at.
    if (rule->use != Use::kBoth && rule->use != use) continue;
    if (!rule->refused.empty() && (rule->unless.empty() || option.value != rule->unless)) {
      ReportUnsupported(diagnostics, option.range, "option '", option.key, "'",
                        rule->unless.empty() ? std::string() : Cat(" = '", option.value, "'"),
                        " is not supported: ", rule->refused);
      continue;
    }
    std::string wrong = WrongValue(*rule, option.value);
    if (!wrong.empty()) {
      ReportWrong(diagnostics, option.value_range, wrong);
      continue;
    }
    if (rule->key == "fields.*") wrong = WrongField(table, option);
    if (!wrong.empty()) ReportWrong(diagnostics, option.key_range, wrong);
    if (!rule->in_plan) continue;
    const bool of_value = option.key.starts_with("value.");
    options[of_value ? option.key.substr(6) : option.key] = option.value;
  }
  for (std::string_view key : rules.required) {
    // It may be the one that is misspelt.
    if (OptionOf(table, key) != nullptr || unknown) continue;
    ReportWrong(diagnostics, table.range, "table '", table.name, "': connector '", rules.name,
                "' needs the option '", key, "'");
  }
  if (diagnostics.size() > before) return std::nullopt;
  return options;
}

}  // namespace millrace::sql
