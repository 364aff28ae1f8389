#include "base/expression/string_search.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/expression/string_edit.h"
#include "base/expression/string_units.h"
#include "base/macros.h"
#include "re2/re2.h"

namespace millrace {
namespace {

using Parts = std::vector<std::string_view>;

bool IsJavaWhitespace(char32_t c) {
  if ((c >= 0x9 && c <= 0xd) || (c >= 0x1c && c <= 0x1f)) return true;
  const bool no_break = c == 0xa0 || c == 0x2007 || c == 0x202f;
  return !no_break && (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_Z_MASK) != 0;
}

Parts PartsOf(std::string_view text, std::string_view separator) {
  Parts parts;
  if (text.empty()) return parts;
  if (!separator.empty()) {
    for (size_t found; (found = text.find(separator)) != std::string_view::npos;
         text.remove_prefix(found + separator.size())) {
      parts.push_back(text.substr(0, found));
    }
    parts.push_back(text);
    return parts;
  }
  size_t begin = 0;
  for (size_t at = 0; at < text.size(); at += CharacterLength(text.substr(at))) {
    if (!IsJavaWhitespace(FirstCodePoint(text.substr(at)))) continue;
    parts.push_back(text.substr(begin, at - begin));
    begin = at + CharacterLength(text.substr(at));
  }
  parts.push_back(text.substr(begin));
  return parts;
}

template <typename Is>
bool AllOf(std::string_view text, Is is) {
  if (text.empty()) return false;
  for (; !text.empty(); text.remove_prefix(CharacterLength(text))) {
    const char32_t c = FirstCodePoint(text);
    if (c > 0xffff || !is(static_cast<UChar32>(c))) return false;
  }
  return true;
}

}  // namespace

int32_t Locate(std::string_view sought, std::string_view text, int64_t from) {
  if (sought.empty()) return 1;
  const size_t skipped = static_cast<size_t>(std::max<int64_t>(from, 1) - 1);
  const size_t found = text.find(sought, OffsetOfCharacter(text, skipped));
  return found == std::string_view::npos ? 0 : static_cast<int32_t>(CountCharacters(text.substr(0, found)) + 1);
}

absl::StatusOr<int32_t> InString(std::string_view text, std::string_view sought, int64_t from, int64_t nth) {
  if (nth <= 0) return InvalidArgument("INSTR looks for appearance 1 or a later one, not ", nth);
  if (from == 0) return 0;
  if (from < 0) {
    // The smallest number has no positive counterpart; both are beyond every text.
    const int64_t from_end = -std::max(from, -std::numeric_limits<int64_t>::max());
    ASSIGN_OR_RETURN(int32_t position, InString(ReverseCharacters(text), ReverseCharacters(sought), from_end, nth));
    if (position == 0) return 0;
    return static_cast<int32_t>(CountCharacters(text)) + 2 - position - static_cast<int32_t>(CountCharacters(sought));
  }
  int32_t position = 0;
  for (; nth > 0; --nth) {
    position = Locate(sought, text, from);
    if (position == 0 || sought.empty()) return position;
    from = position + 1;
  }
  return position;
}

std::optional<std::string_view> SplitIndex(std::string_view text, std::string_view separator, int64_t index) {
  if (index < 0 || text.empty()) return std::nullopt;
  if (separator.empty()) {
    const Parts parts = PartsOf(text, separator);
    if (index >= static_cast<int64_t>(parts.size())) return std::nullopt;
    return parts[static_cast<size_t>(index)];
  }
  for (; index > 0; --index) {
    const size_t found = text.find(separator);
    if (found == std::string_view::npos) return std::nullopt;
    text.remove_prefix(found + separator.size());
  }
  return text.substr(0, text.find(separator));
}

std::optional<std::string> SplitIndex(std::string_view text, int64_t separator, int64_t index) {
  if (separator < 1 || separator > 255) return std::nullopt;
  const std::optional<std::string_view> part = SplitIndex(text, std::string_view(CharacterOf(separator)), index);
  return part ? std::optional<std::string>(*part) : std::nullopt;
}

std::vector<std::string> Split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  if (separator.empty()) {
    for (char16_t unit : ToUtf16(text)) parts.push_back(FromUtf16(std::u16string_view(&unit, 1)));
    return parts;
  }
  for (std::string_view part : PartsOf(text, separator)) parts.emplace_back(part);
  return parts;
}

int64_t CountFirstByte(std::string_view text, std::string_view character) {
  return character.empty() ? 0 : std::count(text.begin(), text.end(), character[0]);
}

bool IsAlphabetic(std::string_view text) {
  return AllOf(text, [](UChar32 c) { return (U_GET_GC_MASK(c) & U_GC_L_MASK) != 0; });
}

bool IsNumeric(std::string_view text) {
  return AllOf(text, [](UChar32 c) { return u_isdigit(c) != 0; });
}

bool IsDecimalNumber(std::string_view text) {
  // What Double.valueOf takes, with whitespace around it; ints and longs are among it but for other scripts' digits.
  static const RE2* const number =
      new RE2(R"([\x00-\x20]*[+-]?(NaN|Infinity|(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|)"
              R"(0[xX]([0-9a-fA-F]+\.?|[0-9a-fA-F]*\.[0-9a-fA-F]+)[pP][+-]?[0-9]+)[fFdD]?)[\x00-\x20]*)");
  static const RE2* const integer = new RE2(R"([+-]?\p{Nd}{1,19})");
  const re2::StringPiece piece(text.data(), text.size());
  return RE2::FullMatch(piece, *number) || RE2::FullMatch(piece, *integer);
}

}  // namespace millrace
