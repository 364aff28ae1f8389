#include "base/expression/string_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(StringSearch, PositionsCountCharacters) {
  EXPECT_EQ(Locate("l", "hello"), 3);
  EXPECT_EQ(Locate("l", "hello", 4), 4);
  EXPECT_EQ(Locate("zz", "hello"), 0);
  EXPECT_EQ(Locate("", "hello", 9), 1);
  EXPECT_EQ(Locate("smile", "😀 smile"), 3);
  EXPECT_EQ(Locate("h", "hello", -7), 1);
  EXPECT_EQ(*InString("Corporate Floor", "or", 3, 2), 14);
  EXPECT_EQ(*InString("Corporate Floor", "or", -3, 2), 2);
  EXPECT_EQ(*InString("Corporate Floor", "or", 0, 1), 0);
  EXPECT_FALSE(InString("a", "a", 1, 0).ok());
}

TEST(StringSearch, SplitIndexKeepsEmptyParts) {
  EXPECT_EQ(SplitIndex("a,b,,c", ",", 2), "");
  EXPECT_EQ(SplitIndex("a,b,,c", ",", 3), "c");
  EXPECT_EQ(SplitIndex("a,b", ",", 2), std::nullopt);
  EXPECT_EQ(SplitIndex("a,b", ",", -1), std::nullopt);
  EXPECT_EQ(SplitIndex("a,,b", ",,", 1), "b");
  EXPECT_EQ(SplitIndex("", ",", 0), std::nullopt);
  EXPECT_EQ(SplitIndex("https://www.nexmark.com/ab/cd/ef/item.htm?query=1", "/", 3), "ab");
  EXPECT_EQ(SplitIndex("a b\tc", "", 2), "c") << "an empty separator is whitespace";
  EXPECT_EQ(SplitIndex("a,b", int64_t{44}, 1), "b");
  EXPECT_EQ(SplitIndex("a,b", int64_t{300}, 0), std::nullopt);
}

TEST(StringSearch, SplitsIntoAllParts) {
  EXPECT_THAT(Split("a,b,,c", ","), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(Split("a,", ","), ElementsAre("a", ""));
  EXPECT_THAT(Split("", ","), IsEmpty());
  EXPECT_THAT(Split("a😀", ""), ElementsAre("a", "?", "?"));
}

TEST(StringSearch, KindsOfCharacters) {
  EXPECT_TRUE(IsAlphabetic("abcä日"));
  EXPECT_FALSE(IsAlphabetic("a1"));
  EXPECT_FALSE(IsAlphabetic(""));
  EXPECT_TRUE(IsNumeric("12٣"));
  EXPECT_FALSE(IsNumeric("1a"));
  for (const char* number :
       {"1", "-1.5", "1e3", ".5", "5.", " 7 ", "NaN", "-Infinity", "0x1p3", "1d", "99999999999999999999"}) {
    EXPECT_TRUE(IsDecimalNumber(number)) << number;
  }
  for (const char* text : {"", "x", "1a", "1e", ".", "1 2", "0x1"}) EXPECT_FALSE(IsDecimalNumber(text)) << text;
  EXPECT_EQ(CountFirstByte("abcabc", "cx"), 2);
  EXPECT_EQ(CountFirstByte("abcabc", ""), 0);
}

}  // namespace
}  // namespace millrace
