#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::sql {

// The number of bytes of the character at `offset`, or 0 if they are not UTF-8 (overlong forms, surrogates and anything
// above U+10FFFF are not).
size_t Utf8Length(std::string_view text, size_t offset);

bool IsUtf8(std::string_view text);

// Appends the character, which must be a Unicode scalar value.
void AppendUtf8(uint32_t character, std::string* out);

}  // namespace millrace::sql
