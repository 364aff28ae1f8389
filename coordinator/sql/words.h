#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace millrace::sql {

// Words that Flink's SQL keeps to itself: as a name they stand in back quotes. `word` is in capitals.
bool IsReservedWord(std::string_view word);

// The type of the grammar's token for a word in capitals: its own if a rule names it, else RESERVED_WORD, FUNCTION_WORD
// (reserved, and the name of a function), NILADIC_WORD (a function without parentheses), or IDENTIFIER.
size_t TokenTypeOfWord(std::string_view word);

// The word behind a K_ token, or "".
std::string_view WordOfTokenType(size_t type);

}  // namespace millrace::sql
