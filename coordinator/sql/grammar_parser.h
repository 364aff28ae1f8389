#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "coordinator/sql/lexer.h"
#include "coordinator/sql/sql_grammar.h"

namespace millrace::sql {

// Runs the generated parser over the tokens of one statement, and owns the tree that comes of it. The tree's tokens
// carry their index into `tokens` as getStartIndex(). A tree lives until the next Parse.
class GrammarParser {
 public:
  // `tokens` must outlive the parser.
  explicit GrammarParser(std::span<const Token> tokens);
  ~GrammarParser();

  struct TooDeep {
    size_t token;  // where the nesting exceeds kMaxDepth
  };
  // kFast decides by fewer tokens and may refuse what is right; what it takes is right. kThorough is the grammar
  // itself.
  enum class Effort { kFast, kThorough };
  // The tree; null if the tokens are no statement, or are nested too deeply, of which too_deep() tells.
  sql_grammar::SqlParser::SingleStatementContext* Parse(Effort effort);
  const std::optional<TooDeep>& too_deep() const { return too_deep_; }

 private:
  class DepthLimited;

  std::unique_ptr<antlr4::ListTokenSource> source_;
  std::unique_ptr<antlr4::CommonTokenStream> stream_;
  std::unique_ptr<DepthLimited> parser_;
  std::optional<TooDeep> too_deep_;
};

}  // namespace millrace::sql
