#pragma once

#include <string>
#include <string_view>

namespace millrace {

// Bytes of the UTF-8 character that `text` starts with; 0: it is none. `text` is not empty.
size_t Utf8Length(std::string_view text);

// The text with U+FFFD for every byte that is not part of a UTF-8 character: protobuf refuses a message whose text is
// not UTF-8 when it is read, and tables have only UTF-8.
std::string ToUtf8(std::string_view text);

// At most the first `max_bytes` of a UTF-8 text; a character that would be cut is left out.
std::string_view Utf8Prefix(std::string_view text, size_t max_bytes);

}  // namespace millrace
