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
  if (name == "OPTIONS" || name == "UID") return;
  if (std::find(known.begin(), known.end(), name) != known.end()) {
    ReportUnsupported(diagnostics, hint.name.range, "the hint ", name, " is not supported; leave it out");
    return;
  }
  ReportWrong(diagnostics, hint.name.range, "there is no hint '", hint.name.text, "'",
              NameAdvice(name, std::vector<std::string>{"OPTIONS", "UID"}));
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

void RefuseTableHints(const std::vector<Hint>& hints, std::string_view what, std::vector<Diagnostic>& diagnostics) {
  for (const Hint& hint : hints) {
    CheckIsKnown(hint, diagnostics);
    if (IsOptions(hint)) {
      ReportWrong(diagnostics, hint.range, what,
                  " is a query, and OPTIONS are those of a table; write the hint in the query, behind the table's ",
                  "name");
    } else if (absl::EqualsIgnoreCase(hint.name.text, "UID")) {
      ReportWrong(diagnostics, hint.range, what,
                  " is a query, and a UID is that of an operator; write the hint in the query, behind SELECT or a ",
                  "table's name");
    }
  }
}

}  // namespace millrace::sql
