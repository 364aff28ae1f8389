#pragma once

#include <cstddef>
#include <set>
#include <unordered_map>
#include <utility>

#include "coordinator/sql/token_set.h"

namespace antlr4::atn {
class ATNState;
}  // namespace antlr4::atn

namespace millrace::sql {

// What a rule of the grammar may read first from one of its states on.
struct FirstTokens {
  TokenSet tokens;
  std::set<size_t> rules;  // of those that are told apart, instead of the tokens they begin with
  bool ends = false;       // its end is reached without a token
};

// The FIRST sets of LL parsing (Aho, Lam, Sethi, Ullman, "Compilers", 4.4.2), for states of ANTLR's automaton instead
// of symbols. Computed when asked for, then remembered: there are a few thousand. One thread at a time.
class FirstTokensOf {
 public:
  // `apart`: rules that are not looked into; nothing is said of what follows one.
  explicit FirstTokensOf(std::set<size_t> apart = {});

  // `precedence`: how tightly what the rule reads must bind. Stays where it is.
  const FirstTokens& operator()(antlr4::atn::ATNState* state, int precedence);

 private:
  const std::set<size_t> apart_;
  std::unordered_map<size_t, std::unordered_map<int, FirstTokens>> known_;  // by number of the state
};

}  // namespace millrace::sql
