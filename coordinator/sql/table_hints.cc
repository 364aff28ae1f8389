#include "coordinator/sql/table_hints.h"

#include "absl/strings/ascii.h"
#include "base/nearest_name.h"
#include "coordinator/sql/report.h"

namespace millrace::sql {
namespace {

const std::vector<std::string>& KnownHints() {
  static const auto& names = *new std::vector<std::string>{
      "OPTIONS", "UID",       "BROADCAST",  "SHUFFLE_HASH", "SHUFFLE_MERGE", "NEST_LOOP",
      "LOOKUP",  "STATE_TTL", "MULTI_JOIN", "EARLY_FIRE",   "LATE_FIRE"};
  return names;
}

}  // namespace

Table ApplyHints(const Table& table, const std::vector<Hint>& hints, std::vector<Diagnostic>& diagnostics) {
  Table changed = table;
  for (const Hint& hint : hints) {
    const std::string name = absl::AsciiStrToUpper(hint.name.text);
    if (name != "OPTIONS") {
      const std::vector<std::string>& known = KnownHints();
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      ReportWrong(diagnostics, hint.name.range, "there is no hint '", hint.name.text, "'", NameAdvice(name, known));
      continue;
    }
    if (hint.options.empty()) {
      ReportWrong(diagnostics, hint.range, "the hint OPTIONS takes options: OPTIONS('key' = 'value')");
    }
    for (const Option& option : hint.options) {
      if (option.key == "connector") {
        ReportWrong(diagnostics, option.key_range, "a hint cannot change a table's connector; declare another table");
        continue;
      }
      std::erase_if(changed.options, [&](const Option& old) { return old.key == option.key; });
      changed.options.push_back(option);
    }
  }
  return changed;
}

}  // namespace millrace::sql
