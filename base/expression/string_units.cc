#include "base/expression/string_units.h"

#include <algorithm>

#include "base/utf8.h"

namespace millrace {
namespace {

constexpr char32_t kReplacement = 0xfffd;

bool IsHigh(char16_t unit) { return unit >= 0xd800 && unit <= 0xdbff; }
bool IsLow(char16_t unit) { return unit >= 0xdc00 && unit <= 0xdfff; }

}  // namespace

bool IsAscii(std::string_view text) {
  unsigned char all = 0;
  for (char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

size_t CharacterLength(std::string_view text) { return std::max<size_t>(1, Utf8Length(text)); }

size_t CountCharacters(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); at += CharacterLength(text.substr(at))) ++count;
  return count;
}

size_t OffsetOfCharacter(std::string_view text, size_t count) {
  size_t at = 0;
  for (; count > 0 && at < text.size(); --count) at += CharacterLength(text.substr(at));
  return at;
}

char32_t FirstCodePoint(std::string_view text) {
  auto bits = [&](size_t i, unsigned mask) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[i]) & mask);
  };
  switch (Utf8Length(text)) {
    case 1:
      return bits(0, 0x7f);
    case 2:
      return bits(0, 0x1f) << 6 | bits(1, 0x3f);
    case 3:
      return bits(0, 0x0f) << 12 | bits(1, 0x3f) << 6 | bits(2, 0x3f);
    case 4:
      return bits(0, 0x07) << 18 | bits(1, 0x3f) << 12 | bits(2, 0x3f) << 6 | bits(3, 0x3f);
    default:
      return kReplacement;
  }
}

void AppendCodePoint(char32_t code_point, std::string* text) {
  auto rest = [&](int shift) { return static_cast<char>(0x80 | (code_point >> shift & 0x3f)); };
  if (code_point < 0x80) {
    text->push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    text->append({static_cast<char>(0xc0 | code_point >> 6), rest(0)});
  } else if (code_point < 0x10000) {
    text->append({static_cast<char>(0xe0 | code_point >> 12), rest(6), rest(0)});
  } else {
    text->append({static_cast<char>(0xf0 | code_point >> 18), rest(12), rest(6), rest(0)});
  }
}

std::u16string ToUtf16(std::string_view text) {
  std::u16string units;
  units.reserve(text.size());
  while (!text.empty()) {
    const char32_t code_point = FirstCodePoint(text);
    if (code_point < 0x10000) {
      units.push_back(static_cast<char16_t>(code_point));
    } else {
      units.push_back(static_cast<char16_t>(0xd800 + ((code_point - 0x10000) >> 10)));
      units.push_back(static_cast<char16_t>(0xdc00 + ((code_point - 0x10000) & 0x3ff)));
    }
    text.remove_prefix(CharacterLength(text));
  }
  return units;
}

std::string FromUtf16(std::u16string_view units) {
  std::string text;
  text.reserve(units.size());
  for (size_t i = 0; i < units.size(); ++i) {
    if (IsHigh(units[i]) && i + 1 < units.size() && IsLow(units[i + 1])) {
      AppendCodePoint(0x10000 + ((static_cast<char32_t>(units[i]) - 0xd800) << 10) + (units[i + 1] - 0xdc00), &text);
      ++i;
    } else {
      AppendCodePoint(IsHigh(units[i]) || IsLow(units[i]) ? U'?' : units[i], &text);
    }
  }
  return text;
}

size_t CountUnits(std::string_view text) {
  size_t units = 0;
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    units += length == 4 ? 2 : 1;
    text.remove_prefix(length);
  }
  return units;
}

}  // namespace millrace
