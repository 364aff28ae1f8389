#include "coordinator/sql/words.h"

#include <gtest/gtest.h>

#include "coordinator/sql/parser.h"
#include "coordinator/sql/sql_grammar.h"
#include "coordinator/sql/unparser.h"

namespace millrace::sql {
namespace {

// The grammar lists what may be a name, the table of reserved words what may not: each word is in one of them.
TEST(Words, AWordOfTheGrammarIsANameIfItIsNotReserved) {
  size_t reserved = 0, free = 0;
  for (size_t type = 1; type <= sql_grammar::GrammarVocabulary().getMaxTokenType(); ++type) {
    const std::string word(WordOfTokenType(type));
    if (word.empty()) continue;
    EXPECT_EQ(TokenTypeOfWord(word), type);
    EXPECT_EQ(ParseScript("SELECT " + word + ".x AS " + word + " FROM " + word + " AS " + word).ok(),
              !IsReservedWord(word))
        << word;
    EXPECT_TRUE(ParseScript("SELECT `" + word + "`.x AS `" + word + "` FROM `" + word + "`").ok()) << word;
    ++(IsReservedWord(word) ? reserved : free);
  }
  EXPECT_GE(reserved, 100u);
  EXPECT_GE(free, 50u);
}

TEST(Words, WhatIsReservedWithoutBeingInTheGrammarIsNoNameEither) {
  for (const char* word : {"VALUE", "METHOD", "RESULT", "LANGUAGE", "HASH", "start", "Open"}) {
    EXPECT_FALSE(ParseScript(std::string("SELECT ") + word + " FROM t").ok()) << word;
    EXPECT_TRUE(ParseScript(std::string("SELECT `") + word + "` FROM t").ok()) << word;
  }
  for (const char* word : {"name", "state", "type", "version", "dateTime", "session", "tumble", "model", "location"}) {
    EXPECT_TRUE(ParseScript(std::string("SELECT ") + word + " FROM t").ok()) << word;
  }
}

TEST(Words, AReservedWordMayBeAFunction) {
  for (const char* word : {"COUNT", "abs", "Row_Number", "LEFT", "YEAR", "CURRENT_DATE", "GROUPING"}) {
    auto script = ParseScript(std::string("SELECT ") + word + "(a)");
    ASSERT_TRUE(script.ok()) << script.status().message();
    EXPECT_TRUE(*script == *ParseScript(Unparse(*script))) << word;
  }
}

TEST(Words, NamesAreQuotedWhereTheyMustBe) {
  const std::pair<const char*, const char*> names[] = {
      {"a", "a"},        {"aB_9", "aB_9"}, {"_x", "_x"}, {"value", "`value`"}, {"9a", "`9a`"},   {"a b", "`a b`"},
      {"a`b", "`a``b`"}, {"ü", "`ü`"},     {"", "``"},   {"key", "key"},       {"a.b", "`a.b`"}, {"$x", "`$x`"}};
  for (const auto& [name, written] : names) EXPECT_EQ(Unparse(Identifier{{}, name, false}), written);
}

}  // namespace
}  // namespace millrace::sql
