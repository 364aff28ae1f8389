#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "coordinator/sql/token_set.h"

namespace millrace::sql {

// What the grammar allows at one place of a statement.
struct Expectations {
  std::set<size_t> rules;  // the outermost of the named rules that may begin there
  TokenSet tokens;         // beside those
  bool end = false;        // the statement may end there
  TokenSet all;            // that may stand there
};

// Walks the grammar's automaton along token types, following every alternative at once. Unlike the generated parser it
// knows, for any text, the first token that cannot be there and everything that could: that is what messages are made
// of. Remembers where tokens lead to, so one walk answers many questions about like statements.
class GrammarWalk {
 public:
  // `named`: the rules that expectations name instead of saying what they begin with.
  explicit GrammarWalk(const std::set<size_t>& named);
  ~GrammarWalk();

  // The index of the first token that cannot follow those before it; types.size() if only the end is wrong;
  // types.size() + 1 if it is a statement. Where there are too many alternatives to follow, it answers so too.
  size_t FirstMisfit(std::span<const size_t> types);

  // What may stand at `index`; nothing if a token before it does not fit.
  Expectations ExpectedAt(std::span<const size_t> types, size_t index);

 private:
  class Automaton;

  std::unique_ptr<Automaton> automaton_;
};

}  // namespace millrace::sql
