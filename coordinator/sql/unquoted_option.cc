#include "coordinator/sql/unquoted_option.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "base/error.h"

namespace millrace::sql {
namespace {

// From the first token to the last one, with what stands between them.
std::string_view TextOf(std::span<const Token> tokens) {
  const char* begin = tokens.front().text.data();
  return {begin, static_cast<size_t>(tokens.back().text.data() + tokens.back().text.size() - begin)};
}

SourceRange RangeOf(std::span<const Token> tokens) { return {tokens.front().range.begin, tokens.back().range.end}; }

// table.local-time-zone: words with dots and dashes, without spaces.
bool IsKey(std::string_view text) {
  return absl::ascii_isalpha(static_cast<unsigned char>(text[0])) && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-' || c == '_';
         });
}

std::string ValueOf(std::span<const Token> tokens) {
  const std::string_view text = TextOf(tokens);
  const bool quoted = tokens.size() == 1 && text.size() > 1 && text.front() == '\'' && text.back() == '\'';
  if (!quoted) return std::string(text);
  return absl::StrReplaceAll(AbslView(text.substr(1, text.size() - 2)), {{"''", "'"}});
}

}  // namespace

std::optional<Statement> FindUnquotedOption(std::span<const Token> statement) {
  if (statement.size() < 2) return std::nullopt;
  const std::string word = UpperCase(statement[0].text);
  const std::span<const Token> rest = statement.subspan(1);
  if (word == "RESET") {
    if (!IsKey(TextOf(rest))) return std::nullopt;
    return Statement{RangeOf(statement), ResetOption{std::string(TextOf(rest))}};
  }
  if (word != "SET") return std::nullopt;
  const auto equals = std::find_if(rest.begin(), rest.end(), [](const Token& token) { return token.text == "="; });
  const auto num_key = static_cast<size_t>(equals - rest.begin());
  if (num_key == 0 || num_key + 1 >= rest.size()) return std::nullopt;
  const std::span<const Token> key = rest.first(num_key), value = rest.subspan(num_key + 1);
  if (!IsKey(TextOf(key))) return std::nullopt;
  SetOption set;
  set.option = Option{RangeOf(rest), RangeOf(key), RangeOf(value), std::string(TextOf(key)), ValueOf(value)};
  return Statement{RangeOf(statement), std::move(set)};
}

}  // namespace millrace::sql
