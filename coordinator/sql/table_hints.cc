#include "coordinator/sql/table_hints.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/nearest_name.h"
#include "coordinator/sql/report.h"

namespace millrace::sql {
namespace {

const std::vector<std::string>& KnownHints() {
  static const auto& names =
      *new std::vector<std::string>{"OPTIONS", "UID",       "BROADCAST",  "SHUFFLE_HASH", "SHUFFLE_MERGE", "NEST_LOOP",
                                    "LOOKUP",  "STATE_TTL", "MULTI_JOIN", "EARLY_FIRE",   "LATE_FIRE"};
  return names;
}

void CheckIsKnown(const Hint& hint, std::vector<Diagnostic>& diagnostics) {
  const std::string name = absl::AsciiStrToUpper(hint.name.text);
  const std::vector<std::string>& known = KnownHints();
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  ReportWrong(diagnostics, hint.name.range, "there is no hint '", hint.name.text, "'", NameAdvice(name, known));
}

bool IsOptions(const Hint& hint) { return absl::EqualsIgnoreCase(hint.name.text, "OPTIONS"); }

}  // namespace

Table ApplyHints(const Table& table, const std::vector<Hint>& hints, std::vector<Diagnostic>& diagnostics) {
  Table changed = table;
  for (const Hint& hint : hints) {
    if (!IsOptions(hint)) {
      CheckIsKnown(hint, diagnostics);
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

void CheckSelectHints(const std::vector<Hint>& hints, std::vector<Diagnostic>& diagnostics) {
  for (const Hint& hint : hints) {
    CheckIsKnown(hint, diagnostics);
    if (!IsOptions(hint)) continue;
    ReportWrong(diagnostics, hint.range, "OPTIONS are those of a table; write the hint behind the table's name");
  }
}

}  // namespace millrace::sql
