#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace {

// How SQL counts text: by characters (code points) in most functions, by UTF-16 units in those that Flink computes with
// Java's String. Text is UTF-8; a byte that belongs to no character counts as one.
//
// Thread: any.

bool IsAscii(std::string_view text);
// Bytes of the character that a text which is not empty begins with; at least 1.
size_t CharacterLength(std::string_view text);
size_t CountCharacters(std::string_view text);
// Where character `count` begins, counted from 0; the end if there are no more.
size_t OffsetOfCharacter(std::string_view text, size_t count);
// The code point that a text which is not empty begins with.
char32_t FirstCodePoint(std::string_view text);
void AppendCodePoint(char32_t code_point, std::string* text);

std::u16string ToUtf16(std::string_view text);
// A surrogate without its other half becomes '?', as in Java.
std::string FromUtf16(std::u16string_view units);
// UTF-16 units of the text.
size_t CountUnits(std::string_view text);

}  // namespace millrace
