#include "base/expression/string_edit.h"

#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/stringoptions.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "base/expression/string_units.h"

namespace millrace {
namespace {

constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();

absl::Status TooLong(int64_t length) {
  return InvalidArgument("a text of ", length, " characters is longer than the ", kMaxBuiltText,
                         " bytes that a function may build; give a smaller length");
}

// Units of a text: its bytes if all of `texts` are ASCII, else UTF-16.
template <typename Build>
std::string InUnits(std::string_view text, std::string_view other, Build build) {
  if (IsAscii(text) && IsAscii(other)) return build(text, other);
  const std::u16string units = ToUtf16(text), others = ToUtf16(other);
  return FromUtf16(build(std::u16string_view(units), std::u16string_view(others)));
}

absl::StatusOr<std::optional<std::string>> Pad(std::string_view text, int64_t length, std::string_view pad, bool left) {
  if (length < 0 || pad.empty()) return std::optional<std::string>();
  if (length > static_cast<int64_t>(kMaxBuiltText)) return TooLong(length);
  const auto wanted = static_cast<size_t>(length);
  return std::optional<std::string>(InUnits(text, pad, [&](auto units, auto fill) {
    std::basic_string<typename decltype(units)::value_type> filled, result;
    units = units.substr(0, wanted);
    while (filled.size() + units.size() < wanted) filled += fill.substr(0, wanted - units.size() - filled.size());
    result.reserve(wanted);
    result += left ? filled : units;
    result += left ? units : filled;
    return result;
  }));
}

// Whether `character`, the bytes of one character, is one of `set`.
bool IsIn(std::string_view character, std::string_view set) {
  if (character.size() == 1) return set.find(character[0]) != std::string_view::npos;
  return set.find(character) != std::string_view::npos;
}

size_t LastCharacterLength(std::string_view text) {
  for (size_t length = std::min<size_t>(4, text.size()); length > 1; --length) {
    if (CharacterLength(text.substr(text.size() - length)) == length) return length;
  }
  return 1;
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

template <typename Map>
std::string MapCase(std::string_view text, char (*ascii)(char), Map map) {
  std::string result;
  if (IsAscii(text)) {
    result.resize(text.size());
    std::transform(text.begin(), text.end(), result.begin(), ascii);
    return result;
  }
  icu::StringByteSink<std::string> sink(&result);
  UErrorCode error = U_ZERO_ERROR;
  map(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())), sink, error);
  Check(U_SUCCESS(error), "text has an upper and a lower case");
  return result;
}

}  // namespace

std::optional<std::string_view> Substring(std::string_view text, int64_t from, std::optional<int64_t> length) {
  const int64_t wanted = length.value_or(kMaxInt);
  if (wanted < 0) return std::nullopt;
  if (from < 0) {
    const auto characters = static_cast<int64_t>(CountCharacters(text));
    if (from < -characters) return std::string_view();
    from += characters + 1;
  }
  text.remove_prefix(OffsetOfCharacter(text, static_cast<size_t>(std::max<int64_t>(from, 1) - 1)));
  return text.substr(0, OffsetOfCharacter(text, static_cast<size_t>(wanted)));
}

std::string_view Left(std::string_view text, int64_t length) {
  return length <= 0 ? std::string_view() : *Substring(text, 1, length);
}

std::string_view Right(std::string_view text, int64_t length) {
  if (length <= 0) return {};
  const auto characters = static_cast<int64_t>(CountCharacters(text));
  return length >= characters ? text : *Substring(text, -length);
}

std::string_view TrimLeft(std::string_view text, std::string_view characters) {
  while (!text.empty() && IsIn(text.substr(0, CharacterLength(text)), characters))
    text.remove_prefix(CharacterLength(text));
  return text;
}

std::string_view TrimRight(std::string_view text, std::string_view characters) {
  while (!text.empty()) {
    const size_t length = LastCharacterLength(text);
    if (!IsIn(text.substr(text.size() - length), characters)) break;
    text.remove_suffix(length);
  }
  return text;
}

std::string_view TrimBoth(std::string_view text, std::string_view characters) {
  return TrimRight(TrimLeft(text, characters), characters);
}

absl::StatusOr<std::optional<std::string>> PadLeft(std::string_view text, int64_t length, std::string_view pad) {
  return Pad(text, length, pad, true);
}

absl::StatusOr<std::optional<std::string>> PadRight(std::string_view text, int64_t length, std::string_view pad) {
  return Pad(text, length, pad, false);
}

absl::StatusOr<std::string> Repeat(std::string_view text, int64_t times) {
  std::string result;
  if (times <= 0 || text.empty()) return result;
  if (times > static_cast<int64_t>(kMaxBuiltText / text.size())) return TooLong(times);
  result.reserve(text.size() * static_cast<size_t>(times));
  for (int64_t i = 0; i < times; ++i) result += text;
  return result;
}

std::string ReverseCharacters(std::string_view text) {
  std::string result(text.size(), '\0');
  size_t end = text.size();
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    end -= length;
    text.copy(result.data() + end, length);
    text.remove_prefix(length);
  }
  return result;
}

std::string Overlay(std::string_view text, std::string_view replacement, int64_t from, std::optional<int64_t> length) {
  return InUnits(text, replacement, [&](auto units, auto instead) {
    const auto size = static_cast<int64_t>(units.size());
    std::basic_string<typename decltype(units)::value_type> result;
    if (from <= 0 || from > size) return result.append(units);
    const int64_t gone = length.value_or(static_cast<int64_t>(instead.size()));
    result.append(units.substr(0, static_cast<size_t>(from - 1))).append(instead);
    if (gone > 0 && gone <= size - from) result.append(units.substr(static_cast<size_t>(from - 1 + gone)));
    return result;
  });
}

std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to) {
  if (from.empty()) {
    return InUnits(text, to, [](auto units, auto between) {
      std::basic_string<typename decltype(units)::value_type> result(between);
      for (auto unit : units) {
        result.push_back(unit);
        result.append(between);
      }
      return result;
    });
  }
  std::string result;
  size_t at = 0;
  for (size_t found; (found = text.find(from, at)) != std::string_view::npos; at = found + from.size()) {
    result.append(text.substr(at, found - at)).append(to);
  }
  return result.append(text.substr(at));
}

std::string TranslateCharacters(std::string_view text, std::string_view from, std::string_view to) {
  std::vector<std::pair<std::string_view, std::string_view>> mapping;
  while (!from.empty()) {
    const size_t length = CharacterLength(from);
    const size_t to_length = to.empty() ? 0 : CharacterLength(to);
    mapping.emplace_back(from.substr(0, length), to.substr(0, to_length));
    from.remove_prefix(length);
    to.remove_prefix(to_length);
  }
  std::string result;
  while (!text.empty()) {
    const std::string_view character = text.substr(0, CharacterLength(text));
    auto mapped =
        std::find_if(mapping.begin(), mapping.end(), [&](const auto& pair) { return pair.first == character; });
    result += mapped == mapping.end() ? character : mapped->second;
    text.remove_prefix(character.size());
  }
  return result;
}

std::string UpperCase(std::string_view text) {
  return MapCase(text, Upper, [](icu::StringPiece piece, icu::ByteSink& sink, UErrorCode& error) {
    icu::CaseMap::utf8ToUpper("", 0, piece, sink, nullptr, error);
  });
}

std::string LowerCase(std::string_view text) {
  return MapCase(text, Lower, [](icu::StringPiece piece, icu::ByteSink& sink, UErrorCode& error) {
    icu::CaseMap::utf8ToLower("", 0, piece, sink, nullptr, error);
  });
}

std::string InitialCapitals(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  bool in_word = false;
  for (char c : text) {
    result.push_back(in_word ? Lower(c) : Upper(c));
    in_word = IsLetter(c) || IsDigit(c);
  }
  return result;
}

std::string CharacterOf(int64_t number) {
  std::string text;
  if (number >= 0) AppendCodePoint(static_cast<char32_t>(number & 0xff), &text);
  return text;
}

int32_t FirstByte(std::string_view text) { return text.empty() ? 0 : static_cast<signed char>(text[0]); }

}  // namespace millrace
