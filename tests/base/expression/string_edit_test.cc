#include "base/expression/string_edit.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/expression/string_units.h"

namespace millrace {
namespace {

using Optional = std::optional<std::string>;

TEST(StringUnits, CountsCharactersAndUnits) {
  EXPECT_EQ(CountCharacters("a\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80"), 4u);
  EXPECT_EQ(CountUnits("a\xc3\xa4\xe6\x97\xa5\xf0\x9f\x98\x80"), 5u);
  EXPECT_EQ(OffsetOfCharacter("日本", 1), 3u);
  EXPECT_EQ(OffsetOfCharacter("日本", 9), 6u);
  EXPECT_EQ(FromUtf16(ToUtf16("a ä 日 😀")), "a ä 日 😀");
  EXPECT_EQ(FromUtf16(std::u16string(1, char16_t{0xd83d})), "?");
  EXPECT_EQ(CountCharacters("\xff\xfe"), 2u) << "a byte that is no text counts as one";
}

TEST(StringEdit, SubstringCountsFromOneOrFromTheEnd) {
  EXPECT_EQ(Substring("hello", 2), "ello");
  EXPECT_EQ(Substring("hello", 2, 3), "ell");
  EXPECT_EQ(Substring("hello", 0, 2), "he");
  EXPECT_EQ(Substring("hello", -3, 2), "ll");
  EXPECT_EQ(Substring("hello", -10), "");
  EXPECT_EQ(Substring("hello", 10), "");
  EXPECT_EQ(Substring("hello", 3, 0), "");
  EXPECT_EQ(Substring("hello", 2, -1), std::nullopt);
  EXPECT_EQ(Substring("日本語テキスト", -3), "キスト");
  EXPECT_EQ(Substring("😀 smile", 1, 2), "😀 ");
  EXPECT_EQ(Substring("x", std::numeric_limits<int64_t>::min()), "");
  EXPECT_EQ(Substring("x", std::numeric_limits<int64_t>::max()), "");
  EXPECT_EQ(Left("hello", 2), "he");
  EXPECT_EQ(Left("hello", -1), "");
  EXPECT_EQ(Right("hello", 2), "lo");
  EXPECT_EQ(Right("hello", 100), "hello");
  EXPECT_EQ(Right("hello", 0), "");
}

TEST(StringEdit, TrimTakesASetOfCharacters) {
  EXPECT_EQ(TrimBoth("  a b "), "a b");
  EXPECT_EQ(TrimBoth("abcba", "ab"), "c");
  EXPECT_EQ(TrimLeft("xxhixx", "x"), "hixx");
  EXPECT_EQ(TrimRight("xxhixx", "x"), "xxhi");
  EXPECT_EQ(TrimBoth("äöaäö", "öä"), "a");
  EXPECT_EQ(TrimBoth("ää", "ä"), "");
  EXPECT_EQ(TrimBoth("\xc2\xa0x"), "\xc2\xa0x") << "a space is a space";
}

TEST(StringEdit, PadsToUnitsOrCuts) {
  EXPECT_EQ(*PadLeft("hi", 7, "abc"), Optional("abcabhi"));
  EXPECT_EQ(*PadRight("hi", 7, "abc"), Optional("hiabcab"));
  EXPECT_EQ(*PadLeft("hi", 4, "ä"), Optional("äähi"));
  EXPECT_EQ(*PadLeft("hello", 3, "*"), Optional("hel"));
  EXPECT_EQ(*PadLeft("日本語テキスト", 8, "*"), Optional("*日本語テキスト"));
  EXPECT_EQ(*PadRight("hello", 0, "*"), Optional(""));
  EXPECT_EQ(*PadRight("hello", -1, "*"), Optional());
  EXPECT_EQ(*PadRight("hello", 50, ""), Optional());
  EXPECT_EQ(*PadRight("😀x", 1, "*"), Optional("?"));
  EXPECT_FALSE(PadRight("x", 2'000'000'000, "*").ok());
}

TEST(StringEdit, RepeatAndReverse) {
  EXPECT_EQ(*Repeat("ab", 2), "abab");
  EXPECT_EQ(*Repeat("ab", -1), "");
  EXPECT_EQ(*Repeat("", std::numeric_limits<int64_t>::max()), "");
  EXPECT_FALSE(Repeat("ab", std::numeric_limits<int64_t>::max()).ok());
  EXPECT_EQ(ReverseCharacters("日本語 😀"), "😀 語本日");
}

TEST(StringEdit, OverlayCountsUnits) {
  EXPECT_EQ(Overlay("hello", "XX", 2), "hXXlo");
  EXPECT_EQ(Overlay("hello", "XX", 2, 1), "hXXllo");
  EXPECT_EQ(Overlay("", "XX", 2), "");
  EXPECT_EQ(Overlay("😀 smile", "XX", 2), "?XXsmile");
  EXPECT_EQ(Overlay("hello", "XX", 6), "hello");
  EXPECT_EQ(Overlay("hello", "XX", 2, 0), "hXX") << "as in Flink";
  EXPECT_EQ(Overlay("hello", "XX", 2, std::numeric_limits<int64_t>::max()), "hXX");
}

TEST(StringEdit, ReplacesAndTranslates) {
  EXPECT_EQ(ReplaceAll("hello", "l", "LL"), "heLLLLo");
  EXPECT_EQ(ReplaceAll("hello", "hello", ""), "");
  EXPECT_EQ(ReplaceAll("ab", "", "x"), "xaxbx");
  EXPECT_EQ(ReplaceAll("", "", "x"), "x");
  EXPECT_EQ(ReplaceAll("😀", "", "x"), "x?x?x");
  EXPECT_EQ(TranslateCharacters("hello", "elo", "ELO"), "hELLO");
  EXPECT_EQ(TranslateCharacters("hello", "el", "ä"), "häo") << "what has no counterpart goes";
}

TEST(StringEdit, CasesAreUnicodes) {
  EXPECT_EQ(UpperCase("straße ŉ ﬁ"), "STRASSE ʼN FI");
  EXPECT_EQ(UpperCase("ΑΣ ςσ"), "ΑΣ ΣΣ");
  EXPECT_EQ(LowerCase("ΑΣ ςσ"), "ας ςσ");
  EXPECT_EQ(LowerCase("İstanbul ıI"), "i̇stanbul ıi");
  EXPECT_EQ(UpperCase("hello-1"), "HELLO-1");
  EXPECT_EQ(InitialCapitals("the QUICK a1b O'r straße"), "The Quick A1b O'R StraßE");
}

TEST(StringEdit, CharactersByNumber) {
  EXPECT_EQ(CharacterOf(65), "A");
  EXPECT_EQ(CharacterOf(8364), "¬");
  EXPECT_EQ(CharacterOf(256), std::string(1, '\0'));
  EXPECT_EQ(CharacterOf(-1), "");
  EXPECT_EQ(FirstByte(""), 0);
  EXPECT_EQ(FirstByte("é"), -61);
}

}  // namespace
}  // namespace millrace
