#include "coordinator/sql/first_tokens.h"

#include <vector>

#include "coordinator/sql/sql_grammar.h"

namespace millrace::sql {
namespace {

using antlr4::atn::ATNState;
using antlr4::atn::Transition;

TokenSet TokensOf(const Transition& transition) {
  static const size_t last = sql_grammar::GrammarVocabulary().getMaxTokenType();
  TokenSet tokens;
  const auto note = [&](size_t type) {
    if (sql_grammar::Reads(transition, type)) tokens.insert(type);
  };
  note(antlr4::Token::EOF);
  for (size_t type = antlr4::Token::MIN_USER_TOKEN_TYPE; type <= last; ++type) note(type);
  return tokens;
}

}  // namespace

FirstTokensOf::FirstTokensOf(std::set<size_t> apart) : apart_(std::move(apart)) {}

const FirstTokens& FirstTokensOf::operator()(ATNState* state, int precedence) {
  // No rule begins with itself, so this one is whole before it is asked for again.
  auto [known, is_new] = known_[state->stateNumber].try_emplace(precedence);
  FirstTokens& first = known->second;
  if (!is_new) return first;
  std::set<ATNState*> seen = {state};
  std::vector<ATNState*> open = {state};
  const auto visit = [&](ATNState* next) {
    if (seen.insert(next).second) open.push_back(next);
  };
  while (!open.empty()) {
    ATNState* at = open.back();
    open.pop_back();
    if (at->getStateType() == ATNState::RULE_STOP) {
      first.ends = true;
      continue;
    }
    const auto on_rule = [&](const antlr4::atn::RuleTransition& rule) {
      if (apart_.contains(rule.ruleIndex)) {
        first.rules.insert(rule.ruleIndex);
        return;
      }
      const FirstTokens& inner = (*this)(rule.target, rule.precedence);
      first.tokens.Unite(inner.tokens);
      first.rules.insert(inner.rules.begin(), inner.rules.end());
      if (inner.ends) visit(rule.followState);
    };
    const auto on_token = [&](const Transition& transition) { first.tokens.Unite(TokensOf(transition)); };
    sql_grammar::ForEachWay(*at, precedence, on_rule, visit, on_token);
  }
  return first;
}

}  // namespace millrace::sql
