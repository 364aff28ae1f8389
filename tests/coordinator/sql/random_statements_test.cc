// Statements that nobody wrote: tokens of good ones, replaced, removed, doubled and swapped at random.
#include <gtest/gtest.h>

#include <cstdlib>
#include <span>

#include "base/random.h"
#include "coordinator/sql/expectation_words.h"
#include "coordinator/sql/grammar_parser.h"
#include "coordinator/sql/grammar_walk.h"
#include "coordinator/sql/parser.h"
#include "coordinator/sql/unparser.h"
#include "tests/coordinator/sql/cases.h"

namespace millrace::sql {
namespace {

constexpr int kStatements = 4'000;

uint64_t Seed() {
  const char* given = std::getenv("MILLRACE_SEED");
  const uint64_t seed = given == nullptr ? 20261121 : std::strtoull(given, nullptr, 10);
  std::printf("seed %llu (MILLRACE_SEED)\n", static_cast<unsigned long long>(seed));
  return seed;
}

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {
    for (const GoldenCase& one : ReadCases("statements.txt")) inputs_.push_back(one.input);
    for (const std::string& input : inputs_) {
      std::vector<std::string> words;
      const std::vector<Token> tokens = Tokenize(input);
      for (size_t i = 0; i + 1 < tokens.size(); ++i) words.emplace_back(tokens[i].text);
      statements_.push_back(std::move(words));
    }
  }

  std::string Next() {
    std::vector<std::string> words = Any(statements_);
    for (uint64_t changes = random_.Next() % 4; changes > 0 && !words.empty(); --changes) {
      const size_t at = random_.Next() % words.size();
      const auto place = words.begin() + static_cast<ptrdiff_t>(at);
      switch (random_.Next() % 4) {
        case 0:
          *place = Any(Any(statements_));
          break;
        case 1:
          words.erase(place);
          break;
        case 2:
          words.insert(place, Any(Any(statements_)));
          break;
        case 3:
          std::swap(*place, words[random_.Next() % words.size()]);
          break;
      }
    }
    std::string sql;
    for (const std::string& word : words) sql += word + " ";
    return sql;
  }

 private:
  template <typename T>
  const T& Any(const std::vector<T>& all) {
    return all[random_.Next() % all.size()];
  }

  Random random_;
  std::vector<std::string> inputs_;
  std::vector<std::vector<std::string>> statements_;
};

TEST(RandomStatements, WhatIsReadCanBeWrittenAndReadAgain) {
  Mutator mutator(Seed());
  int good = 0;
  for (int i = 0; i < kStatements; ++i) {
    const std::string sql = mutator.Next();
    auto script = ParseScript(sql);
    if (!script.ok()) continue;
    ++good;
    auto again = ParseScript(Unparse(*script));
    ASSERT_TRUE(again.ok()) << sql << "\n" << again.status().message();
    ASSERT_TRUE(*script == *again) << sql << "\n" << Unparse(*script);
  }
  EXPECT_GE(good, kStatements / 5);
}

// The walk that explains mistakes and the parser that ANTLR generates are two readings of one grammar.
TEST(RandomStatements, TheWalkAndTheParserAgree) {
  Mutator mutator(Seed() + 1);
  GrammarWalk walk(NamedRules());
  int good = 0, bad = 0;
  for (int i = 0; i < kStatements; ++i) {
    const std::string sql = mutator.Next();
    const std::vector<Token> tokens = Tokenize(sql);
    const std::span<const Token> statement(tokens.data(), tokens.size() - 1);
    std::vector<size_t> types;
    for (const Token& token : statement) types.push_back(token.type);
    GrammarParser parser(statement);
    const bool parsed = parser.Parse(GrammarParser::Effort::kThorough) != nullptr;
    const bool parsed_fast = parser.Parse(GrammarParser::Effort::kFast) != nullptr;
    ASSERT_TRUE(parsed || !parsed_fast) << sql;
    ASSERT_EQ(walk.FirstMisfit(types) == types.size() + 1, parsed) << sql;
    ++(parsed ? good : bad);
  }
  EXPECT_GE(good, kStatements / 5);
  EXPECT_GE(bad, kStatements / 5);
}

// A token that the walk expects goes well, and one that it does not goes wrong where it stands.
TEST(RandomStatements, TheWalkExpectsWhatGoesWell) {
  Mutator mutator(Seed() + 2);
  GrammarWalk walk(NamedRules());
  for (int i = 0; i < 150; ++i) {
    const std::vector<Token> tokens = Tokenize(mutator.Next());
    std::vector<size_t> types;
    for (size_t t = 0; t + 1 < tokens.size(); ++t) types.push_back(tokens[t].type);
    const size_t misfit = walk.FirstMisfit(types);
    if (misfit >= types.size()) continue;
    const Expectations expected = walk.ExpectedAt(types, misfit);
    EXPECT_FALSE(expected.all.contains(types[misfit]));
    EXPECT_FALSE(expected.all.empty() && !expected.end);
    types.resize(misfit + 1);
    for (size_t type = 1; type <= sql_grammar::GrammarVocabulary().getMaxTokenType(); ++type) {
      types[misfit] = type;
      EXPECT_EQ(walk.FirstMisfit(types) > misfit, expected.all.contains(type)) << type;
    }
  }
}

}  // namespace
}  // namespace millrace::sql
