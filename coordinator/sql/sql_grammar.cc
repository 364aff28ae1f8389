#include "coordinator/sql/sql_grammar.h"

#include <memory>
#include <utility>
#include <vector>

namespace millrace::sql_grammar {
namespace {

// A parser of nothing, for what all parsers share.
SqlParser& Prototype() {
  static antlr4::ListTokenSource* const source = [] {
    std::vector<std::unique_ptr<antlr4::Token>> end;
    end.push_back(std::make_unique<antlr4::CommonToken>(antlr4::Token::EOF));
    return new antlr4::ListTokenSource(std::move(end));
  }();
  static antlr4::CommonTokenStream* const stream = new antlr4::CommonTokenStream(source);
  static SqlParser* const parser = new SqlParser(stream);
  return *parser;
}

}  // namespace

const antlr4::dfa::Vocabulary& GrammarVocabulary() { return Prototype().getVocabulary(); }

const antlr4::atn::ATN& GrammarAutomaton() { return Prototype().getATN(); }

bool Reads(const antlr4::atn::Transition& transition, size_t type) {
  static const size_t last = GrammarVocabulary().getMaxTokenType();
  return transition.matches(type, antlr4::Token::MIN_USER_TOKEN_TYPE, last);
}

}  // namespace millrace::sql_grammar
