#pragma once

// The parser that ANTLR generates from grammar/, for the .cc files of this folder only.
#include "SqlParser.h"  // IWYU pragma: export

namespace millrace::sql_grammar {

// The names of the grammar's token types.
const antlr4::dfa::Vocabulary& GrammarVocabulary();

// The automaton behind the grammar.
const antlr4::atn::ATN& GrammarAutomaton();

// Whether a transition that reads a token reads one of this type.
bool Reads(const antlr4::atn::Transition& transition, size_t type);

// Says how it goes on from a state of the automaton: `on_rule` with each rule that begins, `on_nothing` with each state
// that is reached without a token, `on_token` with each transition that reads one. `precedence`: how tightly what the
// rule reads must bind.
template <typename OnRule, typename OnNothing, typename OnToken>
void ForEachWay(const antlr4::atn::ATNState& state, int precedence, const OnRule& on_rule, const OnNothing& on_nothing,
                const OnToken& on_token) {
  using antlr4::atn::Transition;
  for (const Transition* transition : state.transitions) {
    switch (transition->getSerializationType()) {
      case Transition::RULE:
        on_rule(*static_cast<const antlr4::atn::RuleTransition*>(transition));
        break;
      case Transition::PRECEDENCE:
        if (static_cast<const antlr4::atn::PrecedencePredicateTransition*>(transition)->precedence < precedence) break;
        [[fallthrough]];
      case Transition::EPSILON:
      case Transition::ACTION:
      case Transition::PREDICATE:
        on_nothing(transition->target);
        break;
      default:
        on_token(*transition);
    }
  }
}

}  // namespace millrace::sql_grammar
