#include "tests/base/expression/reference/text.h"

namespace millrace::reference {
namespace {

// The character at `at`, which moves behind it; U+FFFFFFFF: there is none.
char32_t Next(const std::string& bytes, size_t& at) {
  constexpr char32_t kNone = 0xFFFFFFFF;
  const auto lead = static_cast<unsigned char>(bytes[at++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  if (lead < 0xC2 || lead > 0xF4) return kNone;
  char32_t character = lead & (0x3Fu >> more);
  for (int i = 0; i < more; ++i) {
    if (at == bytes.size() || (static_cast<unsigned char>(bytes[at]) & 0xC0) != 0x80) return kNone;
    character = character * 64 + (static_cast<unsigned char>(bytes[at++]) & 0x3F);
  }
  const bool too_long = (more == 2 && character < 0x800) || (more == 3 && character < 0x10000);
  const bool surrogate = character >= 0xD800 && character < 0xE000;
  return too_long || surrogate || character > 0x10FFFF ? kNone : character;
}

void Append(char32_t character, std::string& utf8) {
  if (character < 0x80) {
    utf8 += static_cast<char>(character);
  } else if (character < 0x800) {
    utf8 += static_cast<char>(0xC0 | (character >> 6));
    utf8 += static_cast<char>(0x80 | (character & 0x3F));
  } else if (character < 0x10000) {
    utf8 += static_cast<char>(0xE0 | (character >> 12));
    utf8 += static_cast<char>(0x80 | ((character >> 6) & 0x3F));
    utf8 += static_cast<char>(0x80 | (character & 0x3F));
  } else {
    utf8 += static_cast<char>(0xF0 | (character >> 18));
    utf8 += static_cast<char>(0x80 | ((character >> 12) & 0x3F));
    utf8 += static_cast<char>(0x80 | ((character >> 6) & 0x3F));
    utf8 += static_cast<char>(0x80 | (character & 0x3F));
  }
}

}  // namespace

bool IsUtf8(const std::string& bytes) {
  for (size_t at = 0; at < bytes.size();) {
    if (Next(bytes, at) == 0xFFFFFFFF) return false;
  }
  return true;
}

std::u32string Characters(const std::string& utf8) {
  std::u32string characters;
  for (size_t at = 0; at < utf8.size();) characters += Next(utf8, at);
  return characters;
}

std::string Utf8(const std::u32string& characters) {
  std::string utf8;
  for (const char32_t character : characters) Append(character, utf8);
  return utf8;
}

std::u16string Units(const std::string& utf8) {
  std::u16string units;
  for (const char32_t character : Characters(utf8)) {
    if (character < 0x10000) {
      units += static_cast<char16_t>(character);
    } else {
      units += static_cast<char16_t>(0xD800 + ((character - 0x10000) >> 10));
      units += static_cast<char16_t>(0xDC00 + ((character - 0x10000) & 0x3FF));
    }
  }
  return units;
}

std::string FromUnits(const std::u16string& units) {
  std::string utf8;
  for (size_t i = 0; i < units.size(); ++i) {
    const char32_t unit = units[i];
    const bool high = unit >= 0xD800 && unit < 0xDC00, low = unit >= 0xDC00 && unit < 0xE000;
    if (high && i + 1 < units.size() && units[i + 1] >= 0xDC00 && units[i + 1] < 0xE000) {
      Append(0x10000 + ((unit - 0xD800) << 10) + (static_cast<char32_t>(units[++i]) - 0xDC00), utf8);
    } else {
      Append(high || low ? U'?' : unit, utf8);
    }
  }
  return utf8;
}

}  // namespace millrace::reference
