#pragma once

#include <optional>
#include <span>

#include "coordinator/sql/diagnostic.h"
#include "coordinator/sql/lexer.h"

namespace millrace::sql {

// Says why the tokens, of which the generated parser made nothing, are no statement: the first that cannot be there,
// what was expected instead, and what the author may have meant. Nothing if they are one. `statement` is not empty.
std::optional<Diagnostic> ExplainSyntaxError(std::span<const Token> statement);

}  // namespace millrace::sql
