#include "base/utf8.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(Utf8, WhatIsValidStaysAndOtherBytesAreReplacedOneByOne) {
  EXPECT_EQ(ToUtf8("plain, \xc3\xa9, \xf0\x9f\x98\x80"), "plain, \xc3\xa9, \xf0\x9f\x98\x80");
  EXPECT_EQ(ToUtf8("a\xff\xfe"), "a\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(ToUtf8("cut \xf0\x9f\x98"), "cut \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(ToUtf8("\xc0\x80 \xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_EQ(ToUtf8(std::string("\0", 1)), std::string("\0", 1));
}

TEST(Utf8, APrefixNeverCutsACharacter) {
  EXPECT_EQ(Utf8Prefix("abc", 3), "abc");
  EXPECT_EQ(Utf8Prefix("abcd", 3), "abc");
  EXPECT_EQ(Utf8Prefix("ab\xc3\xa9", 3), "ab");
  EXPECT_EQ(Utf8Prefix("ab\xc3\xa9", 4), "ab\xc3\xa9");
  EXPECT_EQ(Utf8Prefix("\xf0\x9f\x98\x80z", 3), "");
}

}  // namespace
}  // namespace millrace
