#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/sql/catalog.h"
#include "coordinator/sql/diagnostic.h"

namespace millrace::sql {

// What a value of an option has to be.
enum class OptionValue { kText, kWholeNumber, kNumber, kBoolean, kDuration, kChoice };

// An option of a connector, under the name that SQL has for it.
struct OptionRule {
  // Whose rows it is about. An option of the other direction is allowed and means nothing: one table may be both.
  enum class Use { kBoth, kSource, kSink, kNowhere };
  std::string_view key;  // ends in '*': any name that begins so
  Use use = Use::kBoth;
  OptionValue value = OptionValue::kText;
  std::vector<std::string> choices = {};  // kChoice
  // Set: Flink has it and Millrace has not; says why or what to do instead. With `unless`, that value is fine.
  std::string_view refused = {};
  std::string_view unless = {};
  // Whether the plan's source or sink has it, under the same name.
  bool in_plan = true;
};

struct ConnectorRules {
  std::string_view name;
  std::vector<OptionRule> options;
  std::vector<std::string_view> required;
  // "": it can. Else why not and what can be.
  std::string_view cannot_read = {};
  std::string_view cannot_write = {};
  // Metadata key to type, for a source.
  std::map<std::string, std::string, std::less<>> metadata = {};
  bool partitions = false;
};

// nullptr: there is no such connector.
const ConnectorRules* FindConnector(std::string_view name);
std::vector<std::string> ConnectorNames();

// Checks all options of the table and returns those that the plan has for `use`, kSource or kSink. nullopt: something
// is wrong, and diagnostics say what, where the option stands.
std::optional<std::map<std::string, std::string>> CheckOptions(const Table& table, const ConnectorRules& rules,
                                                               OptionRule::Use use,
                                                               std::vector<Diagnostic>& diagnostics);

// The option as it stands in the script. nullptr: not set.
const Option* OptionOf(const Table& table, std::string_view key);

}  // namespace millrace::sql
