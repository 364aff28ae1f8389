#pragma once

#include <optional>
#include <span>
#include <string>

#include "coordinator/sql/lexer.h"

namespace millrace::sql {

// Flink has more statements than Millrace. One that begins like those is refused by name instead of as nonsense.
struct RefusedStatement {
  size_t num_tokens = 0;  // that were recognised
  std::string message;
};
std::optional<RefusedStatement> FindRefusal(std::span<const Token> statement);

}  // namespace millrace::sql
