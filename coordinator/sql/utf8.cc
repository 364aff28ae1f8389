#include "coordinator/sql/utf8.h"

namespace millrace::sql {
namespace {

uint8_t ByteAt(std::string_view text, size_t offset) {
  return offset < text.size() ? static_cast<uint8_t>(text[offset]) : 0;
}

}  // namespace

size_t Utf8Length(std::string_view text, size_t offset) {
  const uint8_t first = ByteAt(text, offset);
  if (offset >= text.size()) return 0;
  if (first < 0x80) return 1;
  size_t length = 0;
  uint8_t lowest = 0x80, highest = 0xBF;  // of the second byte
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) lowest = 0xA0;
    if (first == 0xED) highest = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) lowest = 0x90;
    if (first == 0xF4) highest = 0x8F;
  } else {
    return 0;
  }
  if (ByteAt(text, offset + 1) < lowest || ByteAt(text, offset + 1) > highest) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((ByteAt(text, offset + i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

bool IsUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = Utf8Length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

void AppendUtf8(uint32_t character, std::string* out) {
  const auto put = [out](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (character < 0x80) {
    put(character);
  } else if (character < 0x800) {
    put(0xC0 | character >> 6);
    put(0x80 | (character & 0x3F));
  } else if (character < 0x10000) {
    put(0xE0 | character >> 12);
    put(0x80 | (character >> 6 & 0x3F));
    put(0x80 | (character & 0x3F));
  } else {
    put(0xF0 | character >> 18);
    put(0x80 | (character >> 12 & 0x3F));
    put(0x80 | (character >> 6 & 0x3F));
    put(0x80 | (character & 0x3F));
  }
}

}  // namespace millrace::sql
