#include "base/expression/string_regex.h"

#include "base/error.h"
#include "base/expression/string_regex_syntax.h"
#include "base/expression/string_units.h"
#include "base/macros.h"
#include "re2/re2.h"

namespace millrace {
namespace {

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }
std::string_view View(const re2::StringPiece& piece) { return {piece.data(), piece.size()}; }

// Whether Java, too, takes this for a mistake, and not only an engine without backtracking.
bool IsMistake(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorMissingBracket:
    case RE2::ErrorMissingParen:
    case RE2::ErrorUnexpectedParen:
    case RE2::ErrorTrailingBackslash:
    case RE2::ErrorRepeatArgument:
    case RE2::ErrorBadCharRange:
    case RE2::ErrorBadNamedCapture:
      return true;
    default:
      return false;
  }
}

}  // namespace

JavaRegex::JavaRegex(std::unique_ptr<re2::RE2> regex) : regex_(std::move(regex)) {}
JavaRegex::~JavaRegex() = default;
JavaRegex::JavaRegex(JavaRegex&&) noexcept = default;
JavaRegex& JavaRegex::operator=(JavaRegex&&) noexcept = default;

absl::StatusOr<std::optional<JavaRegex>> JavaRegex::Compile(std::string_view regex) {
  ASSIGN_OR_RETURN(std::string translated, FromJavaRegex(regex));
  RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_unique<RE2>(Piece(translated), options);
  if (!compiled->ok()) {
    if (IsMistake(compiled->error_code())) return std::optional<JavaRegex>();
    return InvalidArgument("the regular expression '", regex, "' cannot be run (", compiled->error(),
                           "); write it without references back, looking ahead and behind, and possessive quantifiers");
  }
  return std::optional<JavaRegex>(JavaRegex(std::move(compiled)));
}

bool JavaRegex::MatchesAll(std::string_view text) const { return RE2::FullMatch(Piece(text), *regex_); }
bool JavaRegex::FoundIn(std::string_view text) const { return RE2::PartialMatch(Piece(text), *regex_); }
int JavaRegex::groups() const { return regex_->NumberOfCapturingGroups(); }
const std::string& JavaRegex::text() const { return regex_->pattern(); }

std::optional<std::string_view> JavaRegex::Extract(std::string_view text, int64_t group) const {
  if (group < 0 || group > groups()) return std::nullopt;
  std::vector<re2::StringPiece> found(static_cast<size_t>(group) + 1);
  if (!regex_->Match(Piece(text), 0, text.size(), RE2::UNANCHORED, found.data(), static_cast<int>(found.size()))) {
    return std::nullopt;
  }
  if (found.back().data() == nullptr) return std::nullopt;
  return View(found.back());
}

template <typename Visit>
void JavaRegex::ForEachMatch(std::string_view text, Visit visit) const {
  size_t at = 0;
  for (re2::StringPiece found; at <= text.size();) {
    if (!regex_->Match(Piece(text), at, text.size(), RE2::UNANCHORED, &found, 1)) return;
    Match match{static_cast<size_t>(found.data() - text.data()), found.size(), false};
    if (!visit(match)) return;
    at = match.begin + match.length;
    if (match.length > 0) continue;
    if (at >= text.size()) return;
    const size_t length = CharacterLength(text.substr(at));
    if (length == 4 && regex_->Match(re2::StringPiece("", 0), 0, 0, RE2::UNANCHORED, nullptr, 0)) {
      match.inside = true;
      if (!visit(match)) return;
    }
    at += length;
  }
}

std::vector<std::optional<std::string>> JavaRegex::ExtractAll(std::string_view text, int64_t group) const {
  std::vector<std::optional<std::string>> all;
  std::vector<re2::StringPiece> found(static_cast<size_t>(group) + 1);
  ForEachMatch(text, [&](const Match& match) {
    const bool again = regex_->Match(Piece(text), match.begin, text.size(), RE2::ANCHOR_START, found.data(),
                                     static_cast<int>(found.size()));
    if (!again || found.back().data() == nullptr) {
      all.push_back(std::nullopt);
    } else {
      all.emplace_back(std::string(View(found.back())));
    }
    return true;
  });
  return all;
}

std::string JavaRegex::Replace(std::string_view text, std::string_view replacement) const {
  std::string result;
  size_t copied = 0;
  ForEachMatch(text, [&](const Match& match) {
    if (match.inside) {
      // Both halves of the character are alone now.
      result.append("?").append(replacement).append("?");
      copied = match.begin + 4;
      return true;
    }
    result.append(text.substr(copied, match.begin - copied)).append(replacement);
    copied = match.begin + match.length;
    return true;
  });
  return result.append(text.substr(copied));
}

int32_t JavaRegex::Count(std::string_view text) const {
  int32_t count = 0;
  ForEachMatch(text, [&](const Match&) {
    ++count;
    return true;
  });
  return count;
}

int32_t JavaRegex::Position(std::string_view text) const {
  const std::optional<std::string_view> first = Extract(text, 0);
  if (!first) return 0;
  return static_cast<int32_t>(CountUnits(text.substr(0, static_cast<size_t>(first->data() - text.data())))) + 1;
}

std::vector<std::string> JavaRegex::Split(std::string_view text, size_t limit) const {
  std::vector<std::string> parts;
  size_t copied = 0;
  ForEachMatch(text, [&](const Match& match) {
    if (limit > 0 && parts.size() + 1 == limit) return false;
    if (match.inside) {
      parts.push_back("?");
      return true;
    }
    // Nothing in front of an empty match at the beginning is no part.
    if (match.begin + match.length == 0) return true;
    parts.emplace_back(text.substr(copied, match.begin - copied));
    copied = match.begin + match.length;
    return true;
  });
  if (copied == 0 && parts.empty()) return {std::string(text)};
  parts.emplace_back(text.substr(copied));
  while (limit == 0 && !parts.empty() && parts.back().empty()) parts.pop_back();
  return parts;
}

}  // namespace millrace
