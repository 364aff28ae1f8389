#include "base/expression/string_encode.h"

#include <gtest/gtest.h>

#include <limits>

namespace millrace {
namespace {

using Optional = std::optional<std::string>;

TEST(StringEncode, Hashes) {
  EXPECT_EQ(*HashText("MD5", "hello"), "5d41402abc4b2a76b9719d911017c592");
  EXPECT_EQ(*HashText("SHA1", ""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(*HashText("SHA224", "a"), "abd37534c7d9a2efb9465de931cd7055ffdb8879563ae98078d6d6d5");
  EXPECT_EQ(HashText("SHA384", "a")->size(), 96u);
  EXPECT_EQ(HashText("SHA512", "a")->size(), 128u);
  EXPECT_FALSE(HashText("SHA3", "a").ok());
}

TEST(StringEncode, Base64) {
  EXPECT_EQ(ToBase64("hello"), "aGVsbG8=");
  EXPECT_EQ(*FromBase64("aGVsbG8="), "hello");
  EXPECT_EQ(*FromBase64("/w=="), "\xef\xbf\xbd") << "text is UTF-8, whatever the bytes";
  EXPECT_FALSE(FromBase64("a b=").ok());
  EXPECT_FALSE(FromBase64("a*b=").ok());
}

TEST(StringEncode, Digits) {
  EXPECT_EQ(HexOfText("hé"), "68C3A9");
  EXPECT_EQ(HexOfNumber(255), "FF");
  EXPECT_EQ(HexOfNumber(0), "0");
  EXPECT_EQ(HexOfNumber(-1), "FFFFFFFFFFFFFFFF");
  EXPECT_EQ(BinaryDigits(12), "1100");
  EXPECT_EQ(BinaryDigits(0), "0");
  EXPECT_EQ(BinaryDigits(std::numeric_limits<int64_t>::min()), "1" + std::string(63, '0'));
}

TEST(StringEncode, Charsets) {
  EXPECT_EQ(*EncodeText("ä", "UTF-16"), std::string("\xfe\xff\x00\xe4", 4));
  EXPECT_EQ(*EncodeText("ä", "utf-16le"), std::string("\xe4\x00", 2));
  EXPECT_EQ(*EncodeText("ä😀", "ISO-8859-1"), "\xe4?");
  EXPECT_EQ(*EncodeText("ä", "US-ASCII"), "?");
  EXPECT_EQ(*DecodeText("\xe4", "ISO-8859-1"), "ä");
  EXPECT_EQ(*DecodeText("\xe4", "UTF-8"), "\xef\xbf\xbd");
  for (const char* charset : {"UTF-8", "UTF-16", "UTF-16BE", "UTF-16LE"}) {
    EXPECT_EQ(*DecodeText(*EncodeText("a ä 日 😀", charset), charset), "a ä 日 😀") << charset;
  }
  EXPECT_EQ(*DecodeText(std::string("\xd8\x3d\x00", 3), "UTF-16BE"), "\xef\xbf\xbd\xef\xbf\xbd");
  EXPECT_FALSE(EncodeText("a", "EBCDIC").ok());
}

TEST(StringEncode, UrlCoding) {
  EXPECT_EQ(UrlEncode("a b&ä*"), "a+b%26%C3%A4*");
  EXPECT_EQ(UrlDecode("a+b%26%C3%A4*"), Optional("a b&ä*"));
  EXPECT_EQ(UrlDecode("100%"), Optional());
  EXPECT_EQ(UrlDecode("%zz"), Optional());
}

TEST(ParseUrl, TakesUrlsApart) {
  const std::string url = "http://u:p@example.com:80/a/b.html?q=1&r=2#frag";
  EXPECT_EQ(ParseUrl(url, "PROTOCOL"), Optional("http"));
  EXPECT_EQ(ParseUrl(url, "AUTHORITY"), Optional("u:p@example.com:80"));
  EXPECT_EQ(ParseUrl(url, "USERINFO"), Optional("u:p"));
  EXPECT_EQ(ParseUrl(url, "HOST"), Optional("example.com"));
  EXPECT_EQ(ParseUrl(url, "PATH"), Optional("/a/b.html"));
  EXPECT_EQ(ParseUrl(url, "QUERY"), Optional("q=1&r=2"));
  EXPECT_EQ(ParseUrl(url, "REF"), Optional("frag"));
  EXPECT_EQ(ParseUrl(url, "FILE"), Optional("/a/b.html?q=1&r=2"));
  EXPECT_EQ(ParseUrl(url, "host"), Optional());
  EXPECT_EQ(ParseUrl(url, "QUERY", "r"), Optional("2"));
  EXPECT_EQ(ParseUrl(url, "QUERY", "x"), Optional());
  EXPECT_EQ(ParseUrl(url, "PATH", "r"), Optional());
  EXPECT_EQ(ParseUrl("http://[::1]:8080/x", "HOST"), Optional("[::1]"));
  EXPECT_EQ(ParseUrl("HTTP://a/b/../c/./d", "PATH"), Optional("/c/d"));
  EXPECT_EQ(ParseUrl("http://a", "PATH"), Optional(""));
  EXPECT_EQ(ParseUrl("http://a", "QUERY"), Optional());
}

TEST(ParseUrl, RefusesWhatJavaDoes) {
  for (const char* wrong : {"hello", "", "foo://a/b", "http//a", "http://a:b/", "http://[::1/"}) {
    EXPECT_EQ(ParseUrl(wrong, "HOST"), Optional()) << wrong;
  }
}

}  // namespace
}  // namespace millrace
