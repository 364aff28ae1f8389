#pragma once

// The parser that ANTLR generates from grammar/, for the .cc files of this folder only.
#include "SqlParser.h"  // IWYU pragma: export

namespace millrace::sql_grammar {

// The names of the grammar's token types.
const antlr4::dfa::Vocabulary& GrammarVocabulary();

// The automaton behind the grammar.
const antlr4::atn::ATN& GrammarAutomaton();

}  // namespace millrace::sql_grammar
