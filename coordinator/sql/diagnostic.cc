#include "coordinator/sql/diagnostic.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "base/error.h"
#include "coordinator/sql/utf8.h"

namespace millrace::sql {
namespace {

constexpr int kWindow = 100;      // characters of a long line that are shown
constexpr int kBeforeCaret = 60;  // of them in front of the offending text
constexpr std::string_view kMark = "\xEF\xBB\xBF";

std::string_view LineOf(std::string_view sql, int line) {
  if (sql.starts_with(kMark)) sql.remove_prefix(kMark.size());
  for (int at = 1; at < line; ++at) {
    const size_t newline = sql.find('\n');
    if (newline == sql.npos) return "";
    sql.remove_prefix(newline + 1);
  }
  sql = sql.substr(0, sql.find('\n'));
  if (sql.ends_with('\r')) sql.remove_suffix(1);
  return sql;
}

// The line's characters, one string each, fit to be printed: a tab is a space, so that carets stand below.
std::vector<std::string> CharactersOf(std::string_view line) {
  std::vector<std::string> characters;
  for (size_t at = 0; at < line.size();) {
    const size_t length = Utf8Length(line, at);
    if (length == 0) {
      characters.push_back("\uFFFD");
    } else if (length == 1 && (line[at] < ' ' || line[at] == 0x7F)) {
      characters.push_back(line[at] == '\t' ? " " : "\uFFFD");
    } else {
      characters.emplace_back(line.substr(at, length));
    }
    at += std::max<size_t>(length, 1);
  }
  return characters;
}

}  // namespace

void SortByPlace(std::vector<Diagnostic>& diagnostics, size_t from) {
  // Those of one place stay in their order.
  std::multimap<std::pair<int, int>, Diagnostic> sorted;
  for (size_t i = from; i < diagnostics.size(); ++i) {
    const SourcePosition& place = diagnostics[i].range.begin;
    sorted.emplace(std::pair(place.line, place.column), std::move(diagnostics[i]));
  }
  diagnostics.erase(diagnostics.begin() + static_cast<std::ptrdiff_t>(from), diagnostics.end());
  for (auto& [place, diagnostic] : sorted) diagnostics.push_back(std::move(diagnostic));
}

std::string RenderDiagnostic(const Diagnostic& diagnostic, std::string_view sql) {
  const SourceRange& range = diagnostic.range;
  std::string out = Cat(range.begin.line, ":", range.begin.column, ": ", diagnostic.message);
  const std::vector<std::string> line = CharactersOf(LineOf(sql, range.begin.line));
  const int length = static_cast<int>(line.size());
  const int at = std::min(range.begin.column - 1, length);
  const int behind = range.end.line == range.begin.line ? std::clamp(range.end.column - 1, at, length) : length;
  int first = 0, last = length;
  if (length > kWindow) {
    first = std::max(0, at - kBeforeCaret);
    last = std::min(length, first + kWindow);
  }
  out += first > 0 ? "\n  …" : "\n  ";
  for (int i = first; i < last; ++i) out += line[i];
  if (last < length) out += "…";
  out += Cat("\n  ", std::string(at - first + (first > 0 ? 1 : 0), ' '));
  out += std::string(std::max(1, std::min(behind, last) - at), '^');
  return out;
}

std::string RenderDiagnostics(const std::vector<Diagnostic>& diagnostics, std::string_view sql) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (!out.empty()) out += "\n";
    out += RenderDiagnostic(diagnostic, sql);
  }
  return out;
}

}  // namespace millrace::sql
