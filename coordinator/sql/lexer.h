#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/sql/source_range.h"

namespace millrace::sql {

struct Token {
  size_t type = 0;        // of the grammar (SqlParser::…)
  std::string_view text;  // as written, a part of the script
  SourceRange range;
  // What is wrong with the token by itself: a string without end, bytes that are not UTF-8.
  std::string error;
};

// Cuts a script into tokens; comments and white space are dropped, whatever is no token becomes one of type OTHER.
// Never fails. The last token is of type EOF and stands behind the text.
std::vector<Token> Tokenize(std::string_view sql);

// A word in capitals, as keywords are compared.
std::string UpperCase(std::string_view word);

}  // namespace millrace::sql
