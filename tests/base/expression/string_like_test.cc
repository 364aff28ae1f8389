#include "base/expression/string_like.h"

#include <gtest/gtest.h>

#include <random>

#include "base/expression/string_regex.h"

namespace millrace {
namespace {

bool Like(std::string_view text, std::string_view pattern, std::string_view escape = "") {
  absl::StatusOr<LikePattern> compiled = LikePattern::Compile(pattern, escape);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return compiled->Matches(text);
}

TEST(LikePattern, MatchesTheWholeText) {
  EXPECT_TRUE(Like("hello", "h%"));
  EXPECT_TRUE(Like("hello", "%o"));
  EXPECT_TRUE(Like("hello", "%ell%"));
  EXPECT_TRUE(Like("hello", "hello"));
  EXPECT_FALSE(Like("hello", "HELLO"));
  EXPECT_FALSE(Like("hello", "hell"));
  EXPECT_TRUE(Like("", "%"));
  EXPECT_TRUE(Like("", ""));
  EXPECT_FALSE(Like("a", ""));
  EXPECT_FALSE(Like("aba", "ab%ba"));
  EXPECT_TRUE(Like("abba", "ab%ba"));
  EXPECT_TRUE(Like("a.c", "a.c"));
  EXPECT_FALSE(Like("abc", "a.c"));
  EXPECT_TRUE(Like("a(c", "a(c"));
  EXPECT_TRUE(Like("a\nb", "a%b"));
  EXPECT_FALSE(Like("a\nb", "a_b")) << "'_' is no line terminator";
}

TEST(LikePattern, UnderscoreIsOneCharacter) {
  EXPECT_TRUE(Like("Größe", "_____"));
  EXPECT_TRUE(Like("😀 smile", "_ smile"));
  EXPECT_TRUE(Like("xaby", "%a_y"));
  EXPECT_FALSE(Like("日本", "_"));
  EXPECT_TRUE(Like("aXbYc", "%_b_%"));
}

TEST(LikePattern, EscapesTakeTheMeaningAway) {
  EXPECT_TRUE(Like("a_b%c\\d", "a\\_b%", "\\"));
  EXPECT_TRUE(Like("a_b%c\\d", "a!_b!%c%", "!"));
  EXPECT_FALSE(Like("ab", "a$%", "$"));
  EXPECT_TRUE(Like("a$", "a$$", "$"));
  EXPECT_FALSE(Like("a\\b", "%\\\\%")) << "without ESCAPE a backslash is itself";
  EXPECT_FALSE(LikePattern::Compile("a$", "$").ok());
  EXPECT_FALSE(LikePattern::Compile("a$b", "$").ok());
  EXPECT_FALSE(LikePattern::Compile("a", "xy").ok());
}

// The same as its regular expression says, for random patterns over few letters.
TEST(LikePattern, AgreesWithARegularExpression) {
  const auto seed = static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed());
  std::mt19937 random(seed);
  auto any = [&](std::string_view letters, size_t longest) {
    std::string text;
    for (size_t n = random() % (longest + 1); n > 0; --n) text += letters[random() % letters.size()];
    return text;
  };
  for (int i = 0; i < 3000; ++i) {
    const std::string pattern = any("ab%_", 6), text = any("ab", 8);
    std::string regex;
    for (char c : pattern) regex += c == '%' ? ".*" : c == '_' ? "." : std::string(1, c);
    EXPECT_EQ(Like(text, pattern), (*JavaRegex::Compile(regex))->MatchesAll(text))
        << text << " LIKE " << pattern << ", seed " << seed;
  }
}

bool Similar(std::string_view text, std::string_view pattern) {
  return (*JavaRegex::Compile(*SimilarToRegex(pattern)))->MatchesAll(text);
}

TEST(SimilarTo, MixesLikeAndRegularExpressions) {
  EXPECT_TRUE(Similar("hello", "(h|T).*"));
  EXPECT_TRUE(Similar("Größe", "%(o|e)"));
  EXPECT_FALSE(Similar("Größe", "[a-z]*"));
  EXPECT_TRUE(Similar("a1", "[[:ALPHA:]][[:DIGIT:]]"));
  EXPECT_TRUE(Similar("a\nb", "a%b"));
  EXPECT_EQ(*SimilarToRegex("a!%b", "!"), "a\\%b");
  EXPECT_FALSE(SimilarToRegex("a!b", "!").ok());
}

}  // namespace
}  // namespace millrace
