#include "base/expression/string_regex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

using testing::ElementsAre;

JavaRegex Regex(std::string_view regex) {
  absl::StatusOr<std::optional<JavaRegex>> compiled = JavaRegex::Compile(regex);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  EXPECT_TRUE(compiled->has_value()) << regex;
  return *std::move(*compiled);
}

TEST(JavaRegex, FindsAndExtracts) {
  EXPECT_TRUE(Regex("l+").FoundIn("hello"));
  EXPECT_FALSE(Regex("^e").FoundIn("hello"));
  EXPECT_EQ(Regex("foo(.*?)(bar)").Extract("foothebar", 2), "bar");
  EXPECT_EQ(Regex("foo(.*?)(bar)").Extract("foothebar", 0), "foothebar");
  EXPECT_EQ(Regex("foo(.*?)(bar)").Extract("foothebar", 3), std::nullopt);
  EXPECT_EQ(Regex("foo(.*?)(bar)").Extract("foothebar", -1), std::nullopt);
  EXPECT_EQ(Regex("x(.)").Extract("abc", 1), std::nullopt);
  EXPECT_EQ(Regex("a(b)?").Extract("a", 1), std::nullopt) << "a group that took no part";
  EXPECT_EQ(Regex("(&|^)channel_id=([^&]*)").Extract("https://a.b/c?x=1&channel_id=12&y", 2), "12");
  EXPECT_THAT(Regex("(\\d)(\\w)?").ExtractAll("1a 2", 2), ElementsAre(std::optional<std::string>("a"), std::nullopt));
}

TEST(JavaRegex, ReplacesWithTextAsItIs) {
  EXPECT_EQ(Regex("[aeiou]").Replace("hello", "#"), "h#ll#");
  EXPECT_EQ(Regex("(.)l").Replace("hello", "$1L"), "h$1Llo");
  EXPECT_EQ(Regex("").Replace("ab", "-"), "-a-b-");
  EXPECT_EQ(Regex("").Replace("", "-"), "-");
  EXPECT_EQ(Regex("").Replace("😀 s", "-"), "-?-?- -s-");
  EXPECT_EQ(Regex("x*").Replace("axb", "-"), "-a--b-") << "as Java: an empty match may follow a match";
}

TEST(JavaRegex, CountsInUnits) {
  EXPECT_EQ(Regex("l").Count("hello"), 2);
  EXPECT_EQ(Regex("").Count("ab"), 3);
  EXPECT_EQ(Regex("l+").Position("😀 smile"), 7);
  EXPECT_EQ(Regex("z").Position("hello"), 0);
}

TEST(JavaRegex, SplitsAsJava) {
  EXPECT_THAT(Regex("&").Split("a=1&b=2&&"), ElementsAre("a=1", "b=2"));
  EXPECT_THAT(Regex("=").Split("k=v=w", 2), ElementsAre("k", "v=w"));
  EXPECT_THAT(Regex("=").Split("k=", 2), ElementsAre("k", ""));
  EXPECT_THAT(Regex("x").Split("abc"), ElementsAre("abc"));
  EXPECT_THAT(Regex("").Split("ab"), ElementsAre("a", "b"));
  EXPECT_THAT(Regex(",").Split(",a"), ElementsAre("", "a"));
}

TEST(JavaRegex, SpeaksJavasDialect) {
  EXPECT_FALSE(Regex("a.b").MatchesAll("a\rb")) << "a dot stops at every line terminator";
  EXPECT_TRUE(Regex("(?s)a.b").MatchesAll("a\nb"));
  EXPECT_TRUE(
      Regex("a\\sb").MatchesAll("a\x0b"
                                "b"))
      << "Java's whitespace has the vertical tab";
  EXPECT_TRUE(Regex("[\\s,]").MatchesAll("\x0b"));
  EXPECT_TRUE(Regex("\\p{Alpha}+\\d").MatchesAll("abc1"));
  EXPECT_TRUE(Regex("[\\p{Upper}_]+").MatchesAll("A_B"));
  EXPECT_TRUE(Regex("\\p{IsGreek}").MatchesAll("λ"));
  EXPECT_TRUE(Regex("\\Qa.b\\E").MatchesAll("a.b"));
  EXPECT_FALSE(Regex("\\Qa.b\\E").MatchesAll("axb"));
  EXPECT_TRUE(Regex("\\u00e4").MatchesAll("ä"));
  EXPECT_EQ(Regex("(?<year>\\d+)-").Extract("2020-01", 1), "2020");
  EXPECT_TRUE(Regex("(?i)ABC").FoundIn("xabcx"));
}

TEST(JavaRegex, TellsMistakesFromWhatItCannotRun) {
  for (const char* wrong : {"(", "[a", "a)", "*a", "[z-a]"}) {
    absl::StatusOr<std::optional<JavaRegex>> compiled = JavaRegex::Compile(wrong);
    ASSERT_TRUE(compiled.ok()) << wrong << ": " << compiled.status();
    EXPECT_FALSE(compiled->has_value()) << wrong;
  }
  for (const char* hard : {"(a)\\1", "a(?=b)", "(?<!a)b", "a++", "[a&&b]", "[a[b]]", "(?>a)"}) {
    absl::StatusOr<std::optional<JavaRegex>> compiled = JavaRegex::Compile(hard);
    EXPECT_FALSE(compiled.ok()) << hard;
    EXPECT_THAT(std::string(compiled.status().message()), testing::HasSubstr("cannot be run")) << hard;
  }
}

}  // namespace
}  // namespace millrace
