#include "base/expression/string_like.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/expression/string_units.h"
#include "base/macros.h"

namespace millrace {
namespace {

// A byte that stands in no UTF-8 text.
constexpr char kAny = '\xff';
constexpr auto kNotFound = std::string_view::npos;

bool IsLineTerminator(char32_t c) { return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029; }

absl::Status CheckEscape(std::string_view escape) {
  if (escape.empty() || CharacterLength(escape) == escape.size()) return absl::OkStatus();
  return InvalidArgument("ESCAPE takes one character, not '", escape, "'");
}

absl::Status BadEscape(std::string_view pattern, std::string_view escape, std::string_view before) {
  return InvalidArgument("in the pattern '", pattern, "' the escape character '", escape, "' has to stand before ",
                         before);
}

}  // namespace

absl::StatusOr<LikePattern> LikePattern::Compile(std::string_view pattern, std::string_view escape) {
  RETURN_IF_ERROR(CheckEscape(escape));
  LikePattern compiled;
  Piece piece;
  const std::string_view whole = pattern;
  while (!pattern.empty()) {
    const std::string_view character = pattern.substr(0, CharacterLength(pattern));
    pattern.remove_prefix(character.size());
    if (character == escape) {
      if (!pattern.starts_with('%') && !pattern.starts_with('_') && !pattern.starts_with(escape)) {
        return BadEscape(whole, escape, "'%', '_' or itself");
      }
      const size_t length = CharacterLength(pattern);
      piece.bytes += pattern.substr(0, length);
      pattern.remove_prefix(length);
    } else if (character == "%") {
      compiled.pieces_.push_back(std::exchange(piece, Piece()));
    } else if (character == "_") {
      piece.bytes.push_back(kAny);
      piece.literal = false;
    } else {
      piece.bytes += character;
    }
  }
  compiled.pieces_.push_back(std::move(piece));
  return compiled;
}

bool LikePattern::MatchesAt(const Piece& piece, std::string_view text, size_t* length) {
  if (piece.literal) {
    *length = piece.bytes.size();
    return text.starts_with(piece.bytes);
  }
  size_t at = 0;
  for (char c : piece.bytes) {
    if (at >= text.size()) return false;
    if (c != kAny) {
      if (text[at++] != c) return false;
    } else {
      if (IsLineTerminator(FirstCodePoint(text.substr(at)))) return false;
      at += CharacterLength(text.substr(at));
    }
  }
  *length = at;
  return true;
}

size_t LikePattern::Find(const Piece& piece, std::string_view text, size_t* length) {
  if (piece.literal) {
    *length = piece.bytes.size();
    return text.find(piece.bytes);
  }
  for (size_t at = 0; at < text.size(); at += CharacterLength(text.substr(at))) {
    if (MatchesAt(piece, text.substr(at), length)) return at;
  }
  return kNotFound;
}

bool LikePattern::MatchesEnd(const Piece& piece, std::string_view text) {
  if (piece.literal) return text.ends_with(piece.bytes);
  // A piece has a fixed number of characters, so that there is one place only where it can end the text.
  size_t characters = 0, at = text.size(), length = 0;
  for (std::string_view rest = piece.bytes; !rest.empty(); ++characters) {
    rest.remove_prefix(rest[0] == kAny ? 1 : CharacterLength(rest));
  }
  for (; characters > 0; --characters) {
    if (at == 0) return false;
    size_t step = 1;
    for (size_t longer = std::min<size_t>(4, at); longer > 1; --longer) {
      if (CharacterLength(text.substr(at - longer)) == longer) {
        step = longer;
        break;
      }
    }
    at -= step;
  }
  return MatchesAt(piece, text.substr(at), &length) && at + length == text.size();
}

bool LikePattern::Matches(std::string_view text) const {
  size_t length = 0;
  if (!MatchesAt(pieces_.front(), text, &length)) return false;
  if (pieces_.size() == 1) return length == text.size();
  text.remove_prefix(length);
  for (size_t i = 1; i + 1 < pieces_.size(); ++i) {
    if (pieces_[i].bytes.empty()) continue;
    const size_t found = Find(pieces_[i], text, &length);
    if (found == kNotFound) return false;
    text.remove_prefix(found + length);
  }
  return pieces_.back().bytes.empty() || MatchesEnd(pieces_.back(), text);
}

absl::StatusOr<std::string> SimilarToRegex(std::string_view pattern, std::string_view escape) {
  RETURN_IF_ERROR(CheckEscape(escape));
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kClasses = {{
      {"[:ALPHA:]", "\\p{Alpha}"},
      {"[:alpha:]", "\\p{Alpha}"},
      {"[:UPPER:]", "\\p{Upper}"},
      {"[:upper:]", "\\p{Upper}"},
      {"[:LOWER:]", "\\p{Lower}"},
      {"[:lower:]", "\\p{Lower}"},
      {"[:DIGIT:]", "\\d"},
      {"[:digit:]", "\\d"},
      {"[:SPACE:]", " "},
      {"[:space:]", " "},
  }};
  constexpr std::string_view kSpecial = "_%|*+?{}()[]^-";
  std::string regex;
  bool in_class = false;
  const std::string_view whole = pattern;
  while (!pattern.empty()) {
    const std::string_view character = pattern.substr(0, CharacterLength(pattern));
    if (character == escape) {
      pattern.remove_prefix(character.size());
      const bool special = !pattern.empty() && kSpecial.find(pattern[0]) != kNotFound;
      if (!special && !pattern.starts_with(escape)) return BadEscape(whole, escape, "a special character or itself");
      if (special || escape == "\\") regex += '\\';
      regex += pattern.substr(0, CharacterLength(pattern));
      pattern.remove_prefix(CharacterLength(pattern));
      continue;
    }
    const auto* named =
        std::find_if(kClasses.begin(), kClasses.end(), [&](const auto& c) { return pattern.starts_with(c.first); });
    if (in_class && named != kClasses.end()) {
      regex += named->second;
      pattern.remove_prefix(named->first.size());
      continue;
    }
    if (!in_class && character == "%") {
      regex += "(?s:.*)";
    } else if (!in_class && character == "_") {
      regex += '.';
    } else {
      regex += character;
    }
    if (character == "[") in_class = true;
    if (character == "]") in_class = false;
    pattern.remove_prefix(character.size());
  }
  return regex;
}

}  // namespace millrace
