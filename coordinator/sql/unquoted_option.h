#pragma once

#include <optional>
#include <span>

#include "coordinator/sql/ast.h"
#include "coordinator/sql/lexer.h"

namespace millrace::sql {

// SET key = value and RESET key without quotes, as Flink's client takes them: no statements of the grammar, for values
// such as 10s and Europe/Berlin are no tokens of it. nullopt: the tokens are none, or have quotes around the key.
std::optional<Statement> FindUnquotedOption(std::span<const Token> statement);

}  // namespace millrace::sql
